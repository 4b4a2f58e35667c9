package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/service"
)

// expect holds one finding to what is wanted of it: "result profile words…".
// A "+" before it: it can be mended.
func expect(t *testing.T, got []Finding, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d findings, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		f := got[i]
		mendable := strings.HasPrefix(w, "+")
		words := strings.SplitN(strings.TrimPrefix(w, "+"), " ", 3)
		profile := f.Profile
		if profile == "" {
			profile = "-"
		}
		if string(f.Result) != words[0] || profile != words[1] || !strings.Contains(f.Finding+"; "+f.Fix, words[2]) || f.Mendable() != mendable {
			t.Errorf("%+v (mendable %v), want %q", f, f.Mendable(), w)
		}
		if f.Result != OK && f.Fix == "" {
			t.Errorf("%+v names no remedy", f)
		}
	}
}

type profilesNamed = []Profile

var work = Profile{Alias: "work", Enabled: true, Port: 8081, Seq: 5}

func states(s service.State) map[string]service.State { return map[string]service.State{"work": s} }

func TestManager(t *testing.T) {
	expect(t, Manager{Supervisor: "systemd"}.Run(t.Context()), "ok - systemd answers")
	for reason, result := range map[service.Reason]string{
		service.NoSystemd: "warning", service.Container: "warning", service.WSL1: "warning",
		service.WSL2: "failure", service.NoUserManager: "failure", service.NoBus: "failure", service.Root: "failure", service.Unreachable: "failure",
	} {
		f := Manager{Err: &service.Unavailable{Reason: reason}}.Run(t.Context())
		if len(f) != 1 || string(f[0].Result) != result {
			t.Errorf("%s: %+v, want a %s", reason, f, result)
		}
	}
}

func TestLinger(t *testing.T) {
	expect(t, Linger{On: true, Enabled: 1}.Run(t.Context()), "ok - at boot")
	expect(t, Linger{}.Run(t.Context()), "ok - no proxy is enabled")
	expect(t, Linger{Enabled: 2}.Run(t.Context()), "warning - ringlet daemon linger on")
}

type unitFiles struct {
	drift service.Drift
	err   error
	calls []string
}

func (u *unitFiles) Drift(context.Context, string) (service.Drift, error) { return u.drift, u.err }
func (u *unitFiles) Rewrite(_ context.Context, alias string) (string, error) {
	u.calls = append(u.calls, "rewrite "+alias)
	return "wrote", nil
}
func (u *unitFiles) Withdraw(_ context.Context, alias string) error {
	u.calls = append(u.calls, "withdraw "+alias)
	return nil
}

