//go:build testbed

package service_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

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
	servicetest.Eventually(t, func() error {
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
