package units

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strconv"
)

// mark opens every file that ringlet writes; the unit's name follows. Nothing
// without it is ever overwritten or removed.
const mark = "# Written by ringlet, which replaces it; for settings of your own: systemctl --user edit "

// markStart is the part of the mark that a file is recognised by.
const markStart = "# Written by ringlet"

// systemd ignores keys that start with X-.
const (
	hashKey   = "X-Ringlet-Hash"
	configKey = "X-Ringlet-Config"
	listenKey = "X-Ringlet-Listen" // where no socket unit says it
	formatKey = "X-Ringlet-Format"
)

// Format is the format of the unit files that this code writes: it rises when an
// older ringlet could not bring back, or take away, all that is written. Files
// without it are of format 0.
const Format = 1

// ErrForeign says that ringlet did not write a file.
var ErrForeign = errors.New("it does not carry ringlet's mark")

// Origin is what a file that ringlet wrote says about itself.
type Origin struct {
	ConfigPath string // the configuration that it is for; empty in the target, which is everybody's
	Listen     string // the address that a socket, or a service without one, listens on; empty elsewhere
	Format     int    // as [Format]; a higher one is a newer ringlet's
	Program    string // the binary that a service starts, absolute; empty elsewhere, and where it cannot be told
	Edited     bool   // its content is not what ringlet wrote
}

// Inspect reads back where a unit file came from. A file without the mark is
// [ErrForeign].
func Inspect(content []byte) (Origin, error) {
	if !bytes.HasPrefix(content, []byte(markStart)) {
		return Origin{}, ErrForeign
	}
	var (
		o        Origin
		recorded string
		hashed   = sha256.New()
		begin    int // of what is not hashed yet
		end      int // of the line
	)
	for line := range bytes.Lines(content) {
		end += len(line)
		key, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("="))
		switch value := string(text); string(key) { // the compiler copies neither, but where it is kept
		case hashKey:
			if recorded == "" {
				recorded = value
				hashed.Write(content[begin : end-len(line)])
				begin = end
			}
		case configKey:
			path, err := unquoteArg(value)
			if err != nil {
				o.Edited = true
			}
			o.ConfigPath = path
		case formatKey:
			n, err := strconv.Atoi(value)
			o.Format, o.Edited = n, o.Edited || err != nil || n < 0
		case "ExecStart":
			o.Program = unquoteExe(value)
		case "ListenStream", listenKey:
			o.Listen = value
		}
	}
	hashed.Write(content[begin:])
	o.Edited = o.Edited || recorded != hashText(hashed.Sum(nil))
	return o, nil
}
