//go:build testbed

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

// Many large bodies at once are answered or told to wait, and never cost more
// than the unit's MemoryMax=512M, which would end the engine.
func TestAcceptanceLargeBodiesAtOnce(t *testing.T) {
	b := newBed(t)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, `{"type":"message","content":[{"type":"text","text":"%d bytes"}]}`, n)
	}))
	t.Cleanup(up.Close)
	b.write(".config/ringlet/providers.d/first.yaml", strings.ReplaceAll(b.read(".config/ringlet/providers.d/first.yaml"), b.upstream.URL, up.URL))
	b.okWith(bedKey("first")+"\n", "providers", "login", "first")
	alias := b.alias("large")
	b.create(alias)
	b.rule(alias, "default", "always", "first/a-longer-name-than-that-in-the-body")
	c := b.client(alias, false)
	pid := b.is(alias, "running").PID

	body := strings.Replace(message("any", false), "say hi", strings.Repeat("word é ", 60<<20/8), 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, err := c.post(t.Context(), body)
			switch {
			case err == nil && a.status == http.StatusOK && strings.Contains(a.text(), " bytes"):
			case err == nil && a.status == http.StatusServiceUnavailable && strings.Contains(a.text(), `"overloaded_error"`) && a.header.Get("Retry-After") != "":
				t.Log("one body found no room, and was told when to come again")
			default:
				t.Errorf("a body of %d bytes: %v, status %d: %.300s", len(body), err, a.status, a.body)
			}
		})
	}
	wg.Wait()
	a, err := c.post(t.Context(), body+strings.Repeat(" ", 8<<20))
	if err != nil || a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.text(), `"request_too_large"`) || !strings.Contains(a.text(), "64 MiB") {
		t.Errorf("a body beyond 64 MiB: %v, status %d: %.300s", err, a.status, a.body)
	}
	if s := b.is(alias, "running"); s.PID != pid || s.Restarts != 0 {
		t.Fatalf("the engine did not survive: %+v", s)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			t.Logf("8 bodies of %d MiB: the engine's resident memory was %d MiB at most", len(body)>>20, kib>>10)
			if kib > 512<<10 {
				t.Errorf("%d MiB of resident memory, more than the unit's MemoryMax", kib>>10)
			}
			return
		}
	}
	t.Errorf("no VmHWM in %s", status)
}