func TestUnits(t *testing.T) {
	off := work
	off.Enabled = false
	unit := []string{"ringlet-proxy@work.service"}
	for name, tc := range map[string]struct {
		profile Profile
		state   service.State
		files   unitFiles
		want    string
		call    string
	}{
		"well":               {work, service.State{}, unitFiles{}, "ok work as ringlet writes them", ""},
		"missing":            {work, service.State{}, unitFiles{drift: service.Drift{Missing: unit}}, "+failure work is missing", "rewrite work"},
		"edited":             {work, service.State{}, unitFiles{drift: service.Drift{Edited: unit}}, "+warning work edited by hand; ringlet proxy enable work; what was edited", "rewrite work"},
		"older":              {work, service.State{}, unitFiles{drift: service.Drift{Outdated: unit}}, "+warning work another version", "rewrite work"},
		"binary gone":        {work, service.State{}, unitFiles{drift: service.Drift{Outdated: unit, Program: "/old/ringlet", Gone: true}}, "+failure work starts /old/ringlet, which is not there any more", "rewrite work"},
		"another binary":     {work, service.State{}, unitFiles{drift: service.Drift{Outdated: unit, Program: "/old/ringlet"}}, "+warning work starts /old/ringlet, which is not this ringlet", "rewrite work"},
		"softer":             {work, service.State{}, unitFiles{drift: service.Drift{Outdated: unit, Softer: true}}, "+warning work a stricter one is to be had; ringlet proxy restart work", "rewrite work"},
		"soft":               {work, service.State{}, unitFiles{drift: service.Drift{Soft: true}}, "ok work no user namespaces", ""},
		"no port":            {Profile{Alias: "work", Enabled: true}, service.State{}, unitFiles{}, "+failure work no port is written down", "rewrite work"},
		"not enabled":        {work, service.State{}, unitFiles{drift: service.Drift{NotEnabled: unit}}, "+failure work nothing starts the proxy at login: not enabled is ringlet-proxy@work.service", "rewrite work"},
		"not read":           {work, service.State{}, unitFiles{drift: service.Drift{NotLoaded: unit}}, "+warning work daemon-reload", "rewrite work"},
		"somebody else's":    {work, service.State{}, unitFiles{err: &service.ForeignUnit{Path: "/u"}}, "failure work not written by ringlet", ""},
		"disabled, with one": {off, service.State{Installed: true}, unitFiles{}, "+warning work still has its units", "withdraw work"},
	} {
		t.Run(name, func(t *testing.T) {
			found := Units{Profiles: profilesNamed{tc.profile}, States: states(tc.state), Files: &tc.files}.Run(t.Context())
			expect(t, found, tc.want)
			Mend(t.Context(), found)
			if got := strings.Join(tc.files.calls, " "); got != tc.call {
				t.Errorf("mending called %q, want %q", got, tc.call)
			}
		})
	}
	// Under launchd no sentence is about systemd, and nothing that ends an engine is done unasked.
	for _, tc := range []struct {
		profile Profile
		drift   service.Drift
		want    string
	}{
		{work, service.Drift{}, "ok work the launchd agent is as ringlet writes it"},
		{work, service.Drift{Edited: unit}, "+warning work ringlet proxy unit work --diff; what was in it is kept"},
		{work, service.Drift{NotEnabled: unit}, "+failure work disabled in launchd"},
		{work, service.Drift{NotLoaded: unit}, "warning work ringlet proxy restart work"},
		{off, service.Drift{}, "+warning work still has its launchd agent"},
	} {
		found := Units{Launchd: true, Profiles: profilesNamed{tc.profile}, States: states(service.State{Installed: true}), Files: &unitFiles{drift: tc.drift}}.Run(t.Context())
		expect(t, found, tc.want)
		for _, f := range found {
			if strings.Contains(f.Finding+f.Fix, "system") {
				t.Errorf("%+v", f)
			}
		}
	}
	if found := (Units{Profiles: profilesNamed{off}, States: states(service.State{}), Files: &unitFiles{}}).Run(t.Context()); len(found) != 0 {
		t.Errorf("a disabled proxy without units: %+v", found)
	}
}

type starts struct{ err error }

func (s starts) Start(context.Context, string) error { return s.err }

func nobody(int) string { return "" }

func TestState(t *testing.T) {
	run := func(st service.State, holder func(int) string) []Finding {
		return State{Profiles: profilesNamed{work}, States: states(st), Holder: holder, By: starts{}}.Run(t.Context())
	}
	expect(t, run(service.State{Status: service.Running}, nobody), "ok work running")
	expect(t, run(service.State{Status: service.Running, Restarts: 2}, nobody), "ok work running, after 2 restarts by the init system (ringlet proxy logs work)")
	expect(t, run(service.State{Status: service.Stopped}, nobody), "warning work its port refuses the agent; ringlet proxy start work")
	expect(t, run(service.State{Status: service.Stopped}, func(int) string { return "nginx" }))
	expect(t, run(service.State{Status: service.Starting, Result: "success"}, nobody), "ok work starting")
	expect(t, run(service.State{Status: service.Starting, Result: "exit-code", Restarts: 3}, nobody), "failure work it ends as often as it is started (exit-code, 4 times by now)")
	expect(t, run(service.State{Status: service.Failed, Result: "start-limit-hit"}, nobody), "+failure work gave up (start-limit-hit)")
	expect(t, run(service.State{Status: service.Failed, Result: "exit-code"}, nobody), "+failure work it failed (exit-code)")
	expect(t, run(service.State{Status: service.Failed, Result: "resources"}, func(int) string { return "nginx" }), "failure work it failed (resources)")
}

