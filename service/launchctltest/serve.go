package launchctltest

import (
	"context"
	"encoding/json"
	"errors"
	"net"

	"github.com/ringlet/ringlet/service"
)

// Serve lets other processes ask the stand-in, on a socket, until the listener
// is closed. The commands of a session are processes, and their launchd goes on
// between them.
func (l *Launchd) Serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			var args []string
			if json.NewDecoder(conn).Decode(&args) != nil {
				return // the command was killed
			}
			a, err := l.Run(context.Background(), args...)
			if err != nil {
				l.t.Errorf("launchctl %q: %v", args, err)
			}
			_ = json.NewEncoder(conn).Encode(a) // whoever asked may be gone
		}()
	}
}

// Remote is a stand-in in another process, by the path of its socket; it is a
// [service.Launchctl].
type Remote string

var _ service.Launchctl = Remote("")

// Run implements [service.Launchctl].
func (r Remote) Run(ctx context.Context, args ...string) (a service.Answer, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", string(r))
	if err != nil {
		return a, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err = errors.Join(json.NewEncoder(conn).Encode(args), json.NewDecoder(conn).Decode(&a))
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return a, err
}
