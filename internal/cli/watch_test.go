package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/app"
)

func TestWatcherPrintsWhatChanged(t *testing.T) {
	var out bytes.Buffer
	w := (&env{stdout: &out}).watcher()
	step := func(want string, list ...app.ProxyStatus) {
		t.Helper()
		out.Reset()
		if err := w.show(list); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
		}
	}
	work, dev := app.ProxyStatus{Profile: "work", Port: 8081, PID: 7, Status: "running"}, app.ProxyStatus{Profile: "dev", Port: 8082, Status: "listening"}
	step("Profile   Port   PID   Status      Restarts   Started\nwork      8081   7     running     0          -\ndev       8082   -     listening   0          -\n", work, dev)
	step("", work, dev)
	dev.Status, dev.Problems = "failed   ", []string{"it failed;\nsee: logs"}
	step("dev       8082   -     failed      0          -\n    it failed; see: logs\n", work, dev)
	step("dev   gone\n", work)
}

func TestWatcherJSON(t *testing.T) {
	var out bytes.Buffer
	w := (&env{stdout: &out, json: true}).watcher()
	for _, status := range []string{"running", "running", "stopped"} {
		if err := w.show([]app.ProxyStatus{{Profile: "work", Status: status}}); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `[{"profile":"work"`) || !strings.Contains(lines[1], `"status":"stopped"`) {
		t.Errorf("one array for each change is wanted:\n%s", out.String())
	}
}

func TestWatcherRedrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	w := (&env{stdout: &out, stderr: &out}).watcher()
	w.size = func() (int, int, bool) { return 20, 4, true }
	list := []app.ProxyStatus{{Profile: "a", Status: "running"}}
	for range 2 {
		if err := w.show(list); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := out.String(), "Profile   Port   PI…\na         -      - …\n"; got != want {
		t.Errorf("first: %q, not %q", got, want)
	}
	out.Reset()
	for _, name := range []string{"b", "c", "d"} {
		list = append(list, app.ProxyStatus{Profile: name, Status: "running"})
	}
	if err := w.show(list); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "\x1b[2A\r\x1b[JProfile   Port   PI…\na         -      - …\n… and 3 lines more\n"; got != want {
		t.Errorf("then: %q, not %q", got, want)
	}
	out.Reset()
	w.note("lost")
	if err := w.show(list[:1]); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "lost\nProfile   Port   PI…\na         -      - …\n"; got != want {
		t.Errorf("after a note: %q, not %q", got, want)
	}
}