type mover struct{}

func (mover) Move(context.Context, string) (string, error) { return "http://127.0.0.1:8082", nil }

func TestPorts(t *testing.T) {
	nginx := func(port int) string {
		if port == 8081 {
			return "nginx (pid 812)"
		}
		return ""
	}
	pinned := work
	pinned.Pinned = true
	no, yes := func(context.Context, string) bool { return false }, func(context.Context, string) bool { return true }
	run := func(p Profile, st map[string]service.State, holder func(int) string, ours func(context.Context, string) bool) []Finding {
		return Ports{Profiles: profilesNamed{p}, States: st, Holder: holder, Ours: ours, By: mover{}}.Run(t.Context())
	}
	stopped := states(service.State{Status: service.Stopped})
	expect(t, run(work, states(service.State{Status: service.Listening}), nginx, no), "ok work has its port")
	expect(t, run(work, stopped, nobody, no), "ok work free")
	found := run(work, stopped, nginx, no)
	expect(t, found, "+failure work port 8081 is taken by nginx (pid 812)")
	if f := Mend(t.Context(), found)[0]; f.Fix != "moved the proxy to http://127.0.0.1:8082" {
		t.Errorf("%+v", f)
	}
	expect(t, run(pinned, stopped, nginx, no), "failure work --port N")
	expect(t, run(work, stopped, nginx, yes), "warning work did not start")
	for holder, fix := range map[string]string{
		"nginx (pid 812)":           "end it, or choose another port: ringlet",
		"a process of root (uid 0)": "root (uid 0); choose another port: ringlet",
		"systemd (pid 284)":         "find the unit, and stop it: systemctl --user list-sockets --all; or choose",
	} {
		expect(t, run(pinned, stopped, func(int) string { return holder }, no), "failure work "+fix)
	}
	expect(t, run(work, nil, nginx, yes), "ok work has its port")
}

func TestLoop(t *testing.T) {
	ports := map[int]string{8081: "work"}
	for base, want := range map[string]string{
		"http://127.0.0.1:8081":        "failure work is the proxy of",
		"http://localhost:8081/v1":     "failure work is the proxy of",
		"http://[::1]:8081":            "failure work is the proxy of",
		"http://127.0.0.1:9000":        "ok - no provider",
		"https://example.com:8081":     "ok - no provider",
		"https://api.example.com":      "ok - no provider",
		"http://127.0.0.1.nip.io:8081": "ok - no provider",
	} {
		expect(t, Loop{Bases: []Base{{"mine", base}, {"mine", base}}, Ports: ports}.Run(t.Context()), want)
	}
}

type engine struct {
	report health.Report
	err    error
}

func (e engine) Health(context.Context, string) (health.Report, error) { return e.report, e.err }
func (e engine) Reload(context.Context, string) error                  { return nil }

func TestEngines(t *testing.T) {
	running := states(service.State{Status: service.Running, PID: 7})
	run := func(e engine) []Finding {
		return Engines{Profiles: profilesNamed{work}, States: running, Ask: e}.Run(t.Context())
	}
	expect(t, run(engine{report: health.Report{Seq: 5}}), "ok work answers")
	expect(t, run(engine{report: health.Report{Seq: 4}}), "+warning work ringlet proxy reload work")
	expect(t, run(engine{report: health.Report{ReloadError: "line 3"}}), "failure work refused the newest: line 3")
	expect(t, run(engine{err: errors.New("no answer")}), "failure work ringlet proxy restart work")
	for _, p := range []Profile{{Alias: "work", Enabled: true}, {Alias: "work", Enabled: true, Port: 8081, Token: fs.ErrNotExist}} {
		expect(t, Engines{Profiles: profilesNamed{p}, States: running, Ask: engine{}}.Run(t.Context()))
		expect(t, Config{Profiles: profilesNamed{p}, Files: configs{state: ConfigState{Problem: "differs"}}}.Run(t.Context()))
	}
	asleep := Engines{Profiles: profilesNamed{work}, States: states(service.State{Status: service.Listening}), Ask: engine{err: errors.New("woken")}}
	expect(t, asleep.Run(t.Context()))
}

