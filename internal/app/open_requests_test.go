package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
)

// answers is an engine that gives these in turn, nil for none in time; the last stays.
type answers struct {
	list  []any
	asked int
}

func (a *answers) Check(ctx context.Context) (health.Report, error) {
	now := a.list[min(a.asked, len(a.list)-1)]
	a.asked++
	switch now := now.(type) {
	case int:
		return health.Report{Status: "ok", OpenStreams: now}, nil
	case health.Kind:
		return health.Report{}, &health.Error{Kind: now, Port: 8081, Profile: "work"}
	}
	limit := 3 * time.Second // as a check without another limit has
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	<-time.After(limit)
	return health.Report{}, &health.Error{Kind: health.NoAnswer, Port: 8081, Profile: "work"}
}

// A request is only taken for ended when an engine said so, or has left.
func TestLasting(t *testing.T) {
	const gone, foreign = health.NotListening, health.Foreign
	for _, tt := range []struct {
		name    string
		engine  []any
		ended   bool // the init system says that it runs no more
		open    int
		unknown bool
	}{
		{"idle", []any{0}, false, 0, false},
		{"one that stays", []any{1}, false, 1, false},
		{"one that ends", []any{1, 1, 1, 0}, false, 0, false},
		{"others follow", []any{1, 2, 3}, false, 3, false},
		{"stalls then", []any{2, nil}, false, 2, false},
		{"stalls after some answers", []any{2, 3, 3, nil}, false, 3, false},
		{"closes the connection then", []any{2, health.NoAnswer}, false, 2, false},
		{"leaves", []any{2, gone}, false, 0, false},
		{"leaves, and its socket stays", []any{2, health.NoAnswer}, true, 0, false},
		{"stalls", []any{nil}, false, 0, true},
		{"stalls, ended", []any{nil}, true, 0, false},
		{"nothing listens", []any{gone}, false, 0, false},
		{"another user's", []any{foreign}, false, 0, false},
		{"knows another token", []any{health.BadProof}, false, 0, true},
		{"had another token, ended", []any{health.BadProof}, true, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open, err := lasting(t.Context(), &answers{list: tt.engine}, func() bool { return !tt.ended })
				if open != tt.open || (err != nil) != tt.unknown {
					t.Errorf("%d open, error %v", open, err)
				}
			})
		})
	}
}

// A token that cannot be read does not say that the engine has never been started.
func TestUnreadableTokenIsNoEngineThatNeverRan(t *testing.T) {
	a := &App{Secrets: &secrets.Store{Dir: filepath.Join(t.TempDir(), "credentials")}}
	p := profiles.Profile{Alias: "work"}
	if err := a.refuseToCut(t.Context(), nil, p, 8081, "disable"); err != nil {
		t.Errorf("without a token: %v", err)
	}
	if open, err := a.openStreams(t.Context(), p, 8081); open != 0 || err != nil {
		t.Errorf("without a token: %d, %v", open, err)
	}
	if _, _, err := a.Secrets.EnsureToken("work"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(a.Secrets.TokenPath("work"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := a.refuseToCut(t.Context(), nil, p, 8081, "disable")
	if hint := fault.Hint(err); err == nil || !strings.Contains(hint, "chmod 600") || !strings.HasSuffix(hint, "ringlet proxy disable work --force") {
		t.Errorf("%v; %s", err, hint)
	}
	if _, err := a.openStreams(t.Context(), p, 8081); err == nil {
		t.Error("requests of an engine that cannot be asked were counted")
	}
}

// An engine of a session's that serves and is silent may be answering requests; what
// else is silent on the port is no engine.
func TestASilentSessionMayBeAnswering(t *testing.T) {
	home := t.TempDir()
	dirs, err := paths.New(func(string) string { return "" }, home)
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Dirs: dirs, Secrets: &secrets.Store{Dir: filepath.Join(home, "credentials")}, stderr: io.Discard}
	if _, _, err := a.Secrets.EnsureToken("work"); err != nil {
		t.Fatal(err)
	}
	p, port := profiles.Profile{Alias: "work", Agent: "claude"}, porttest.Own(t)
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close() // which is no answer
		}
	}()
	if err := a.refuseToCut(t.Context(), nil, p, port, "delete"); err != nil {
		t.Errorf("another program: %v", err)
	}
	serving := a.leasePath(p) + ".serving"
	if err := os.MkdirAll(filepath.Dir(serving), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(serving)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	err = a.refuseToCut(t.Context(), nil, p, port, "delete")
	if hint := fault.Hint(err); err == nil || !strings.Contains(hint, "end the agent") || !strings.HasSuffix(hint, "ringlet profiles delete work --force") {
		t.Errorf("the engine: %v; %s", err, hint)
	}
}
