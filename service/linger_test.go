package service

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/ringlet/ringlet/internal/fault"
)

// Whatever logind answers leads to a sentence, a command that goes on, and exit code 4.
func TestLingerRefusals(t *testing.T) {
	host := Host{UID: func() int { return 4321 }}
	for name, tc := range map[string]struct {
		err        error
		says, hint string
	}{
		"denied":    {dbus.Error{Name: "org.freedesktop.DBus.Error.AccessDenied", Body: []any{"no"}}, "does not let 4321", "sudo loginctl enable-linger 4321"},
		"password":  {dbus.Error{Name: "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"}, "does not let", "sudo loginctl"},
		"other":     {dbus.Error{Name: "org.freedesktop.login1.NoSuchUser", Body: []any{"who?"}}, "logind did not", "sudo loginctl"},
		"unanswers": {errors.New("connection refused"), "cannot be asked over /run/dbus/system_bus_socket", "sudo loginctl"},
	} {
		t.Run(name, func(t *testing.T) {
			err := host.refusedLinger(true, tc.err)
			if !strings.Contains(err.Error(), tc.says) || !strings.Contains(fault.Hint(err), tc.hint) || fault.ExitCode(err) != 4 {
				t.Errorf("%v; %s; exit %d", err, fault.Hint(err), fault.ExitCode(err))
			}
		})
	}
	if hint := fault.Hint(host.refusedLinger(false, errors.New("no"))); !strings.Contains(hint, "disable-linger") {
		t.Errorf("switching off: %s", hint)
	}
}

// Where there is no systemd nothing is asked; where there is one and nobody
// listens on the system bus, that is the error.
func TestLingerWithoutLogind(t *testing.T) {
	container := Host{Root: makeRoot(t, map[string]string{"/.dockerenv": ""}), Getenv: func(string) string { return "" }, UID: func() int { return 4321 }, OS: "linux"}
	var none *Unavailable
	if err := SetLinger(t.Context(), true, LingerOptions{Host: container}); !errors.As(err, &none) || none.Reason != Container {
		t.Errorf("in a container: %v", err)
	}
	alone := container
	alone.Root = makeRoot(t, map[string]string{"/run/systemd/system/": ""})
	if err := SetLinger(t.Context(), true, LingerOptions{Host: alone}); err == nil || !strings.Contains(err.Error(), systemBus) {
		t.Errorf("without a bus: %v", err)
	}
	if _, err := os.Stat(filepath.Join(alone.Root, "/var/lib/systemd/linger")); err == nil {
		t.Error("it made something")
	}
}
