package gateway

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/ringlet/ringlet/internal/health"
)

// maxNonce bounds a nonce, in bytes; the client's are 32 or so.
const maxNonce = 128

// health answers /health: who this is for everyone, with a proof where one is
// asked for, and the details for who has the local token.
func (x *exchange) health() {
	if err := checkMethod(x.r, http.MethodGet, http.MethodHead); err != nil {
		x.refuse(err)
		return
	}
	report := health.Report{Status: "ok", Profile: x.e.profile}
	if x.e.draining.Load() {
		report.Status = "draining"
	}
	if nonce := x.r.URL.Query().Get("nonce"); nonce != "" {
		if len(nonce) > maxNonce {
			x.refuse(&apiError{status: http.StatusBadRequest, kind: invalidRequest, message: "the nonce must not be longer than " + strconv.Itoa(maxNonce) + " bytes"})
			return
		}
		report.Proof = health.Proof(x.snap.tokens[0].SHA256, nonce)
	}
	if x.snap.hasToken(x.r) {
		x.details(&report)
	}
	x.answerJSON(report)
}

func (x *exchange) details(r *health.Report) {
	e := x.e
	r.Version, r.PID, r.Engine = e.opts.Version, os.Getpid(), "builtin"
	// The count is read first: whoever sees it risen sees the attempt's outcome.
	r.Reloads = e.reloads.Load()
	if msg := e.reloadErr.Load(); msg != nil {
		r.ReloadError = *msg
	}
	s := e.current.Load()
	r.Seq, r.ConfigSHA256, r.LoadedAt, r.KeysLoadedAt = s.config.Ringlet.Seq, s.sum, &s.loadedAt, &s.loadedAt
	r.Keys = s.keys()
	r.Draining = e.draining.Load()
	r.OpenStreams = int(e.open.Load())
	r.MemoryLimit, r.BodyBudget = debug.SetMemoryLimit(-1), e.opts.BodyBudget // a negative one is not set
	r.RequestsServed, r.Goroutines = e.served.Load(), runtime.NumGoroutine()
	r.Targets = e.seen.list()
}
