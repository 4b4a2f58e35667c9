//go:build ringlet_faults

package gateway

import (
	"net/http"
	"sync"
)

// faults are bugs on demand, for the tests of supervision.
//
//	POST /__fault/deadlock   takes a lock that every later request needs
//	POST /__fault/panic      panics in the handler
//
// Both need the local token.
type faults struct{ lock sync.Mutex }

// gate is where a deadlock stops every request.
func (f *faults) gate() {
	f.lock.Lock()
	defer f.lock.Unlock()
}

func (f *faults) serve(x *exchange) bool {
	path := x.r.URL.Path
	if path != "/__fault/deadlock" && path != "/__fault/panic" {
		return false
	}
	if err := checkMethod(x.r, http.MethodPost); err != nil {
		x.refuse(err)
		return true
	}
	if err := x.snap.checkToken(x.r); err != nil {
		x.refuse(err)
		return true
	}
	if path == "/__fault/panic" {
		panic("asked for by /__fault/panic")
	}
	f.lock.Lock() // and never unlocked
	x.rec.status, x.rec.outcome = http.StatusNoContent, outcomeOK
	x.w.WriteHeader(http.StatusNoContent)
	return true
}
