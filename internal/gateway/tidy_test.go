package gateway

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryIsGivenBack: after a quiet time, and not while requests come.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
			_ = r.Body.Close()
			return sseResponse(piece{data: evStart + evContent + evStop}), nil
		}))
		kept := func() int {
			b := e.bodies.buffers
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.kept
		}
		for range 5 {
			e.testRequest(t, nil)
			time.Sleep(tidyAfter * 2 / 3)
			if kept() == 0 {
				t.Fatal("memory was given back between requests that follow each other")
			}
		}
		time.Sleep(2 * tidyAfter)
		if n := kept(); n != 0 {
			t.Errorf("%d bytes are kept", n)
		}
		if e.tidying.Load() {
			t.Error("an idle engine is still woken")
		}
	})
}