func TestBinary(t *testing.T) {
	run := func(path, version string) []Finding {
		return Binary{Profiles: profilesNamed{work}, States: states(service.State{Status: service.Running, PID: 7}), Version: "2",
			Ask: engine{report: health.Report{Version: version}}, Program: func(string, int) (string, bool) { return strings.CutSuffix(path, " (deleted)") }}.Run(t.Context())
	}
	expect(t, run("/bin/ringlet", "2"), "ok work this version")
	expect(t, run("/bin/ringlet", "1"), "warning work version 1, and this is 2")
	expect(t, run("/bin/ringlet (deleted)", "2"), "warning work runs from /bin/ringlet, which has been replaced")
}

type configs struct {
	state ConfigState
	err   error
}

func (c configs) ConfigState(context.Context, string) (ConfigState, error) { return c.state, c.err }
func (c configs) Regenerate(context.Context, string) (string, error) {
	if c.state.Broken {
		return "/config.yaml.broken", nil
	}
	return "", nil
}

func TestConfig(t *testing.T) {
	run := func(c configs) []Finding { return Config{Profiles: profilesNamed{work}, Files: c}.Run(t.Context()) }
	expect(t, run(configs{}), "ok work what the profile says")
	expect(t, run(configs{state: ConfigState{Problem: "is missing"}}), "+warning work config.yaml is missing; ringlet proxy config work --regenerate")
	broken := run(configs{state: ConfigState{Problem: "cannot be used", Broken: true}})
	expect(t, broken, "+failure work cannot be used")
	if f := Mend(t.Context(), broken)[0]; !strings.Contains(f.Fix, "/config.yaml.broken") {
		t.Errorf("%+v", f)
	}
}

func TestKeys(t *testing.T) {
	keys := func(string) []Key {
		return []Key{{Provider: "a", Source: "file"}, {Provider: "b", Problem: "requests to B will fail", Fix: "ringlet providers login b"}}
	}
	expect(t, Keys{Profiles: profilesNamed{work}, Of: keys}.Run(t.Context()), "failure work ringlet providers login b")
	expect(t, Keys{Profiles: profilesNamed{work}, Of: func(string) []Key { return nil }}.Run(t.Context()), "ok work have their keys")
}

type settings struct {
	installed error
	why       []string
}

func (s settings) Installed(string) error                            { return s.installed }
func (s settings) Pointed(context.Context, string) ([]string, error) { return s.why, nil }
func (s settings) Point(context.Context, string) error               { return nil }

func TestAgents(t *testing.T) {
	run := func(s settings) []Finding { return Agents{Profiles: profilesNamed{work}, Settings: s}.Run(t.Context()) }
	expect(t, run(settings{}), "ok work point at the proxy")
	lost := work
	lost.Token = errors.New("it is gone")
	expect(t, Agents{Profiles: profilesNamed{lost}, Settings: settings{why: []string{"another token"}}}.Run(t.Context()), "failure work cannot be read: it is gone; ringlet proxy enable work")
	expect(t, run(settings{why: []string{"ANTHROPIC_BASE_URL is another"}}), "+failure work ANTHROPIC_BASE_URL is another")
}

func TestEnvironment(t *testing.T) {
	shell := map[string]string{"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "localhost"}
	for name, tc := range map[string]struct {
		service map[string]string
		want    string
	}{
		"neither": {nil, "warning work HTTPS_PROXY, no_proxy otherwise than the service; if it should have them: ringlet proxy environment work --record"},
		"both":    {shell, "ok work as this shell does"},
		"capital": {map[string]string{"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost"}, "ok work as this shell does"},
		"another": {map[string]string{"HTTPS_PROXY": "http://old:3128", "no_proxy": "localhost"}, "warning work this shell has HTTPS_PROXY otherwise"},
		"no file": {map[string]string{"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "localhost", "SSL_CERT_FILE": "/gone.pem"}, "warning work the service's SSL_CERT_FILE cannot be read: no /gone.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			e := Environment{Profiles: profilesNamed{work}, Names: []string{"HTTPS_PROXY", "NO_PROXY", "no_proxy"}, Shell: func(n string) string { return shell[n] }, Service: func(_, n string) string { return tc.service[n] },
				Keep: func(string, string) error { return nil }, Readable: func(path string) error { return errors.New("no " + path) }}
			expect(t, e.Run(t.Context()), tc.want)
		})
	}
}

