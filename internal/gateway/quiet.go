package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errSilent is the cause with which a target is left that sends nothing.
var errSilent = errors.New("nothing came in time")

// quiet bounds a target's silence before its first content; without a timer it
// does nothing.
type quiet struct {
	timer *time.Timer
	limit time.Duration
}

// limitSilence calls cancel when the target has sent nothing for too long. Only
// streams are bounded, and only where another target is left: a whole answer
// may take minutes before its first byte, and a client with nothing else to hope
// for can wait as long as it likes. A count has an estimate to fall back on.
func (x *exchange) limitSilence(cancel context.CancelCauseFunc, count bool) quiet {
	limit := silenceLimit
	switch {
	case count:
		limit = countTimeout
	case !x.stream || !x.more:
		return quiet{}
	}
	return quiet{time.AfterFunc(limit, func() { cancel(errSilent) }), limit}
}

// heard starts the time anew.
func (q quiet) heard() {
	if q.timer != nil {
		q.timer.Reset(q.limit)
	}
}

// stop ends it.
func (q quiet) stop() {
	if q.timer != nil {
		q.timer.Stop()
	}
}

func silentFailure() *failure {
	return &failure{status: http.StatusGatewayTimeout, kind: timedOut, rank: rankNoAnswer, result: "silent",
		reason: "it sent nothing in time"}
}
