//go:build testbed

package service_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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
	must(t, other.RestartAll(ctx))
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
	var log bytes.Buffer
	s := connectWith(t, service.ConnectOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	p := servicetest.NewProxy(t, s, self(t), "edited")
	must(t, s.Install(ctx, p.Spec))
	path := filepath.Join(unitDir(t), units.ServiceName("edited"))
	write(t, path, strings.Replace(readAll(t, path), "MemoryMax=512M", "MemoryMax=1G", 1))
	if st := p.State(s); !st.Edited {
		t.Errorf("%+v", st)
	}
	must(t, s.Install(ctx, p.Spec))
	if st := p.State(s); st.Edited || !strings.Contains(log.String(), "systemctl --user edit "+units.ServiceName("edited")) {
		t.Errorf("%+v; the log says %s", st, log.String())
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

// Nothing hides behind a program in PATH or a variable of the session, and a
// HOME of this command's own does not put units where no manager reads them.
func TestEnvironment(t *testing.T) {
	ctx := t.Context()
	dir := unitDir(t)
	t.Setenv("PATH", "/nowhere")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/0")
	must(t, os.Unsetenv("DBUS_SESSION_BUS_ADDRESS"))
	var log bytes.Buffer
	s := connectWith(t, service.ConnectOptions{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	p := servicetest.NewProxy(t, s, self(t), "environment")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "environment"))
	must(t, s.Restart(ctx, "environment"))
	p.Answers()
	if _, err := os.Stat(filepath.Join(dir, units.ServiceName("environment"))); err != nil {
		t.Error(err)
	}
	n := 0
	servicetest.Eventually(t, 2*time.Second, func() error {
		return s.Logs(ctx, "environment", service.LogOptions{}, func(service.Line) error { n++; return nil })
	})
	if n == 0 {
		t.Error("no log lines")
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		t.Error("connecting set DBUS_SESSION_BUS_ADDRESS")
	}
	for _, want := range []string{"systemd/private", "call=EnableUnitFiles", "call=Reload", "write file", "ringlet-proxy@environment.socket", "result=done"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the debug log lacks %q", want)
		}
	}
}

// Where only the bus is there, it does as well.
func TestOverTheBus(t *testing.T) {
	runtimeDir := t.TempDir()
	must(t, os.Symlink(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus"), filepath.Join(runtimeDir, "bus")))
	t.Setenv("XDG_RUNTIME_DIR", runtimeDir)
	var log bytes.Buffer
	s := connectWith(t, service.ConnectOptions{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if !strings.Contains(log.String(), filepath.Join(runtimeDir, "bus")) {
		t.Fatalf("not over the bus: %s", log.String())
	}
	p := servicetest.NewProxy(t, s, self(t), "over-the-bus")
	must(t, s.Install(t.Context(), p.Spec))
	must(t, s.Start(t.Context(), "over-the-bus"))
	must(t, s.Restart(t.Context(), "over-the-bus"))
	p.Answers()
	must(t, s.StopAll(t.Context()))
	p.Closed()
}

// systemd's own checker finds nothing to say about what we write.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	version, err := strconv.Atoi(strings.Fields(run(t, "systemctl", "--version"))[1])
	must(t, err)
	set, err := units.Systemd(units.Spec{Alias: "verify", Port: 8081, Systemd: version, Exe: self(t), ConfigPath: `/home/u/a "b" 100% $X/config.yaml`, CredentialsDir: "/home/u/c"})
	must(t, err)
	args := []string{"verify", "--user"}
	for _, f := range set.Files() {
		write(t, filepath.Join(dir, f.Name), string(f.Content))
		args = append(args, filepath.Join(dir, f.Name))
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
