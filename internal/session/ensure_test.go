package session

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
)

func TestAnEngineLivesAsLongAsItsLeases(t *testing.T) {
	s := newSetup(t)
	first := s.ensure()
	if !first.Started || first.Report.Seq != 1 || first.Report.PID == os.Getpid() {
		t.Fatalf("%+v", first)
	}
	second := s.ensure()
	if second.Started || second.Report.PID != first.Report.PID {
		t.Fatalf("a second engine: %+v after %+v", second, first)
	}
	first.Close()
	first.Close()
	third := s.ensure()
	if third.Report.PID != first.Report.PID {
		t.Errorf("the engine left although a lease was held: %+v", third)
	}
	second.Close()
	third.Close()
	ended(t, first.Report.PID)

	fourth := s.ensure()
	if !fourth.Started || fourth.Report.PID == first.Report.PID {
		t.Errorf("%+v", fourth)
	}
	for file, want := range map[string]os.FileMode{"lease": 0o600, "logs": 0o700, "logs/engine.err": 0o600} {
		if info, err := os.Stat(filepath.Join(s.dir, file)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

func TestTwoRunsAtOnceStartOneEngine(t *testing.T) {
	s := newSetup(t)
	var wg sync.WaitGroup
	leases := make([]*Lease, 6)
	for i := range leases {
		wg.Go(func() {
			l, err := Ensure(t.Context(), s.Options)
			if err != nil {
				t.Error(err)
				return
			}
			leases[i] = l
		})
	}
	wg.Wait()
	started := 0
	for _, l := range leases {
		if l == nil {
			t.FailNow()
		}
		if l.Started {
			started++
		}
		if l.Report.PID != leases[0].Report.PID {
			t.Errorf("engines %d and %d", l.Report.PID, leases[0].Report.PID)
		}
		defer l.Close()
	}
	if started != 1 {
		t.Errorf("%d runs say that they started it", started)
	}
}

func TestAnOlderEngineReloads(t *testing.T) {
	s := newSetup(t)
	first := s.ensure()
	s.conf.Seq, s.Seq = 2, 2
	s.write()
	second := s.ensure()
	if second.Started || second.Report.PID != first.Report.PID || second.Report.Seq != 2 {
		t.Errorf("%+v", second)
	}
	s.conf.Seq, s.Seq, s.conf.Invalid = 3, 3, true
	s.write()
	_, err := Ensure(t.Context(), s.Options)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Seq != 2 || !strings.Contains(err.Error(), "rule 3 is nonsense") || !strings.Contains(fault.Hint(err), "proxy config work") {
		t.Errorf("%v (%q)", err, fault.Hint(err))
	}
}

// A run that comes while the engine of the last one is on its way out waits for
// its end, and starts a new one.
func TestARunMeetsALeavingEngine(t *testing.T) {
	for name, leave := range map[string]func(*Lease){
		"its last lease was closed": (*Lease).Close,
		"it was told to end":        func(l *Lease) { _ = syscall.Kill(l.Report.PID, syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			s.conf.Linger = filepath.Join(s.dir, "end")
			s.write()
			first := s.ensure()
			leave(first)
			eventually(t, "the engine leaves", func() bool {
				r, err := s.Health.Check(t.Context())
				return err != nil || r.Draining
			})
			s.conf.Linger = ""
			s.write()
			got := make(chan *Lease)
			go func() {
				l, err := Ensure(t.Context(), s.Options)
				if err != nil {
					t.Error(err)
				}
				got <- l
			}()
			select {
			case l := <-got:
				t.Fatalf("a lease on a leaving engine: %+v", l)
			case <-time.After(100 * time.Millisecond): // nothing to wait for: nothing must happen
			}
			if err := os.WriteFile(filepath.Join(s.dir, "end"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			l := <-got
			if l == nil || !l.Started || l.Report.PID == first.Report.PID {
				t.Fatalf("%+v after %+v", l, first)
			}
			s.leases = append(s.leases, l)
		})
	}
}

func TestAnEngineThatNeverEnds(t *testing.T) {
	s := newSetup(t)
	release, err := WaitReleased(t.Context(), s.LeasePath)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Ensure(ctx, s.Options)
	var leaving *LeavingError
	if !errors.As(err, &leaving) || fault.Hint(err) == "" {
		t.Errorf("%v", err)
	}
}

func TestAPortThatSomethingElseHas(t *testing.T) {
	s := newSetup(t)
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	_, err = Ensure(t.Context(), s.Options)
	var taken *PortError
	if !errors.As(err, &taken) || taken.Port != s.Port || !health.Is(err, health.NotRinglet) || !strings.Contains(fault.Hint(err), "--port N") {
		t.Errorf("%v (%q)", err, fault.Hint(err))
	}

	// Bound, and not listening: only bind can tell.
	s = newSetup(t)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	syscall.CloseOnExec(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: s.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.Health = &counted{Checker: s.Health, then: func(n int) {
		if n == 3 { // it has tried to listen twice
			cancel()
		}
	}}
	_, err = Ensure(ctx, s.Options)
	if !errors.As(err, &taken) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), strconv.Itoa(s.Port)) {
		t.Errorf("%v", err)
	}
}

// counted says how often an engine was asked, before it is.
type counted struct {
	health.Checker
	n    int
	then func(n int)
}

func (c *counted) Check(ctx context.Context) (health.Report, error) {
	c.n++
	c.then(c.n)
	return c.Checker.Check(ctx)
}

// unaskable is an engine that cannot be asked, for want of a token.
type unaskable struct{ err error }

func (u unaskable) Check(context.Context) (health.Report, error) { return health.Report{}, u.err }

// What is no matter of the port is not said to be one: another would be given out.
func TestAnEngineThatCannotBeAsked(t *testing.T) {
	s := newSetup(t)
	no := errors.New("its token cannot be read")
	s.Health = unaskable{no}
	if _, err := Ensure(t.Context(), s.Options); !errors.Is(err, no) || errors.As(err, new(*PortError)) {
		t.Errorf("%v", err)
	}
}

// What has the port and is silent for long is another program, unless the profile's
// engine says that it serves: on a busy machine it may be late, and a second one on
// another port would not be what the first one's agents use.
func TestASilentEngineThatServesIsNoOtherProgram(t *testing.T) {
	for _, serving := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Alias: "work", Exe: "/bin/false", ConfigPath: dir, CredentialsDir: dir, Port: 8081, RunDir: dir, LeasePath: filepath.Join(dir, "lease"),
				Health: unaskable{&health.Error{Kind: health.NoAnswer, Port: 8081, Profile: "work"}}}
			if serving {
				l, err := lock(t.Context(), o.servingPath(), unix.LOCK_EX)
				if err != nil {
					t.Fatal(err)
				}
				defer l.release()
			}
			began := time.Now()
			_, err := Ensure(t.Context(), o)
			var port *PortError
			if took := time.Since(began).Round(time.Second); !health.Is(err, health.NoAnswer) || errors.As(err, &port) == serving || took != map[bool]time.Duration{false: silentPatience, true: ensureTimeout}[serving] {
				t.Errorf("serving %v: %v after %v", serving, err, took)
			}
		})
	}
}

