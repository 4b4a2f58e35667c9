//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// strangerPort is where packaging/testbed/suite has another user of the machine
// listen: a scripted upstream of mallory's, which counts what it is sent.
const strangerPort = 8899

// strangerHeard is how many requests mallory's listener has had.
func strangerHeard(t testing.TB) int {
	t.Helper()
	client := &http.Client{Timeout: time.Second}
	deadline := time.Now().Add(10 * time.Second)
	for {
		resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/__stats", strangerPort))
		if err != nil {
			if time.Now().After(deadline) {
				t.Fatalf("%v; packaging/testbed/suite starts another user's listener there", err)
			}
			continue
		}
		var stats gatewaytest.Stats
		err = json.NewDecoder(resp.Body).Decode(&stats)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		return stats.Total
	}
}

// A port that another user of the machine listens on is never trusted: not a
// byte is sent there, not even a request without the token.
func TestAcceptanceAnotherUsersPort(t *testing.T) {
	b := newBed(t)
	before := strangerHeard(t)
	alias := b.alias("stranger")

	// Pinned, it is refused, and its holder is named.
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	untouched := b.tree()
	b.refused(1, []string{fmt.Sprint(strangerPort), "mallory"}, "proxy", "enable", alias, "--port", fmt.Sprint(strangerPort))
	b.same(untouched, "an enable that was refused")

	// Without an init system the port was given out before mallory took it.
	b.unmanaged()
	session := b.alias("stranger-session")
	b.create(session)
	ports := filepath.Join(b.home, ".config", "ringlet", "ports.json")
	registry, err := os.ReadFile(ports)
	if err != nil {
		t.Fatal(err)
	}
	var state []struct{ Port int }
	if err := json.Unmarshal([]byte(b.ok("proxy", "status", session, "--json").stdout), &state); err != nil || len(state) != 1 {
		t.Fatalf("status: %v, %v", state, err)
	}
	stolen := strings.Replace(string(registry), fmt.Sprint(state[0].Port), fmt.Sprint(strangerPort), 1)
	if err := os.WriteFile(ports, []byte(stolen), 0o600); err != nil {
		t.Fatal(err)
	}
	b.write("bin/claude", "#!/bin/sh\necho the agent runs at $(grep -o 'http://[^\"]*' $CLAUDE_CONFIG_DIR/settings.json)\n")
	if err := os.Chmod(filepath.Join(b.home, "bin", "claude"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.setenv("PATH", filepath.Join(b.home, "bin")+":/usr/bin:/bin")
	o := b.ok("profiles", "run", session)
	if !strings.Contains(o.stderr, "mallory") || !strings.Contains(o.stderr, "another port") {
		t.Errorf("it does not say who has the port, and that it takes another one\n%v", o)
	}
	if !strings.Contains(o.stdout, "the agent runs at http://127.0.0.1:") || strings.Contains(o.stdout, fmt.Sprint(strangerPort)) {
		t.Errorf("the agent's address\n%v", o)
	}
	if now := strangerHeard(t); now != before {
		t.Errorf("another user's listener was sent %d requests", now-before)
	}
}
