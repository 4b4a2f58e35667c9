package health

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
)

// external serves h on a port of its own, and asks it as the process pid's.
func external(t *testing.T, pid int, h http.HandlerFunc) External {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return External{Port: s.Listener.Addr().(*net.TCPAddr).Port, Profile: "work", Engine: "ultrallm",
		PID: func(context.Context) (int, error) { return pid, nil }}
}

func TestExternal(t *testing.T) {
	healthy := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" && r.URL.Path != "/spend" || r.Header.Get(tokenHeader) != "" {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	}
	e := external(t, os.Getpid(), healthy)
	r, err := e.Check(t.Context())
	if err != nil || r.Status != "ok" || r.PID != os.Getpid() || r.Engine != "ultrallm" || r.Profile != "work" {
		t.Errorf("%+v, %v", r, err)
	}
	if body, err := e.Get(t.Context(), "/spend", 8); err != nil || string(body) != `{"status` {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := e.Get(t.Context(), "/nothing", 8); !Is(err, NoAnswer) {
		t.Errorf("%v", err)
	}
	sick := external(t, os.Getpid(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if _, err := sick.Check(t.Context()); !Is(err, NoAnswer) || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
	closed := external(t, os.Getpid(), healthy)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	if _, err := closed.Check(t.Context()); !Is(err, NotListening) {
		t.Errorf("%v", err)
	}
	unknown := external(t, 0, healthy)
	unknown.PID = func(context.Context) (int, error) { return 0, errors.New("no manager") }
	if _, err := unknown.Check(t.Context()); err == nil || err.Error() != "no manager" {
		t.Errorf("%v", err)
	}
	if runtime.GOOS != "linux" {
		return // elsewhere no kernel tells whose socket it is
	}
	for pid, says := range map[int]string{0: "does not run", os.Getppid(): "by another one"} {
		_, err := external(t, pid, healthy).Check(t.Context())
		if !Is(err, OtherProcess) || !strings.Contains(err.Error(), says) {
			t.Errorf("pid %d: %v", pid, err)
		}
	}
}
