//go:build testbed

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/profiles"
)

// startStranger has another user of this machine listen on a port until the end
// of the test. heard is what that user was asked.
func startStranger(t testing.TB, port int) (heard func() string) {
	t.Helper()
	ask := asks + "stranger"
	if err := os.Remove(ask + "-log"); err != nil && !os.IsNotExist(err) { // of the listener before
		t.Fatal(err)
	}
	if err := os.WriteFile(ask+"-new", fmt.Append(nil, port), 0o644); err != nil {
		t.Fatalf("%v; these tests run in packaging/testbed", err)
	}
	if err := os.Rename(ask+"-new", ask); err != nil { // so that it is there with its content
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(ask); err != nil {
			t.Error(err)
		}
		eventually(t, patience, func() error {
			if holder := profiles.HolderOf(port); strings.Contains(holder, "mallory") {
				return fmt.Errorf("port %d is still held by %s", port, holder)
			}
			return nil
		})
	})
	log := func() string {
		text, err := os.ReadFile(ask + "-log")
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		return string(text)
	}
	said := fmt.Sprintf("listening on http://127.0.0.1:%d\n", port)
	eventually(t, patience, func() error {
		if !strings.HasPrefix(log(), said) {
			return fmt.Errorf("the other user does not listen: %q", log())
		}
		return nil
	})
	return func() string { return strings.TrimPrefix(log(), said) }
}

// Another user of the machine who takes the port is not even asked anything: the
// kernel says whose the listener is.
func TestAcceptanceAnotherUsersListener(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("stranger")
	b.create(alias)
	port := b.is(alias, "running").Port
	b.ok("proxy", "stop", alias)
	heard := startStranger(t, port)

	if o := b.ok("proxy", "status", alias); !strings.Contains(o.stderr, "mallory") {
		t.Errorf("status should say whose the listener is\n%v", o)
	}
	pinned := b.alias("stranger-pin")
	b.deleteAtEnd(pinned)
	b.ok("profiles", "create", "claude", pinned, "-p", "first")
	untouched := b.tree()
	b.refused(1, []string{fmt.Sprint(port)}, "proxy", "enable", pinned, "--port", fmt.Sprint(port))
	b.same(untouched, "an enable that was refused")
	if o := b.try("profiles", "run", alias, "--", "-p", "hi"); o.code != 7 || !strings.Contains(o.stderr, fmt.Sprint(port)) {
		t.Errorf("it should run the agent, and say that it uses another port than %d\n%v", port, o)
	}
	if s := b.is(alias, "running"); s.Port == port || !strings.Contains(b.read("agent-settings"), fmt.Sprintf("http://127.0.0.1:%d\"", s.Port)) {
		t.Errorf("the proxy is on port %d, and the agent was told %s", s.Port, b.read("agent-settings"))
	}
	b.client(alias, false).answered(t, "any", "first")

	// A pinned port is the user's choice: refused, with the holder's name.
	b.ok("proxy", "stop", alias)
	b.write(profileFile(alias), strings.Replace(b.read(profileFile(alias)), `"port": null`, fmt.Sprintf(`"port": %d`, port), 1))
	b.refused(1, []string{fmt.Sprint(port), "mallory"}, "profiles", "run", alias)
	if text := heard(); text != "" {
		t.Errorf("the other user was asked:\n%s", text)
	}
}

// The same without an init system, where the port was given out before mallory took it.
func TestAcceptanceAnotherUsersListenerInASession(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	b.unmanaged()
	alias := b.alias("stranger-session")
	b.create(alias)
	port := b.status(alias).Port
	heard := startStranger(t, port)
	o := b.try("profiles", "run", alias)
	if o.code != 7 || !strings.Contains(o.stderr, "mallory") || !strings.Contains(o.stderr, "another port") {
		t.Errorf("it should run the agent, and say who has the port and that it uses another one\n%v", o)
	}
	if settings := b.read("agent-settings"); !strings.Contains(settings, "http://127.0.0.1:") || strings.Contains(settings, fmt.Sprint(port)) {
		t.Errorf("the agent was told %s", settings)
	}
	if text := heard(); text != "" {
		t.Errorf("the other user was asked:\n%s", text)
	}
}
