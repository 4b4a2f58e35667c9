//go:build testbed

package service_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// The testbed allows user namespaces: a service there is as closed as one of a
// user's can be, and does its work.
func TestHardening(t *testing.T) {
	ctx := t.Context()
	probe := probeFile(t)
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "hardened")
	ssh := filepath.Join(os.Getenv("HOME"), ".ssh")
	must(t, os.MkdirAll(ssh, 0o700))
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "hardened"))
	pid := p.Answers().PID
	p.Answer = "second"
	p.Write()
	must(t, s.Reload(ctx, "hardened")) // its helper is in the same sandbox, and signals the engine

	svc := units.ServiceName("hardened")
	if got := show(t, svc, "PrivateUsers"); got != "yes" {
		t.Errorf("PrivateUsers=%s where user namespaces work", got)
	}
	out, err := exec.Command("systemd-analyze", "--user", "--no-pager", "security", svc).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no exposure level in:\n%s", out)
	}
	level, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil || level > 2.0 {
		t.Errorf("the exposure level is %s, %v; at most 2.0 is wanted:\n%s", m[1], err, out)
	}
	t.Logf("exposure level %v", level)
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	must(t, err)
	if !strings.Contains(string(mounts), " "+ssh+" ") {
		t.Errorf("nothing covers %s in the engine's mounts:\n%s", ssh, mounts)
	}

	// It is tried once, and leaves nothing behind.
	first, err := os.Stat(probe)
	must(t, err)
	must(t, s.Install(ctx, p.Spec))
	second, err := os.Stat(probe)
	must(t, err)
	if !os.SameFile(first, second) {
		t.Error("it was tried again in the same boot")
	}
	if list := output(t, "systemctl", "--user", "list-units", "--all", "--plain", "--no-legend", "ringlet-probe-*"); list != "" {
		t.Errorf("the trial left: %s", list)
	}
}

// Where user namespaces are off, the unit does without and starts all the same;
// another boot or another systemd is tried anew.
func TestWithoutUserNamespaces(t *testing.T) {
	ctx := t.Context()
	probe := probeFile(t)
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "unprivileged")
	must(t, s.Install(ctx, p.Spec)) // tries
	var found map[string]any
	data, err := os.ReadFile(probe)
	must(t, err)
	must(t, json.Unmarshal(data, &found))
	if found["namespaces"] != true {
		t.Fatalf("what was found out: %s", data)
	}
	say := func(key string, value any) {
		t.Helper()
		found[key] = value
		data, err := json.Marshal(found)
		must(t, err)
		must(t, os.WriteFile(probe, data, 0o600))
		must(t, s.Install(ctx, p.Spec))
	}
	svc := units.ServiceName("unprivileged")
	say("namespaces", false)
	if got := show(t, svc, "PrivateUsers"); got != "no" {
		t.Errorf("PrivateUsers=%s where user namespaces do not work", got)
	}
	must(t, s.Start(ctx, "unprivileged"))
	p.Answers()
	say("boot", "another")
	if got := show(t, svc, "PrivateUsers"); got != "yes" {
		t.Errorf("PrivateUsers=%s after another boot, which allows them", got)
	}
	say("namespaces", false)
	say("systemd", "1")
	if got := show(t, svc, "PrivateUsers"); got != "yes" {
		t.Errorf("PrivateUsers=%s with another systemd, which allows them", got)
	}
	must(t, s.Restart(ctx, "unprivileged"))
	p.Answers()
}

// A unit that does not start for its namespaces has them tried anew: they were
// switched off since.
func TestNamespacesSwitchedOff(t *testing.T) {
	ctx := t.Context()
	probe := probeFile(t)
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "switched")
	must(t, s.Install(ctx, p.Spec))
	dir := filepath.Join(unitDir(t), units.ServiceName("switched")+".d")
	must(t, os.MkdirAll(dir, 0o755))
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	// What 226 (EXIT_NAMESPACE) looks like without a machine that forbids them.
	must(t, os.WriteFile(filepath.Join(dir, "fail.conf"), []byte("[Service]\nReadWritePaths=/is/not/there\nRestart=no\n"), 0o644))
	systemctl(t, "daemon-reload")
	if err := s.Start(ctx, "switched"); err == nil || !strings.Contains(err.Error(), "226") {
		t.Errorf("start: %v; the exit status 226 is wanted", err)
	}
	if _, err := os.Stat(probe); err == nil {
		t.Error("what was found out before is believed still")
	}
	must(t, os.RemoveAll(dir))
	systemctl(t, "daemon-reload")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "switched"))
	p.Answers()
}

// probeFile is where the trial's outcome is kept; there is none at the beginning.
func probeFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "ringlet-probe.json")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) }) // the next one tries anew
	return path
}

func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
