//go:build testbed

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asks is where a test asks the testbed, by creating files, for what takes
// another user; see packaging/testbed.
const asks = "/var/lib/ringlet-testbed/"

// restartUserManager has the user manager restarted, as a boot starts it: for
// linger, and with nobody logged in.
func restartUserManager(t testing.TB) { t.Helper(); restartUserManagerWith(t, "") }

// restartUserManagerWith is restartUserManager with words that the testbed knows.
func restartUserManagerWith(t testing.TB, words string) {
	t.Helper()
	service := fmt.Sprintf("user@%d.service", os.Getuid())
	pid := func() string {
		out, err := exec.Command("systemctl", "show", "--property=MainPID", "--value", service).Output()
		if err != nil {
			t.Fatalf("systemctl show %s: %v", service, err)
		}
		return strings.TrimSpace(string(out))
	}
	before := pid()
	if err := os.WriteFile(asks+"restart.new", []byte(words+"\n"), 0o600); err != nil {
		t.Fatalf("%v; these tests run in packaging/testbed", err)
	}
	if err := os.Rename(asks+"restart.new", asks+"restart"); err != nil { // that it is there is what starts it
		t.Fatal(err)
	}
	eventually(t, 3*patience, func() error { // every engine has its drain
		if _, err := os.Lstat(asks + "restart"); err == nil {
			return errors.New("the user manager is not restarted yet")
		}
		return nil
	})
	if now := pid(); now == before || now == "0" {
		t.Fatalf("the user manager is pid %s, and was %s", now, before)
	}
	out, err := exec.Command("loginctl", "list-sessions", "--no-legend").CombinedOutput()
	for line := range strings.Lines(string(out)) {
		// From 256 on the user manager itself has a session, of the class manager.
		if !strings.Contains(line, " manager ") {
			t.Errorf("somebody is logged in: %s", line)
		}
	}
	if err != nil {
		t.Errorf("whether somebody is logged in cannot be told: %v", err)
	}
}

// After a restart of the user manager the proxies serve on the same ports before
// anyone logs in, those that were stopped by hand too; disabled ones stay away.
func TestAcceptanceServesAfterABoot(t *testing.T) {
	b := newBed(t)
	runs, stopped, off := b.alias("boot"), b.alias("boot-stopped"), b.alias("boot-off")
	for _, alias := range []string{runs, stopped, off} {
		b.create(alias)
	}
	b.rule(runs, "default", "always", "second/plain")
	b.ok("proxy", "stop", stopped)
	offPort := b.is(off, "running").Port
	b.ok("proxy", "disable", off)
	before := b.is(runs, "running")
	c, woken := b.client(runs, false), b.client(stopped, false)

	restartUserManager(t)
	// No ringlet command until here: systemd alone brings them back.
	c.answered(t, "any", "second")
	woken.answered(t, "any", "first")
	if now := b.becomes(runs, "running"); now.Port != before.Port || now.PID == before.PID || now.Restarts != 0 || len(now.Problems) > 0 {
		t.Errorf("status after the boot: %+v, before %+v", now, before)
	}
	b.becomes(stopped, "running")
	b.is(off, "disabled")
	if listening(t, offPort) {
		t.Errorf("somebody listens on port %d, which was the disabled proxy's", offPort)
	}
	// It is active once all that it wants has started, by the manager's next turn.
	eventually(t, patience, func() error {
		if state := property(t, "ringlet.target", "ActiveState"); state != "active" {
			return fmt.Errorf("ringlet.target is %s", state)
		}
		return nil
	})
	b.rule(runs, "later", "always", "third/plain", "--priority", "1")
	c.answered(t, "any", "third")
}
