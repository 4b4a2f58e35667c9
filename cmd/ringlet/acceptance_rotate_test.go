//go:build testbed

package main

import (
	"context"
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
	b.rule(alias, "default", "always", "first/slow-40x200")
	c := b.client(alias, false)
	pid := b.is(alias, "running").PID
	ended := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		a, err := c.post(ctx, message("slow-40x200", true))
		if err == nil && !strings.Contains(a.text(), "event: message_stop") {
			err = http.ErrAbortHandler
		}
		ended <- err
	}()
	eventually(t, 5*time.Second, func() error {
		if o := b.try("proxy", "restart", alias, "--when-idle", "--timeout", "200ms"); !strings.Contains(o.stderr, "1 request is open") || o.code != 1 {
			return http.ErrNotSupported
		}
		return nil
	})
	interrupted := b.command(t.Context(), "proxy", "restart", alias, "--when-idle")
	said := &strings.Builder{}
	interrupted.Stderr = said
	if err := interrupted.Start(); err != nil {
		t.Fatal(err)
	}
	after := time.AfterFunc(300*time.Millisecond, func() { _ = interrupted.Process.Signal(os.Interrupt) })
	defer after.Stop()
	if _ = interrupted.Wait(); interrupted.ProcessState.ExitCode() != 130 || b.is(alias, "running").PID != pid {
		t.Errorf("Ctrl-C: exit code %d: %s", interrupted.ProcessState.ExitCode(), said)
	}
	says(t, b.ok("proxy", "restart", "--all", "--when-idle", "--timeout", "25s"), "waiting until the proxy of \""+alias+"\" is idle: 1 request is open", "Restarted the proxy of \""+alias+"\".")
	if err := <-ended; err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	if s := b.is(alias, "running"); s.PID == pid {
		t.Error("it was not restarted")
	}
}
