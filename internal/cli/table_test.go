package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/app"
)

// The table as it is documented, to the letter: scripts and people's eyes rely
// on its columns. Others may follow these, never replace them.
func TestStatusTable(t *testing.T) {
	at := func(text string) *time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		return &when
	}
	for _, c := range []struct {
		name string
		list []app.ProxyStatus
		want string
	}{
		{"running", []app.ProxyStatus{
			{Profile: "work", Port: 8081, PID: 12345, Status: "running", Started: at("2026-01-18 10:30")},
			{Profile: "dev", Port: 8082, PID: 12346, Status: "running", Started: at("2026-01-18 09:15")},
		}, "" +
			"Profile   Port   PID     Status    Restarts   Started\n" +
			"work      8081   12345   running   0          2026-01-18 10:30\n" +
			"dev       8082   12346   running   0          2026-01-18 09:15\n"},
		{"each state", []app.ProxyStatus{
			{Profile: "a", Port: 8081, Status: "listening"},
			{Profile: "b", Port: 8082, PID: 7, Status: "starting"},
			{Profile: "c", Port: 8083, Status: "failed", Restarts: 10},
			{Profile: "a-much-longer-name", Status: "disabled"},
		}, "" +
			"Profile              Port   PID   Status      Restarts   Started\n" +
			"a                    8081   -     listening   0          -\n" +
			"b                    8082   7     starting    0          -\n" +
			"c                    8083   -     failed      10         -\n" +
			"a-much-longer-name   -      -     disabled    0          -\n"},
		{"none", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			e := &env{stdout: &out}
			if err := e.statusTable(c.list); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("got:\n%swant:\n%s", out.String(), c.want)
			}
		})
	}
}
