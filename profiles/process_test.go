package profiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

// The test binary is also the other processes of these tests: with this in its
// environment it does that work instead of testing.
const childEnv = "RINGLET_PROFILES_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childEnv); task != "" {
		if err := child(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const rounds = 25

// child is one process: "edit NAME" loops over create and update, "crash" dies
// by SIGKILL between the two writes of an update.
func child(task string) error {
	dirs, err := paths.New(func(string) string { return "" }, os.Getenv("HOME"))
	if err != nil {
		return err
	}
	s, err := Open(dirs, fakeCatalogue{3}, fakeTokens{"shared": true, "work": true})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if name, ok := strings.CutPrefix(task, "edit "); ok {
		for i := range rounds {
			if _, _, err := s.Create(ctx, Profile{Alias: Alias(fmt.Sprintf("%s-%d", name, i)), Agent: "claude", Provider: "acme"}); err != nil {
				return err
			}
			if _, _, err := s.Update(ctx, "shared", func(p *Profile) error {
				return p.AddRule(routes.Rule{Name: fmt.Sprintf("%s-%d", name, i), Condition: "thinking", Target: "acme/big", Priority: i})
			}); err != nil {
				return err
			}
		}
		return nil
	}
	s.write = func(path string, data []byte, perm fs.FileMode) error {
		if strings.HasSuffix(path, "config.yaml") {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return safefile.Write(path, data, perm)
	}
	_, _, err = s.Update(ctx, "work", func(p *Profile) error { p.SetAlias("fast", "zeta/small"); return nil })
	return fmt.Errorf("still alive: %w", err)
}

func start(t *testing.T, home, task string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HOME="+home, childEnv+"="+task)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestProcessesLoseNothing: several processes create profiles and edit one
// shared profile at once. Every edit is there in the end.
func TestProcessesLoseNothing(t *testing.T) {
	s, _ := open(t)
	create(t, s, "shared")
	var cmds []*exec.Cmd
	const processes = 4
	for i := range processes {
		cmds = append(cmds, start(t, s.dirs.Home, "edit p"+strconv.Itoa(i)))
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	all, problems := s.List(t.Context())
	if len(problems) > 0 || len(all) != processes*rounds+1 {
		t.Errorf("%d profiles, %v; want %d", len(all), problems, processes*rounds+1)
	}
	p, err := s.Get("shared")
	if err != nil || len(p.Proxy.Rules) != processes*rounds+1 || p.Seq != processes*rounds+1 {
		t.Errorf("%d rules, seq %d, %v; want %d of both", len(p.Proxy.Rules), p.Seq, err, processes*rounds+1)
	}
	if c, err := s.EnsureConfig(t.Context(), "shared"); err != nil || c.Config {
		t.Errorf("the last writer left another config.yaml than the profile's: %+v, %v", c, err)
	}
}

// TestKilledBetweenTheWrites: a process dies by SIGKILL after it wrote the
// profile. Its lock is free, the profile ahead, and the next command mends it.
func TestKilledBetweenTheWrites(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	err := start(t, s.dirs.Home, "crash").Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !exit.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("the process was to be killed: %v", err)
	}
	p, err := s.Get("work")
	if err != nil || p.Seq != 2 || configOf(t, s).Ringlet.Seq != 1 {
		t.Fatalf("seq %d and %d, %v", p.Seq, configOf(t, s).Ringlet.Seq, err)
	}
	c, err := s.EnsureConfig(t.Context(), "work")
	if err != nil || !c.Config || c.Profile || c.Seq != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if got := configOf(t, s); got.Ringlet.Seq != 2 || got.Router.Aliases["fast"] != "zeta/small" {
		t.Errorf("%+v", got)
	}
}
