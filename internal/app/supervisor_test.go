package app

import (
	"context"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service"
)

// asking is a supervisor that shows its proxies by a command of its own.
type asking struct{ service.Supervisor }

func (asking) Inspect(_ context.Context, alias string) string {
	return "launchctl print user/501/" + alias
}

// What is said of a proxy names the commands of the init system that runs it.
func TestWordsOfTheInitSystem(t *testing.T) {
	for supervisor, want := range map[string]struct{ unit, command, edited string }{
		"systemd": {"ringlet-proxy@work.service", "systemctl --user status ringlet-proxy@work", "systemctl --user edit"},
		"launchd": {"dev.ringlet.proxy.work", "launchctl print user/501/work", "ringlet proxy restart work"},
	} {
		if got := unitName(supervisor, "work"); got != want.unit {
			t.Errorf("%s: unit %q", supervisor, got)
		}
		var sup service.Supervisor
		if supervisor == "launchd" {
			sup = asking{}
		}
		if got := inspectCommand(t.Context(), sup, "work"); !strings.Contains(got, want.command) {
			t.Errorf("%s: %q", supervisor, got)
		}
		got := editedByHand(supervisor, "work")
		if !strings.Contains(got, want.edited) || supervisor == "launchd" && strings.Contains(got, "systemctl") {
			t.Errorf("%s: %q", supervisor, got)
		}
	}
}

func TestBesidesProxyLog(t *testing.T) {
	var out strings.Builder
	say := besidesProxyLog(&out)
	for _, fields := range []map[string]string{nil, {"RINGLET_STATUS": "200"}, {"RINGLET_STACK": "goroutine 1"}, {"RINGLET_UNWRITTEN": "proxy.log"}} {
		if err := say("a message", 6, fields); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "a message\ngoroutine 1\na message\n" {
		t.Errorf("%q", out.String())
	}
}