// What cannot be recorded has another way.
func TestEnvironmentWithAPassword(t *testing.T) {
	e := Environment{Profiles: profilesNamed{work}, Names: []string{"HTTPS_PROXY"}, Shell: func(string) string { return "http://u:p@proxy:3128" }, Service: func(string, string) string { return "" },
		Keep: func(string, string) error {
			return fault.New(fault.Failed, "systemctl --user edit ringlet-proxy@<alias>", "HTTPS_PROXY holds a password")
		}}
	expect(t, e.Run(t.Context()), "warning work HTTPS_PROXY holds a password; systemctl --user edit ringlet-proxy@work")
}

// A clock before a certificate's first day, and what else TLS can say.
func TestUpstreamTLS(t *testing.T) {
	now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	valid := &x509.Certificate{NotBefore: now.AddDate(6, 0, 0), NotAfter: now.AddDate(7, 0, 0)}
	for name, tc := range map[string]struct {
		err         error
		want, clock string
	}{
		"early":     {x509.CertificateInvalidError{Cert: valid, Reason: x509.Expired}, "failure - check the clock: timedatectl", "failure - this machine's clock says 2020-01-01 00:00:00, and the certificate of https://one.example is valid from 2026-01-01 00:00:00 on"},
		"authority": {x509.UnknownAuthorityError{}, "failure - have SSL_CERT_FILE name its certificate", ""},
		"no TLS":    {tls.RecordHeaderError{}, "failure - it speaks no TLS there", ""},
		"no name":   {&net.DNSError{}, "failure - its name server", ""},
		"another":   {errors.New("refused"), "failure - check the network, HTTPS_PROXY and the address: ringlet providers inspect one", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Probe{Bases: []Base{{"one", "https://one.example"}}, By: hosts{"https://one.example/": func() (Answer, error) { return Answer{At: now}, fmt.Errorf("tls: %w", tc.err) }}}
			expect(t, Upstream{p}.Run(t.Context()), tc.want)
			if found := (Clock{p}).Run(t.Context()); tc.clock == "" {
				expect(t, found)
			} else {
				expect(t, found, tc.clock)
			}
		})
	}
}

type hosts map[string]func() (Answer, error)

func (h hosts) Ask(_ context.Context, url string) (Answer, error) { return h[url]() }

func TestUpstreamAndClock(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	asked := 0
	answer := func(status int, off time.Duration) func() (Answer, error) {
		return func() (Answer, error) {
			asked++
			return Answer{Status: status, Took: 12 * time.Millisecond, At: now, Date: now.Add(-off)}, nil
		}
	}
	probe := &Probe{Bases: []Base{{"one", "https://one.example/v1"}, {"one", "https://one.example/other"}, {"uno", "https://one.example"}, {"two", "https://two.example:8443/x"}, {"three", "https://three.example"}},
		By: hosts{
			"https://one.example/":      answer(404, 10*time.Minute), // a cache's old date
			"https://two.example:8443/": answer(503, -2*time.Minute),
			"https://three.example/":    func() (Answer, error) { return Answer{}, errors.New("x509: unknown authority") },
		}}
	expect(t, Upstream{probe}.Run(t.Context()), "ok - https://one.example (one, uno) answers: HTTP 404 after 12 ms", "warning - HTTP 503", "failure - x509: unknown authority")
	expect(t, Clock{probe}.Run(t.Context()), "warning - 2m0s behind")
	if asked != 2 {
		t.Errorf("%d requests; each host is to be asked once", asked)
	}
	for off, want := range map[time.Duration]string{0: "ok - is right", 10 * time.Second: "ok - is right", 6 * time.Minute: "failure - 6m0s ahead"} {
		p := &Probe{Bases: []Base{{"one", "https://one.example"}}, By: hosts{"https://one.example/": answer(200, off)}}
		expect(t, Clock{p}.Run(t.Context()), want)
	}
}

