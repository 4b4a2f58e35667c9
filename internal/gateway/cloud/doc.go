// Package cloud makes requests carry the credentials of a cloud account: AWS
// signatures and Google access tokens, found where those clouds' own tools find
// them. Nothing is looked for before the first request that needs it, and what is
// found is renewed in time.
package cloud

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Credentials authorize a request. sum is the SHA-256 of its body, hexadecimal.
type Credentials interface {
	Authorize(ctx context.Context, req *http.Request, sum string) error
}

// Error says that there are no usable credentials, and what to do about it. It
// holds none of them.
type Error struct {
	Problem string
	Remedy  string
	Err     error
}

func (e *Error) Error() string { return e.Problem + "; " + e.Remedy }
func (e *Error) Unwrap() error { return e.Err }

const (
	// lookupTimeout bounds one search: a metadata service that is not there
	// answers late or never.
	lookupTimeout = 10 * time.Second
	// again is how long a failed search stands, so that not every request waits
	// for the next one.
	again = 5 * time.Second
)

// failed remembers a failure for a while.
type failed struct {
	err   error
	until time.Time
}

func (f *failed) now() error {
	if f.err != nil && time.Now().Before(f.until) {
		return f.err
	}
	return nil
}

func (f *failed) note(err error) {
	if errors.Is(err, context.Canceled) {
		return // the client has left; that says nothing
	}
	f.err, f.until = err, time.Now().Add(again)
}
