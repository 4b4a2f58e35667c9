//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ill is a finding of ringlet doctor --json.
type ill struct {
	Check, Profile, Result, Finding, Fix string
	Fixed                                bool
}

// doctor runs ringlet doctor and returns what it found, without what is well.
func (b *bed) doctor(code int, args ...string) []ill {
	b.t.Helper()
	o := b.try(append([]string{"doctor", "--json", "--offline"}, args...)...)
	for range 4 { // as status does; what was mended would not be found again
		if len(args) > 0 || !strings.Contains(o.stdout, "does not answer: timed out") {
			break
		}
		b.t.Logf("asked again: %v", o)
		o = b.try("doctor", "--json", "--offline")
	}
	if o.code != code {
		b.t.Errorf("exit code %d is wanted\n%v", code, o)
	}
	var all, out []ill
	if err := json.Unmarshal([]byte(o.stdout), &all); err != nil || len(all) == 0 {
		b.t.Fatalf("%v\n%v", err, o)
	}
	for _, f := range all {
		// Neither is there in the testbed's home.
		if f.Result != "ok" && !(f.Check == "agent" && strings.Contains(f.Finding, "is not installed")) && f.Check != "journal" {
			out = append(out, f)
		}
	}
	return out
}

// well fails unless nothing is wrong.
func (b *bed) well(when string) {
	b.t.Helper()
	if found := b.doctor(0); len(found) > 0 {
		b.t.Errorf("%s the doctor finds %+v", when, found)
	}
}

// What is broken for real is named, --fix mends it, and then all is well.
func TestAcceptanceDoctor(t *testing.T) {
	b := newBed(t)
	alias := b.alias("doctor")
	b.create(alias)
	b.well("after create")
	service, socket := filepath.Join(unitDir(t), unit(alias)+".service"), filepath.Join(unitDir(t), unit(alias)+".socket")
	token := filepath.Join(b.home, ".config/ringlet/credentials/local", alias)
	settings := filepath.Join(b.home, ".claude-profiles", alias, ".claude/settings.json")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name    string
		harm    func()
		check   string
		words   string
		failing bool
		did     string
	}{
		{"a token for all to read", func() { do(os.Chmod(token, 0o644)) }, "permissions", token + " can be read by others (mode 0644)", true, "its mode is 0600 now"},
		{"an edited unit", func() {
			text, err := os.ReadFile(service)
			do(err)
			do(os.WriteFile(service, []byte(strings.Replace(string(text), "TimeoutStopSec=5s", "TimeoutStopSec=50s", 1)), 0o644))
			mustSystemctl(t, "daemon-reload")
		}, "units", unit(alias) + ".service was edited by hand", false, "wrote the unit files anew and reloaded the manager"},
		{"a missing unit", func() { do(os.Remove(socket)) }, "units", unit(alias) + ".socket is missing", true, "wrote the unit files anew"},
		{"a unit that is not enabled", func() { mustSystemctl(t, "disable", unit(alias)+".service") }, "units", "nothing starts the proxy at login", true, "wrote the unit files anew"},
		{"settings that lead elsewhere", func() {
			text, err := os.ReadFile(settings)
			do(err)
			do(os.WriteFile(settings, []byte(strings.Replace(string(text), "http://127.0.0.1:", "http://127.0.0.2:", 1)), 0o600))
		}, "agent", "the agent does not use its proxy", true, "pointed the agent's settings at the proxy"},
		{"a configuration that was removed", func() {
			do(os.Remove(filepath.Join(b.home, ".claude-profiles", alias, ".ultrallm/config.yaml")))
		}, "config", "config.yaml is missing", false, "wrote it anew"},
		{"a configuration that is broken, and was refused", func() {
			config := filepath.Join(b.home, ".claude-profiles", alias, ".ultrallm/config.yaml")
			text, err := os.ReadFile(config)
			do(err)
			do(os.WriteFile(config, append(text, "}{\n"...), 0o600))
			b.refused(1, []string{"refused its new configuration"}, "proxy", "reload", alias)
		}, "engine", "it refused the newest", true, "config.yaml.broken"},
		{"a lost register of ports", func() { do(os.Remove(filepath.Join(b.home, ".config/ringlet/ports.json"))) }, "units", "no port is written down", true, "wrote the unit files anew"},
		{"a lost register of ports, and its source", func() {
			do(os.Remove(filepath.Join(b.home, ".config/ringlet/ports.json")))
			do(os.Remove(filepath.Join(b.home, ".claude-profiles", alias, ".ultrallm/config.yaml")))
		}, "units", "no port is written down", true, "wrote the unit files anew"},
		{"a broken register of ports", func() {
			do(os.WriteFile(filepath.Join(b.home, ".config/ringlet/ports.json"), []byte("{"), 0o600))
		}, "files", "ports.json", true, "made it anew from the profiles' config.yaml"},
		{"a start limit that was hit", func() {
			for range 30 {
				// Until the limit, ten in a minute, is reached; the last ones fail.
				if code, _ := systemctl(t, "restart", unit(alias)+".service"); code != 0 {
					break
				}
			}
			b.is(alias, "failed")
		}, "state", "the init system gave up", true, "reset the failure and started it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.harm()
			code := 0
			if tc.failing {
				code = 1
			}
			found := b.doctor(code)
			if len(found) == 0 || found[0].Check != tc.check || !strings.Contains(found[0].Finding, tc.words) || found[0].Fix == "" || found[0].Fixed {
				t.Errorf("it finds %+v", found)
			}
			mended := b.doctor(0, "--fix")
			if len(mended) != 1 || !mended[0].Fixed || !strings.Contains(mended[0].Fix, tc.did) {
				t.Errorf("mending: %+v", mended)
			}
			b.well("after " + tc.name + " was mended")
			b.is(alias, "running")
		})
	}
	// A restart has the port from the unit as well: the agent's settings have it.
	for _, restart := range [][]string{{"proxy", "restart", alias}, {"daemon", "restart"}} {
		do(os.Remove(filepath.Join(b.home, ".config/ringlet/ports.json")))
		do(os.Remove(filepath.Join(b.home, ".claude-profiles", alias, ".ultrallm/config.yaml")))
		b.ok(restart...)
		b.well(fmt.Sprintf("after %q without a register of ports", restart))
	}
	backup := filepath.Join(b.home, ".config/ringlet/backup", unit(alias)+".service.edited-1")
	if text, err := os.ReadFile(backup); err != nil || !strings.Contains(string(text), "TimeoutStopSec=50s") {
		t.Errorf("the edited unit is not kept: %v", err)
	}
}