type logs struct{ err error }

func (l logs) ReadLog(context.Context, string) error { return l.err }

func TestJournal(t *testing.T) {
	expect(t, Journal{Alias: "work", Log: logs{}}.Run(t.Context()), "ok - can be read")
	expect(t, Journal{Alias: "work", Log: logs{&service.LogUnavailable{Problem: "there is no journalctl"}}}.Run(t.Context()), "warning - there is no journalctl")
	expect(t, Journal{}.Run(t.Context()))
	expect(t, Journal{Alias: "work", Files: true, Log: logs{}}.Run(t.Context()), "ok - from its files")
	expect(t, Journal{Alias: "work", Files: true, Log: logs{&service.LogUnavailable{Problem: "there is no log yet"}}}.Run(t.Context()), "warning - ringlet proxy restart work")
}

func TestDisk(t *testing.T) {
	space := func(s Space, err error) func(string) (Space, error) {
		return func(string) (Space, error) { return s, err }
	}
	run := func(f func(string) (Space, error)) []Finding {
		return Disk{Folders: []string{"/a", "/b"}, Space: f}.Run(t.Context())
	}
	const many = 1 << 40
	expect(t, run(space(Space{Free: many, Inodes: many}, nil)), "ok - 1024.0 GiB left")
	expect(t, run(space(Space{Free: 100 << 20, Inodes: many}, nil)), "warning - 100 MiB left on the file system of /a")
	expect(t, run(space(Space{Free: 1 << 20, Inodes: many}, nil)), "failure - 1 MiB left")
	expect(t, run(space(Space{Free: many, Inodes: 3}, nil)), "failure - 3 inodes")
	expect(t, run(space(Space{Free: many, NoInodes: true}, nil)), "ok - left")
	expect(t, run(space(Space{Free: many, ReadOnly: true}, nil)), "failure - cannot be written")
	expect(t, run(space(Space{}, fs.ErrNotExist)))
}

type orphans struct{ removed *[]string }

func (o orphans) Orphans(context.Context) ([]Orphan, error) {
	one := func(alias, what string) Orphan {
		return Orphan{alias, what, func(context.Context) error { *o.removed = append(*o.removed, alias+" "+what); return nil }}
	}
	return []Orphan{one("b", "units"), one("a", "units"), one("a", "port")}, errors.New("a folder cannot be read")
}

func TestOrphans(t *testing.T) {
	var removed []string
	found := Orphans{orphans{&removed}}.Run(t.Context())
	found[3].Fix = "any" // an error without a hint
	expect(t, found, "+warning a still units", "+warning a still port", "+warning b still units", "failure - a folder cannot be read")
	Mend(t.Context(), found)
	if got := strings.Join(removed, ", "); got != "a units, a port, b units" {
		t.Errorf("removed %q", got)
	}
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	make := func(name string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(make("target", 0o666), link); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	key, plain := make("key", 0o644), make("plain", 0o664)
	found := Permissions{[]OwnFile{
		{Path: make("good", 0o644)}, {Path: filepath.Join(dir, "missing"), Secret: true},
		{Path: key, Secret: true}, {Path: plain}, {Path: link}, {Path: folder, Folder: true}, {Path: dir, Secret: true},
	}}.Run(t.Context())
	expect(t, found, "+failure - key can be read by others (mode 0644); chmod 0600", "+failure - plain can be written by others", "failure - link is a symbolic link", "+failure - folder can be written by others", "failure - is neither")
	Mend(t.Context(), found)
	for path, want := range map[string]fs.FileMode{key: 0o600, plain: 0o644, folder: 0o755, filepath.Join(dir, "target"): 0o666} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s is %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
	expect(t, Permissions{[]OwnFile{{Path: key, Secret: true}, {Path: link, Users: true, Secret: true}}}.Run(t.Context()), "ok - closed to others")
}
