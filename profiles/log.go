package profiles

import (
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/routes"
)

// Log bounds the engine's log, proxy.log.
type Log struct {
	Size string // when it is full, "10M"; "" is the default
	Keep *int   // how many older ones are kept; nil is the default
}

// mostKept is how many older logs can be asked for.
const mostKept = 100

var logSizes = sizeRange{"log size", 64 << 10, 1 << 40, "write it as 10M or 1G, from 64K up; default takes it back"}

// Bounds are those that hold.
func (l Log) Bounds() (routes.Log, error) {
	out := routes.DefaultLog()
	if l.Size != "" {
		n, err := logSizes.parse(l.Size)
		if err != nil {
			return out, err
		}
		out.MaxBytes = n
	}
	if l.Keep != nil {
		if n := *l.Keep; n < 0 || n > mostKept {
			return out, fault.New(fault.Usage, "choose 0 to 100; default takes it back", "%d older logs cannot be kept", n)
		}
		out.Keep = *l.Keep
	}
	return out, nil
}

// check says what is wrong, and with which of them.
func (l Log) check() (field string, err error) {
	if _, err := (Log{Size: l.Size}).Bounds(); err != nil {
		return "size", err
	}
	_, err = Log{Keep: l.Keep}.Bounds()
	return "keep", err
}
