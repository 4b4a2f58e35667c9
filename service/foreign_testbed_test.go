//go:build testbed

package service_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// A file of somebody else's, whichever of the three, is never overwritten,
// stopped or removed; and then nothing at all is written.
func TestForeignFile(t *testing.T) {
	s := connect(t)
	for _, name := range []string{units.SocketName("foreign"), units.ServiceName("foreign"), units.Target} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(unitDir(t), name)
			const content = "[Unit]\nDescription=mine\n"
			p := servicetest.NewProxy(t, s, self(t), "foreign")
			write(t, path, content)
			// Before NewProxy's own clean-up, which is refused as long as it is there.
			t.Cleanup(func() { must(t, os.Remove(path)) })

			var foreign *service.ForeignUnit
			err := s.Install(t.Context(), p.Spec)
			if !errors.As(err, &foreign) || foreign.Path != path || fault.ExitCode(err) != 4 || fault.Hint(err) == "" {
				t.Errorf("install: %v", err)
			}
			if name != units.Target {
				for verb, err := range map[string]error{"uninstall": s.Uninstall(t.Context(), "foreign"), "start": s.Start(t.Context(), "foreign"), "stop": s.Stop(t.Context(), "foreign")} {
					if !errors.As(err, &foreign) {
						t.Errorf("%s: %v", verb, err)
					}
				}
			} else {
				must(t, s.Uninstall(t.Context(), "foreign"))
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != content {
				t.Errorf("the file is now %q, %v", got, err)
			}
			left, err := filepath.Glob(filepath.Join(unitDir(t), "*foreign*"))
			if err != nil || len(left) > 1 || len(left) == 1 && left[0] != path {
				t.Errorf("besides it there are %q, %v", left, err)
			}
		})
	}
}

// Two ringlet homes have one user manager: neither touches the other's proxies.
func TestOtherHome(t *testing.T) {
	ctx := t.Context()
	ours := connect(t)
	p := servicetest.NewProxy(t, ours, self(t), "homes")
	mine := servicetest.NewProxy(t, ours, self(t), "mine")
	must(t, ours.Install(ctx, p.Spec))
	must(t, ours.Start(ctx, "homes"))
	pid := p.Answers().PID
	must(t, ours.Install(ctx, mine.Spec))

	other := connectWith(t, service.ConnectOptions{ConfigPath: func(alias string) string {
		if alias == "mine" {
			return mine.Spec.ConfigPath
		}
		return "/elsewhere/" + alias + "/config.yaml"
	}})
	stolen := p.Spec
	stolen.ConfigPath = "/elsewhere/homes/config.yaml"
	for verb, err := range map[string]error{
		"install": other.Install(ctx, stolen), "uninstall": other.Uninstall(ctx, "homes"), "start": other.Start(ctx, "homes"),
		"stop": other.Stop(ctx, "homes"), "restart": other.Restart(ctx, "homes"), "reload": other.Reload(ctx, "homes"),
	} {
		var foreign *service.ForeignUnit
		if !errors.As(err, &foreign) || foreign.Config != p.Spec.ConfigPath || !strings.Contains(err.Error(), p.Spec.ConfigPath) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	states, err := other.Status(ctx, []string{"homes", "mine"})
	if err != nil || states[0].Status != service.Disabled || states[0].PID != 0 || states[1].Status != service.Stopped {
		t.Errorf("status: %+v, %v", states, err)
	}
	must(t, other.StartAll(ctx))
	mine.Answers()
	must(t, other.StopAll(ctx))
	mine.Closed()
	if h := p.Answers(); h.PID != pid {
		t.Error("the other home's proxy was restarted")
	}
	// Taking away its last proxy must not take the target from the other.
	must(t, other.Uninstall(ctx, "mine"))
	if _, err := os.Stat(filepath.Join(unitDir(t), units.Target)); err != nil {
		t.Error(err)
	}
	p.Answers()
}
