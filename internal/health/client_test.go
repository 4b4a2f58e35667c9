package health

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/porttest"
)

const token = "tok-of-work"

// engine answers /health as the contract says. Fields bend it.
type engine struct {
	profile, token string
	proofToken     string // proves with another token
	hideProof      bool
	details        Report
	gotToken       atomic.Bool // the token arrived
	gotHost        atomic.Value
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.gotHost.Store(r.Host)
	report := Report{Status: "ok", Profile: e.profile}
	if sent := r.Header.Get(tokenHeader); sent != "" {
		e.gotToken.Store(true)
		if sent != e.token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		report = e.details
		report.Status, report.Profile = "ok", e.profile
	}
	if nonce := r.URL.Query().Get("nonce"); nonce != "" && !e.hideProof {
		report.Proof = Proof(sha256.Sum256([]byte(e.proofToken)), nonce)
	}
	_ = json.NewEncoder(w).Encode(report)
}

func serve(t *testing.T, h http.Handler) (port int) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().(*net.TCPAddr).Port
}

func TestCheckReturnsTheVerifiedReport(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // must not be used
	e := &engine{profile: "work", token: token, proofToken: token, details: Report{Seq: 7, PID: os.Getpid()}}
	port := serve(t, e)
	r, err := Client{Port: port, Profile: "work", Token: token}.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Seq != 7 || r.PID != os.Getpid() || r.Proof == "" || r.Profile != "work" {
		t.Errorf("report %+v", r)
	}
	if want := fmt.Sprintf("127.0.0.1:%d", port); e.gotHost.Load() != want {
		t.Errorf("Host %q, want %q", e.gotHost.Load(), want)
	}
}

func TestCheckRefuses(t *testing.T) {
	good := func() *engine { return &engine{profile: "work", token: token, proofToken: token} }
	answer := func(f http.HandlerFunc) func(*testing.T) (int, *engine) {
		return func(t *testing.T) (int, *engine) { return serve(t, f), nil }
	}
	tests := []struct {
		name  string
		start func(*testing.T) (int, *engine)
		uid   int // who we are; 0 is replaced by the real one
		kind  Kind
		says  string
	}{
		{"nothing", func(t *testing.T) (int, *engine) { return porttest.Refusing(t), nil }, 0, NotListening, "nothing listens on 127.0.0.1:"},
		{"another user's", func(t *testing.T) (int, *engine) { e := good(); return serve(t, e), e }, 1, Foreign, fmt.Sprintf("(uid %d), not by you", os.Getuid())},
		{"another profile", func(t *testing.T) (int, *engine) { e := good(); e.profile = "dev"; return serve(t, e), e }, 0, WrongProfile, `serves the profile "dev", not "work"`},
		{"wrong token", func(t *testing.T) (int, *engine) { e := good(); e.proofToken = "other"; return serve(t, e), e }, 0, BadProof, "does not know its local token"},
		{"no proof", func(t *testing.T) (int, *engine) { e := good(); e.hideProof = true; return serve(t, e), e }, 0, BadProof, "does not know its local token"},
		{"another server", answer(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }), 0, NotRinglet, "answers 404 Not Found"},
		{"another JSON", answer(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"ok":true}`) }), 0, NotRinglet, "answers something else"},
		{"a redirect", answer(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}), 0, NotRinglet, "answers 302 Found"},
		{"an endless body", answer(func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < 3<<10; i++ {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}), 0, NotRinglet, "has no end"},
		{"no HTTP", func(t *testing.T) (int, *engine) { return raw(t, "SSH-2.0-OpenSSH_9.2\r\n"), nil }, 0, NotRinglet, "not a ringlet engine"},
		{"a closed connection", func(t *testing.T) (int, *engine) { return raw(t, ""), nil }, 0, NoAnswer, "closed the connection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			port, e := tt.start(t)
			c := Client{Port: port, Profile: "work", Token: token}
			if tt.uid != 0 {
				c.uid = func() int { return os.Getuid() + tt.uid }
				c.table = func() ([]tcpRow, bool, error) {
					row, err := parseTCPRow(fmt.Sprintf("0: 0100007F:%04X 00000000:0000 0A 0:0 00:0 0 %d 0 1", port, os.Getuid()))
					return []tcpRow{row}, true, err
				}
			}
			_, err := c.Check(t.Context())
			if !Is(err, tt.kind) {
				t.Fatalf("error %v (%#v), want kind %d", err, err, tt.kind)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			if fault.Hint(err) == "" || !strings.Contains(fault.Hint(err), "work") {
				t.Errorf("hint %q", fault.Hint(err))
			}
			if e != nil && e.gotToken.Load() {
				t.Error("the token was sent to a listener that had not proved itself")
			}
		})
	}
}

// A proof that is right, and a connection that is closed after it: the token
// must not go to whoever answers a second connection.
func TestTheTokenStaysOnTheProvenConnection(t *testing.T) {
	var connections atomic.Int32
	e := &engine{profile: "work", token: token, proofToken: token}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		e.ServeHTTP(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	_, err := Client{Port: s.Listener.Addr().(*net.TCPAddr).Port, Profile: "work", Token: token}.Check(t.Context())
	if !Is(err, NoAnswer) || e.gotToken.Load() || connections.Load() != 1 {
		t.Errorf("error %v, token sent %v, connections %d", err, e.gotToken.Load(), connections.Load())
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	port := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) }) // before the server's own clean-up, which waits for handlers
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := Client{Port: port, Profile: "work", Token: token}.Check(ctx)
	if !Is(err, NoAnswer) || !strings.Contains(err.Error(), "timed out") {
		t.Errorf("error %v", err)
	}
}

func TestTheTokenIsNotPrinted(t *testing.T) {
	c := Client{Port: 1, Profile: "work", Token: "secret-token"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("client", "client", c)
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %s", c, c, c), log.String()} {
		if strings.Contains(s, "secret-token") {
			t.Errorf("the token is printed: %s", s)
		}
	}
}

// raw answers every connection with text and closes it.
func raw(t *testing.T, text string) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if text != "" {
				_, _ = c.Write([]byte(text))
			}
			_, _ = c.Read(make([]byte, 512)) // so that closing does not reset what was written
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}
