//go:build testbed

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killedAfter runs a command and kills it with SIGKILL after a while, unless it
// has ended by then.
func (b *bed) killedAfter(after time.Duration, args ...string) (killed bool, took time.Duration) {
	b.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.t.Context()), after) // whose end kills it
	defer cancel()
	out, err := b.command(ctx, args...).CombinedOutput()
	if err != nil && ctx.Err() == nil {
		b.t.Errorf("ringlet %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return ctx.Err() != nil, time.Since(began)
}

// enable, disable, create and delete can be killed at any moment: typed again they
// succeed, and in the end nothing is left that would not be there otherwise.
func TestAcceptanceInterruptedCommandsAreMended(t *testing.T) {
	b := newBed(t)
	alias := b.alias("cut")
	b.deleteAtEnd(alias)
	const settings = "{\n  \"model\": \"opus\",\n\t\"env\": {\"EDITOR\": \"vi\"}  }\n" // odd on purpose
	enable, disable := []string{"proxy", "enable", alias}, []string{"proxy", "disable", alias}
	create, remove := []string{"profiles", "create", "claude", alias, "--proxy", "-p", "first"}, []string{"profiles", "delete", alias}

	// Once without interruption, for the time that each takes and what is there then.
	took := map[string]time.Duration{}
	clean := func(args []string) { took[args[1]] = b.ok(args...).took }
	b.write(settingsFile(alias), settings)
	clean(create)
	clean(disable)
	disabled := b.tree()
	clean(enable)
	clean(remove)
	b.nothingLeft(alias)
	without := b.tree()

	const rounds = 9
	killed, wanted := 0, kills(t)
	kill := func(round int, args []string) bool {
		// Spread over the command's time, a little beyond it, and never quite the same.
		at := took[args[1]] * time.Duration(round) / time.Duration(rounds-1)
		at += time.Duration(rand.Int64N(int64(took[args[1]]) / int64(rounds)))
		cut, ran := b.killedAfter(at, args...)
		if cut {
			killed++
		} else { // the machine was busier when it was measured
			took[args[1]] = min(took[args[1]], ran)
		}
		return cut
	}
	n := 0
	for ; n < rounds || killed < wanted || killed < rounds && n < 4*rounds; n++ {
		round := n % rounds
		if kill(round, create); !b.exists(profileFile(alias)) {
			b.ok(create...)
		} else if o := b.try(create...); o.code != 1 || !strings.Contains(o.stderr, "already a profile") {
			t.Errorf("after a killed create the same should succeed or say that the profile is there\n%v", o)
		} else {
			b.ok(enable...) // what create was about to do
		}
		b.worksAndPoints(alias)

		kill(round, disable)
		b.ok(disable...)
		b.nothingLeft(alias)
		b.sameBut(disabled, profileFile(alias), fmt.Sprintf("round %d, a killed disable", round))

		kill(round, enable)
		b.ok(enable...)
		b.worksAndPoints(alias)

		if kill(round, remove); b.exists(profileFile(alias)) {
			b.ok(remove...)
		}
		b.nothingLeft(alias)
		b.same(without, fmt.Sprintf("round %d, a killed delete", round))
		if t.Failed() {
			return
		}
	}
	t.Logf("%d commands were killed of %d; undisturbed they take %v", killed, 4*n, took)
	if killed < rounds {
		t.Errorf("only %d of %d commands were killed before their end", killed, 4*n)
	}
	if got := b.read(settingsFile(alias)); got != settings {
		t.Errorf("the agent's settings are %q, and were %q", got, settings)
	}
}

// kills is how many commands are to be killed at least: KILLS, of `make faults`.
func kills(t testing.TB) int {
	text := os.Getenv("KILLS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("KILLS=%q is not a number", text)
	}
	return n
}

// worksAndPoints fails unless the proxy serves and the agent points at it.
func (b *bed) worksAndPoints(alias string) {
	b.t.Helper()
	s := b.is(alias, "running")
	if len(s.Problems) > 0 {
		b.t.Errorf("problems: %q", s.Problems)
	}
	a, err := b.client(alias, false).post(b.t.Context(), message("any", false))
	if err != nil || a.status != http.StatusOK {
		b.t.Errorf("a request: %v, status %d: %s", err, a.status, a.body)
	}
	settings := b.read(settingsFile(alias))
	for _, word := range []string{fmt.Sprintf(`"http://127.0.0.1:%d"`, s.Port), `"` + b.token(alias) + `"`, `"model": "opus"`, `"EDITOR": "vi"`} {
		if !strings.Contains(settings, word) {
			b.t.Errorf("%s is not in the agent's settings: %s", word, settings)
		}
	}
	if state := property(b.t, unit(alias)+".service", "UnitFileState"); state != "enabled" {
		b.t.Errorf("the unit is %s", state)
	}
}

// nothingLeft fails when the user manager still knows the proxy, or a file of
// it is left, or its port or token is.
func (b *bed) nothingLeft(alias string) {
	b.t.Helper()
	if files := unitFilesOf(b.t, alias); len(files) > 0 {
		b.t.Errorf("left in the unit folder: %q", files)
	}
	// It forgets a unit when it comes to it, which a busy one does a moment later.
	eventually(b.t, patience, func() error {
		if out := mustSystemctl(b.t, "list-units", "--all", "--plain", "--no-legend", unit(alias)+"*"); out != "" {
			return fmt.Errorf("the user manager still knows %s", out)
		}
		return nil
	})
	if b.exists(tokenFile(alias)) {
		b.t.Error("the local token is left")
	}
	if data, err := os.ReadFile(b.path(".config/ringlet/ports.json")); err == nil && strings.Contains(string(data), alias) {
		b.t.Errorf("the port is not released: %s", data)
	}
}

// sameBut is same for all files but one, which has a number that rises.
func (b *bed) sameBut(before map[string]string, but, after string) {
	b.t.Helper()
	before[but] = b.tree()[but]
	b.same(before, after)
}
