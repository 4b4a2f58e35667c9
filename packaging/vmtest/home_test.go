//go:build vm

package vmtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/packaging/vmtest/wire"
)

// settle gives the tester a ringlet of their own, and a provider with a key, which
// upstream switches on. Its log and all else is as it is for a user.
func (m *machine) settle() {
	m.t.Helper()
	m.ok(`install -D -m 0755 /srv/ringlet/build/ringlet ~/.local/bin/ringlet
mkdir -p ~/.config/ringlet/providers.d
cat >~/.config/ringlet/providers.d/first.yaml <<END
id: first
name: The first one
endpoints:
  only: { messages: "http://127.0.0.1:9100/first" }
default_endpoint: only
auth: { env: FIRST_KEY, header: x-api-key }
END
echo sk-key-of-first | ~/.local/bin/ringlet providers login first
sync # as after the installation of a package`)
	m.upstream()
}

// upstream starts the provider, as another user: nobody of the tester's is logged in.
func (m *machine) upstream() {
	m.t.Helper()
	m.start("mallory", "exec /srv/ringlet/build/scripted-upstream -addr 127.0.0.1:9100 -log /dev/null")
	m.root("until curl -s -o /dev/null http://127.0.0.1:9100/__stats; do sleep 0.1; done")
}

// ringlet runs a command of ringlet's, which has to succeed.
func (m *machine) ringlet(command string) string {
	m.t.Helper()
	return m.ok("~/.local/bin/ringlet " + command)
}

// create makes a profile with a proxy whose only rule leads to a model.
func (m *machine) create(alias, model string) {
	m.t.Helper()
	m.ringlet("profiles create claude " + alias + " --proxy -p first")
	m.ringlet("proxy route add " + alias + " default always first/" + model)
}

// status is what the tests read of proxy status --json.
type status struct {
	Profile  string
	Port     int
	PID      int
	Status   string
	Restarts int
	Result   string
	Memory   int64 `json:"memory_bytes"`
	Limits   map[string]any
	Problems []string
}

func (m *machine) status(alias string) status {
	m.t.Helper()
	var list []status
	m.decode(m.ringlet("proxy status "+alias+" --json"), &list)
	if len(list) != 1 {
		m.t.Fatalf("a list of one is wanted: %+v", list)
	}
	return list[0]
}

func (m *machine) decode(text string, v any) {
	m.t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		m.t.Fatalf("%v in %q", err, text)
	}
}

// port is a proxy's port as its socket unit has it: no command of ringlet's is
// needed to know it.
func (m *machine) port(alias string) int {
	m.t.Helper()
	text := m.ok("sed -n 's/^ListenStream=127.0.0.1://p' ~/.config/systemd/user/ringlet-proxy@" + alias + ".socket")
	port, err := strconv.Atoi(text)
	if err != nil {
		m.t.Fatal(err)
	}
	return port
}

// client is the command line of an agent of the profile's in the machine.
func (m *machine) client(alias, flags string) string {
	m.t.Helper()
	return fmt.Sprintf("/srv/ringlet/build/vm/client -port %d -token-file ~/.config/ringlet/credentials/local/%s %s", m.port(alias), alias, flags)
}

// post runs a client to its end.
func (m *machine) post(alias, flags string) wire.Summary {
	m.t.Helper()
	var s wire.Summary
	m.decode(m.ok(m.client(alias, flags)), &s)
	return s
}

// answered fails unless the proxy answers, at the first try.
func (m *machine) answered(alias string) wire.Summary {
	m.t.Helper()
	s := m.post(alias, "-posts 1")
	if s.Outcomes["200"] != 1 {
		m.t.Fatalf("a request to the proxy of %s: %+v\n%s", alias, s, m.try("systemctl --user status --no-pager 'ringlet*@"+alias+"*'; ~/.local/bin/ringlet proxy logs "+alias+" -n 20"))
	}
	return s
}

// property is one property of a unit of the tester's.
func (m *machine) property(unit, name string) string {
	m.t.Helper()
	return m.ok("systemctl --user show --value --property=" + name + " " + unit)
}

// said fails unless each of the words is in the text.
func (m *machine) said(text string, words ...string) {
	m.t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			m.t.Errorf("%q is not in\n%s", word, text)
		}
	}
}
