//go:build testbed

package service_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// unitDir is where the manager of the testbed's user reads units.
func unitDir(t testing.TB) string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, ".config/systemd/user")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

// What a user adds stays, is in force, and comes back with the proxy.
func TestDropIns(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "dropin")
	drop := filepath.Join(unitDir(t), units.ServiceName("dropin")+".d", "override.conf")
	write(t, drop, "[Service]\nTasksMax=99\n")
	t.Cleanup(func() { must(t, os.RemoveAll(filepath.Dir(drop))) })
	for range 2 {
		must(t, s.Install(ctx, p.Spec))
		must(t, s.Start(ctx, "dropin"))
		p.Answers()
		if got := show(t, units.ServiceName("dropin"), "TasksMax"); got != "99" {
			t.Errorf("TasksMax=%s", got)
		}
		must(t, s.Uninstall(ctx, "dropin"))
		if _, err := os.Stat(drop); err != nil {
			t.Error(err)
		}
	}
}

func show(t testing.TB, unit, property string) string {
	t.Helper()
	return run(t, "systemctl", "--user", "show", "--value", "-p", property, unit)
}

func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Whatever an interruption or a hand left, the next install ends in the same place,
// and so does the next uninstall.
func TestMended(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	dir := unitDir(t)
	socket, svc := filepath.Join(dir, units.SocketName("mend")), filepath.Join(dir, units.ServiceName("mend"))
	link := filepath.Join(dir, "ringlet.target.wants", units.SocketName("mend"))
	for name, harm := range map[string]func(t *testing.T){
		"service missing":       func(t *testing.T) { must(t, os.Remove(svc)) },
		"socket missing":        func(t *testing.T) { must(t, os.Remove(socket)) },
		"target missing":        func(t *testing.T) { must(t, os.Remove(filepath.Join(dir, units.Target))) },
		"all but links missing": func(t *testing.T) { must(t, os.Remove(svc)); must(t, os.Remove(socket)) },
		"links missing":         func(t *testing.T) { must(t, os.RemoveAll(filepath.Dir(link))) },
		"target's link missing": func(t *testing.T) { must(t, os.Remove(filepath.Join(dir, "default.target.wants", units.Target))) },
		"service cut off":       func(t *testing.T) { must(t, os.Truncate(svc, 300)) },
		"temporary file left":   func(t *testing.T) { write(t, filepath.Join(dir, "."+units.ServiceName("mend")+"123"), "[Un") },
		"manager not yet told":  func(t *testing.T) { write(t, svc, readAll(t, svc)+"# more\n") },
	} {
		t.Run(name, func(t *testing.T) {
			p := servicetest.NewProxy(t, s, self(t), "mend")
			must(t, s.Install(ctx, p.Spec))
			must(t, s.Start(ctx, "mend"))
			p.Answers()
			harm(t)
			must(t, s.Install(ctx, p.Spec))
			if st := p.State(s); !st.Installed || !st.Enabled || st.Edited {
				t.Errorf("mended: %+v", st)
			}
			must(t, s.Restart(ctx, "mend"))
			p.Answers()
			if to, err := os.Readlink(link); err != nil || to != socket {
				t.Errorf("the link goes to %q, %v", to, err)
			}
			harm2 := harm
			if name == "temporary file left" {
				harm2 = func(t *testing.T) { must(t, os.Remove(filepath.Join(dir, "."+units.ServiceName("mend")+"123"))) }
			}
			harm2(t)
			must(t, s.Uninstall(ctx, "mend"))
			p.Closed()
			if left, _ := filepath.Glob(filepath.Join(dir, "*/*mend*")); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*mend*")); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

func readAll(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func TestEdited(t *testing.T) {
	ctx := t.Context()
	var kept []service.Kept
	s := connectWith(t, service.ConnectOptions{Backups: t.TempDir(), Kept: func(k service.Kept) { kept = append(kept, k) }})
	p := servicetest.NewProxy(t, s, self(t), "edited")
	must(t, s.Install(ctx, p.Spec))
	path := filepath.Join(unitDir(t), units.ServiceName("edited"))
	edited := strings.Replace(readAll(t, path), "MemoryMax=512M", "MemoryMax=1G", 1)
	write(t, path, edited)
	if st := p.State(s); !st.Edited {
		t.Errorf("%+v", st)
	}
	must(t, s.Install(ctx, p.Spec))
	if st := p.State(s); st.Edited || len(kept) != 1 || kept[0].Path != path || readAll(t, kept[0].Backup) != edited {
		t.Errorf("%+v; kept %+v", st, kept)
	}
}

// What a newer ringlet wrote is not written over and not removed; it runs, and
// can be stopped.
func TestNewerUnits(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "newer")
	must(t, s.Install(ctx, p.Spec))
	path := filepath.Join(unitDir(t), units.ServiceName("newer"))
	ours := readAll(t, path)
	text := string(units.Sealed([]byte(strings.Replace(ours, "X-Ringlet-Format=1\n", "X-Ringlet-Format=2\n", 1))))
	write(t, path, text)
	t.Cleanup(func() { write(t, path, ours) }) // or it could not be uninstalled
	systemctl(t, "daemon-reload")
	for verb, err := range map[string]error{"check": s.Check(ctx, "newer", p.Spec.ConfigPath), "install": s.Install(ctx, p.Spec), "uninstall": s.Uninstall(ctx, "newer")} {
		var newer *service.NewerUnit
		if !errors.As(err, &newer) || newer.Path != path || !strings.Contains(err.Error(), "written by a newer ringlet: its format is 2, and this one writes 1") ||
			!strings.Contains(fault.Hint(err), "disable the proxy with that one first: ringlet proxy disable newer") {
			t.Errorf("%s: %v (%s)", verb, err, fault.Hint(err))
		}
	}
	must(t, s.Start(ctx, "newer"))
	p.Answers()
	must(t, s.Stop(ctx, "newer"))
	p.Closed()

	// The target is everybody's, and not written over either.
	target := filepath.Join(unitDir(t), units.Target)
	theirs := string(units.Sealed([]byte(strings.Replace(readAll(t, target), "X-Ringlet-Format=1\n", "X-Ringlet-Format=2\n", 1))))
	write(t, target, theirs)
	older := servicetest.NewProxy(t, s, self(t), "older")
	must(t, s.Install(ctx, older.Spec))
	if now := readAll(t, target); now != theirs {
		t.Errorf("the target was changed:\n%s", now)
	}
	if d, err := s.(servicetest.Doctor).Drift(ctx, older.Spec); err != nil || len(d.Outdated)+len(d.Edited)+len(d.Missing) > 0 {
		t.Errorf("beside a newer target: %+v, %v", d, err)
	}
	if now := readAll(t, path); now != text {
		t.Errorf("it was changed:\n%s", now)
	}
}

func TestMasked(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "masked")
	mask := filepath.Join(unitDir(t), units.ServiceName("masked"))
	must(t, os.MkdirAll(unitDir(t), 0o700))
	must(t, os.Symlink("/dev/null", mask))
	t.Cleanup(func() { must(t, os.Remove(mask)) })
	if err := s.Install(ctx, p.Spec); fault.ExitCode(err) != 4 || !strings.Contains(fault.Hint(err), "systemctl --user unmask") {
		t.Errorf("%v (%s)", err, fault.Hint(err))
	}
}