// What only its user may mend: a program that always fails, a proxy stopped by
// hand, and a token that is gone, which takes a restart.
func TestAcceptanceDoctorTells(t *testing.T) {
	b := newBed(t)
	alias := b.alias("doctor-tells")
	b.create(alias)
	is := func(code int, check, words, fix string) {
		t.Helper()
		for _, args := range [][]string{nil, {"--fix"}} {
			found := b.doctor(code, args...)
			if len(found) != 1 || found[0].Check != check || !strings.Contains(found[0].Finding, words) || !strings.Contains(found[0].Fix, fix) || found[0].Fixed {
				t.Errorf("%v: it finds %+v", args, found)
			}
		}
	}
	b.ok("proxy", "stop", alias)
	is(0, "state", "it is stopped", "ringlet proxy start "+alias)
	b.is(alias, "stopped")

	dropIn := filepath.Join(unitDir(t), unit(alias)+".service.d")
	b.t.Cleanup(func() { _ = os.RemoveAll(dropIn) })
	if err := os.MkdirAll(dropIn, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dropIn, "bad.conf"), []byte("[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=60s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustSystemctl(t, "daemon-reload")
	b.refused(4, []string{"exited with status 1"}, "proxy", "start", alias)
	is(1, "state", "it ends as often as it is started (exit-code", "ringlet proxy logs "+alias)
	if err := os.RemoveAll(dropIn); err != nil {
		t.Fatal(err)
	}
	mustSystemctl(t, "daemon-reload")
	b.ok("proxy", "start", alias)
	b.well("after the drop-in went")

	if err := os.Remove(filepath.Join(b.home, ".config/ringlet/credentials/local", alias)); err != nil {
		t.Fatal(err)
	}
	is(1, "agent", "its local token, which its agent carries, cannot be read", "ringlet proxy enable "+alias)
	b.ok("proxy", "enable", alias)
	b.well("after the token was made anew")
}

// A port that another program took is named with the program, and --fix moves
// the proxy to another.
func TestAcceptanceDoctorPort(t *testing.T) {
	b := newBed(t)
	alias := b.alias("doctor-port")
	b.create(alias)
	b.ok("proxy", "stop", alias)
	port := b.is(alias, "stopped").Port
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found := b.doctor(1)
	if len(found) == 0 || found[0].Check != "port" || !strings.Contains(found[0].Finding, fmt.Sprintf("port %d is taken by ringlet.test (pid %d)", port, os.Getpid())) {
		t.Errorf("it finds %+v", found)
	}
	if mended := b.doctor(0, "--fix"); len(mended) == 0 || !mended[0].Fixed || !strings.Contains(mended[0].Fix, "moved the proxy to http://127.0.0.1:") {
		t.Errorf("mending: %+v", mended)
	}
	b.well("after the move")
	if s := b.is(alias, "running"); s.Port == port {
		t.Errorf("it is still on port %d", port)
	}
}

// The binary of a running engine is replaced: the doctor says so, and leaves the
// restart, which cuts streams, to the user.
func TestAcceptanceDoctorBinary(t *testing.T) {
	b := newBed(t)
	text, err := os.ReadFile(b.exe)
	if err != nil {
		t.Fatal(err)
	}
	b.exe = filepath.Join(t.TempDir(), "ringlet")
	replace := func() {
		t.Helper()
		if err := os.WriteFile(b.exe+".new", text, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(b.exe+".new", b.exe); err != nil {
			t.Fatal(err)
		}
	}
	replace()
	alias := b.alias("doctor-binary")
	b.create(alias)
	replace()
	for _, args := range [][]string{nil, {"--fix"}} {
		found := b.doctor(0, args...)
		if len(found) != 1 || found[0].Check != "binary" || found[0].Fix != "ringlet proxy restart "+alias || found[0].Fixed {
			t.Errorf("%v: it finds %+v", args, found)
		}
	}
	b.ok("proxy", "restart", alias)
	b.well("after the restart")
}

// A profile whose file was removed by hand leaves units, a port, a token and
// changed settings behind: all of it goes, and the settings are as before.
func TestAcceptanceDoctorOrphans(t *testing.T) {
	b := newBed(t)
	alias, other := b.alias("doctor-orphan"), b.alias("doctor-stays")
	b.create(other)
	settings := ".claude-profiles/" + alias + "/.claude/settings.json"
	before := `{"model":"opus"}`
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	b.write(settings, before)
	b.ok("proxy", "enable", alias)
	if err := os.Remove(filepath.Join(b.home, ".config/ringlet/profiles", alias+".json")); err != nil {
		t.Fatal(err)
	}
	found := b.doctor(0)
	if len(found) != 4 {
		t.Errorf("it finds %+v", found)
	}
	for _, f := range found {
		if f.Check != "orphans" || f.Profile != alias {
			t.Errorf("it finds %+v", f)
		}
	}
	if mended := b.doctor(0, "--fix"); len(mended) != 4 {
		t.Errorf("mending: %+v", mended)
	}
	b.well("after it went")
	if left := unitFilesOf(t, alias); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if text, err := os.ReadFile(filepath.Join(b.home, settings)); err != nil || string(text) != before {
		t.Errorf("the agent's settings are %s (%v), and were %s", text, err, before)
	}
	b.is(other, "running")
	// Another home of this user sees nothing of either.
	another := newBed(t)
	if found := another.doctor(0, "--fix"); len(found) > 0 {
		t.Errorf("another home's doctor finds %+v", found)
	}
	b.is(other, "running")
}

// The shell's way to the network that the service has not is named, recorded on
// request, and reaches the engine with its next start.
func TestAcceptanceDoctorEnvironment(t *testing.T) {
	b := newBed(t)
	alias := b.alias("doctor-env")
	b.create(alias)
	b.setenv("NO_PROXY", `odd "value" 100% $HOME, .example.com`)
	found := b.doctor(0)
	if len(found) != 1 || found[0].Check != "environment" || !strings.Contains(found[0].Fix, "ringlet proxy environment "+alias+" --record") {
		t.Fatalf("it finds %+v", found)
	}
	b.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
	b.refused(1, []string{"HTTPS_PROXY", "password"}, "proxy", "environment", alias, "--record")
	b.setenv("HTTPS_PROXY", "")
	b.ok("proxy", "environment", alias, "--record")
	b.ok("proxy", "restart", alias)
	b.well("after it was recorded")
	pid := b.is(alias, "running").PID
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || !strings.Contains("\x00"+string(env), "\x00NO_PROXY="+`odd "value" 100% $HOME, .example.com`+"\x00") {
		t.Errorf("the engine's environment (%v): %q", err, env)
	}
	b.ok("proxy", "environment", alias, "--clear")
	b.ok("proxy", "restart", alias)
	if b.is(alias, "running").PID == pid {
		t.Error("it did not restart")
	}
	if found := b.doctor(0); len(found) != 1 {
		t.Errorf("after it was cleared: %+v", found)
	}
}