func TestAnEngineThatDoesNotStart(t *testing.T) {
	s := newSetup(t)
	s.conf.Die = "config.yaml:3: no such provider"
	s.write()
	_, err := Ensure(t.Context(), s.Options)
	var start *StartError
	if !errors.As(err, &start) || start.Said != "config.yaml:3: no such provider" || !strings.Contains(fault.Hint(err), "engine.err") {
		t.Errorf("%v (%q)", err, fault.Hint(err))
	}

	s.conf.Die, s.conf.Mute = "", true
	s.write()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err = Ensure(ctx, s.Options); !errors.As(err, &start) || start.Said != "" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}

	exe := s.Exe
	s.Exe = filepath.Join(s.dir, "missing")
	if _, err = Ensure(t.Context(), s.Options); !errors.As(err, &start) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}

	// None of them left a process, a port or a lease behind.
	s.Exe, s.conf.Mute = exe, false
	s.write()
	if l := s.ensure(); !l.Started {
		t.Errorf("%+v", l)
	}
}

func TestRelativePathsAreRefused(t *testing.T) {
	s := newSetup(t)
	s.ConfigPath = "config.yaml"
	if _, err := Ensure(t.Context(), s.Options); err == nil || !strings.Contains(err.Error(), "not an absolute path") {
		t.Errorf("%v", err)
	}
}

func TestListenerTakesOnlyListeningSockets(t *testing.T) {
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Listener(int(f.Fd())); err == nil || !strings.Contains(err.Error(), "not a listening socket") {
		t.Errorf("%v", err)
	}
}

func TestTheErrorFileDoesNotGrowForEver(t *testing.T) {
	s := newSetup(t)
	path := filepath.Join(s.dir, "logs", "engine.err")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, maxErrLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	s.ensure()
	if info, err := os.Stat(path); err != nil || info.Size() > 1000 {
		t.Errorf("%v, %v", info.Size(), err)
	}
}
