package app

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What takes long says how far it is every second, and what does not says nothing.
func TestCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		a := &App{stderr: &out}
		var done atomic.Int64
		stop := a.counted(t.Context(), "of %d proxies are started", 100, &done)
		done.Store(40)
		time.Sleep(1500 * time.Millisecond)
		done.Store(90)
		time.Sleep(time.Second)
		stop()
		if want := "40 of 100 proxies are started …\n90 of 100 proxies are started …\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
		out.Reset()
		a.counted(t.Context(), "of %d", 2, &done)()
		if out.Len() > 0 {
			t.Errorf("%q", out.String())
		}
	})
}
