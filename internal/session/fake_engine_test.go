package session

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/porttest"
)

// The test binary is also the processes that the tests need; RINGLET_TEST_ROLE
// says which.
const roleVar = "RINGLET_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func() int{"engine": engineMain, "runner": runnerMain, "holder": holderMain,
		"child": childMain, "runchild": runChildMain, "exec": execMain}
	maps.Copy(roles, terminalRoles())
	if role := os.Getenv(roleVar); role != "" {
		run, ok := roles[role]
		if !ok {
			fmt.Fprintf(os.Stderr, "no role %q\n", role)
			os.Exit(99)
		}
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// fakeConfig is the configuration file of the fake engine.
type fakeConfig struct {
	Profile string
	Token   string
	Seq     int64
	Invalid bool   // the engine refuses it
	Die     string // it says this and ends at once
	Mute    bool   // it takes its socket and never answers
	Linger  string // once it leaves, it ends when this file exists
}

// fakeEngine keeps the contract of "proxy serve": command line, inherited
// socket, lease, SIGHUP and /health.
type fakeEngine struct {
	mu      sync.Mutex
	path    string
	conf    fakeConfig
	refused string
	reloads int64
	drain   bool
	keys    time.Time
}

func engineMain() int {
	if len(os.Args) < 3 || os.Args[1] != "proxy" || os.Args[2] != "serve" {
		fmt.Fprintf(os.Stderr, "arguments %q\n", os.Args)
		return 98
	}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	config, credentials := fs.String("config", "", ""), fs.String("credentials", "", "")
	lease, fd := fs.String("lease", "", ""), fs.Int("listen-fd", 0, "")
	servingFD := fs.Int("serving-fd", 0, "")
	if err := fs.Parse(os.Args[3:]); err != nil || *credentials == "" {
		return 98
	}
	hup, term := make(chan os.Signal, 4), make(chan os.Signal, 4)
	signal.Notify(hup, syscall.SIGHUP)
	signal.Notify(term, syscall.SIGTERM, syscall.SIGINT)

	e := &fakeEngine{path: *config}
	e.load()
	if e.conf.Die != "" {
		fmt.Fprintf(os.Stderr, "starting\n%s\n", e.conf.Die)
		return 1
	}
	l, err := Listener(*fd)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	leave, err := Serving(*servingFD)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	released := make(chan struct{})
	go func() {
		if _, err := WaitReleased(ctx, *lease); err == nil {
			close(released)
		}
	}()
	server := &http.Server{Handler: e}
	if !e.conf.Mute {
		go func() { _ = server.Serve(l) }()
	}
	for {
		select {
		case <-hup:
			e.load()
		case <-term:
			e.mu.Lock()
			e.drain = true
			e.mu.Unlock()
			leave()
			e.linger()
			return 0
		case <-released:
			server.Close()
			e.linger()
			return 0
		}
	}
}

// linger waits until the test says that the engine may end.
func (e *fakeEngine) linger() {
	for e.conf.Linger != "" {
		if _, err := os.Stat(e.conf.Linger); err == nil {
			return
		}
		<-time.After(time.Millisecond) // in a process of its own; nothing tells it of the file
	}
}

func (e *fakeEngine) load() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reloads++
	data, err := os.ReadFile(e.path)
	var c fakeConfig
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err == nil && c.Invalid {
		err = errors.New("rule 3 is nonsense")
	}
	if err != nil {
		e.refused = err.Error()
		return
	}
	e.conf, e.refused, e.keys = c, "", time.Now()
}

func (e *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	report := health.Report{Status: "ok", Profile: e.conf.Profile}
	if r.Header.Get("X-Ringlet-Token") == e.conf.Token {
		report = health.Report{Status: "ok", Profile: e.conf.Profile, PID: os.Getpid(), Seq: e.conf.Seq, ReloadError: e.refused,
			Reloads: e.reloads, Draining: e.drain, KeysLoadedAt: &e.keys}
	}
	if nonce := r.URL.Query().Get("nonce"); nonce != "" {
		report.Proof = health.Proof(sha256.Sum256([]byte(e.conf.Token)), nonce)
	}
	_ = json.NewEncoder(w).Encode(report)
}

// setup is a profile's folder, and the options of a run in it.
type setup struct {
	t    *testing.T
	dir  string
	conf fakeConfig
	Options

	leases []*Lease // of ensure; closed together at the end
	log    *output  // what the runs of this process say
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &setup{t: t, dir: dir, log: &output{}, conf: fakeConfig{Profile: "work", Token: "tok", Seq: 1}}
	s.Options = Options{Alias: "work", Exe: exe, ConfigPath: filepath.Join(dir, "config.json"), CredentialsDir: filepath.Join(dir, "credentials"),
		Port: porttest.Own(t), Seq: 1, RunDir: dir, LeasePath: filepath.Join(dir, "lease")}
	s.Env = append(as("engine"), "LISTEN_PID=1", "NOTIFY_SOCKET=/nowhere")
	s.Logger = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Health = health.Client{Port: s.Port, Profile: "work", Token: "tok"}
	s.write()
	t.Cleanup(func() {
		for _, l := range s.leases {
			l.Close()
		}
		for _, l := range s.leases {
			ended(t, l.Report.PID)
		}
		if t.Failed() {
			if b, err := os.ReadFile(filepath.Join(dir, "logs", "engine.err")); err == nil {
				t.Logf("engine.err: %s", b)
			}
		}
	})
	return s
}

// write writes the engine's configuration.
func (s *setup) write() {
	s.t.Helper()
	data, err := json.Marshal(s.conf)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.ConfigPath+".new", data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.ConfigPath+".new", s.ConfigPath); err != nil {
		s.t.Fatal(err)
	}
}

func (s *setup) ensure() *Lease {
	s.t.Helper()
	l, err := Ensure(s.t.Context(), s.Options)
	if err != nil {
		s.t.Fatalf("ensure: %v", err)
	}
	s.leases = append(s.leases, l)
	return l
}

// report is what the engine says of itself, as soon as it finds the time.
func (s *setup) report() (r health.Report) {
	s.t.Helper()
	eventually(s.t, "the engine answers", func() (ok bool) {
		var err error
		r, err = s.Health.Check(s.t.Context())
		return err == nil
	})
	return r
}

// eventually waits until ok, and fails after long enough for a busy machine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// ended waits until a process is gone, or dead and not yet collected by its parent.
func ended(t *testing.T, pid int) {
	t.Helper()
	eventually(t, fmt.Sprintf("process %d ends", pid), func() bool {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return true
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") Z ")
	})
}
