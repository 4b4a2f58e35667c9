package app

import (
	"os"

	"github.com/ringlet/ringlet/internal/gateway"
)

// readOlder passes on the lines of the logs whose place proxy.log has taken,
// oldest first. One that cannot be opened is left out: most often it is not there.
func (t *tail) readOlder(show func(logLine) error) error {
	for _, name := range gateway.OldLogs(t.path) {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		err = t.readFrom(f, show)
		_ = f.Close() // it was only read
		if err != nil {
			return err
		}
		t.part = "" // its last line has its end, unless the disk was full
	}
	return nil
}
