package gateway

import (
	"context"
	"errors"
	"net"
	"time"
)

// errClientLeft ends a wait whose client is gone.
var errClientLeft = errors.New("the client went away")

// connKey is where a request's context holds its connection.
type connKey struct{}

// whileConnected ends ctx when the client closes its connection. The server
// itself sees that only after it has read a request's body, which is what a
// waiting request has not done. Where the system does not tell, ctx simply ends
// as it would have.
func whileConnected(ctx context.Context) (context.Context, func()) {
	conn, ok := ctx.Value(connKey{}).(net.Conn)
	if !ok {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if peerClosed(conn) {
					cancel(errClientLeft)
				}
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
