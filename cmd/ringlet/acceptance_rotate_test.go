//go:build testbed

package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// A rotated token: the running engine takes the new one up without a restart, the
// agent's settings carry it, and the old one goes on until it is revoked.
func TestAcceptanceTokenRotate(t *testing.T) {
	b := newBed(t)
	alias := b.alias("rotate")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	old := b.client(alias, true)
	pid := b.is(alias, "running").PID
	answers := func(c *client, want int) {
		t.Helper()
		if a, err := c.post(t.Context(), message("plain", false)); err != nil || a.status != want {
			t.Errorf("%v, status %d, not %d", err, a.status, want)
		}
	}
	for _, ends := range [][]string{{"proxy", "token", "revoke", alias}, {"proxy", "token", "rotate", alias, "--grace", "0"}} {
		before := b.token(alias)
		says(t, b.ok("proxy", "token", "rotate", alias), "the running proxy takes it", "can go on with it until")
		if b.token(alias) == before {
			t.Fatal("the token is as it was")
		}
		if settings := b.read(".claude-profiles/" + alias + "/.claude/settings.json"); !strings.Contains(settings, b.token(alias)) || strings.Contains(settings, before) {
			t.Error("the agent's settings do not carry the new token alone")
		}
		if s := b.is(alias, "running"); s.PID != pid || len(s.Problems) > 0 {
			t.Errorf("after the rotation: %+v", s)
		}
		answers(old, http.StatusOK)
		answers(b.client(alias, false), http.StatusOK)
		b.ok(ends...)
		answers(old, http.StatusUnauthorized)
		answers(b.client(alias, false), http.StatusOK)
		old = b.client(alias, true)
	}
	// What is interrupted between the two writes is gone on with, here by enable.
	b.write(".config/ringlet/credentials/local/.previous/"+alias, b.token(alias)+"\n")
	b.ok("proxy", "enable", alias)
	if b.exists(".config/ringlet/credentials/local/.previous/" + alias) {
		t.Error("enable left a rotation begun")
	}
}

// Agents that run, with the token from before, lose no request by a rotation;
// neither do those that start in its midst.
func TestAcceptanceTokenRotatedUnderLoad(t *testing.T) {
	b := newBed(t)
	alias := b.alias("rotate-load")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	var took []time.Duration
	requests := int64(0)
	for range 4 {
		clients := startLoad(b, alias, 4)
		began := time.Now()
		b.ok("proxy", "token", "rotate", alias)
		took = append(took, time.Since(began))
		after := startLoad(b, alias, 2)
		b.ok("proxy", "reload", alias)
		clients.lost(t)
		after.lost(t)
		requests += clients.requests.Load() + after.requests.Load()
	}
	t.Logf("%d requests, 0 failed, over 4 rotations of the token under load; a rotation takes %v (median)", requests, median(took).Round(time.Millisecond))
}

// restart --when-idle cuts nothing: it waits for a stream that is longer than the
// drain, and gives up after its time.
func TestAcceptanceRestartWhenIdle(t *testing.T) {
	b := newBed(t)
	alias := b.alias("whenidle")
	b.create(alias)
	c := b.client(alias, false)
	pid := b.is(alias, "running").PID
	release := b.hold()
	open := openStream(t, c, "held")
	b.refused(1, []string{"1 request is open"}, "proxy", "restart", alias, "--when-idle", "--timeout", "200ms")
	const waiting = "is idle: 1 request is open"
	interrupted := b.begin("proxy", "restart", alias, "--when-idle")
	interrupted.says(waiting)
	if err := interrupted.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	interrupted.ends(130)
	if now := b.is(alias, "running").PID; now != pid {
		t.Errorf("Ctrl-C: the engine is pid %d, and was %d", now, pid)
	}
	all := b.begin("proxy", "restart", "--all", "--when-idle", "--timeout", "5m")
	all.says("waiting until the proxy of \"" + alias + "\" " + waiting)
	release()
	open.whole(t)
	all.ends(0)
	all.says("Restarted the proxy of \"" + alias + "\".")
	if s := b.is(alias, "running"); s.PID == pid {
		t.Error("it was not restarted")
	}
}
