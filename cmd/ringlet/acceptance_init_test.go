//go:build testbed

package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// init makes a profile whose proxy is enabled and answers, with the key of this
// shell stored for it.
func TestAcceptanceInit(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	b.ok("providers", "logout", "first")
	b.setenv("FIRST_KEY", bedKey("first"))
	alias := b.alias("init")
	b.deleteAtEnd(alias)
	o := b.ok("init", "--yes", "--alias", alias, "--provider", "first")
	for _, word := range []string{"Stored the key of first", "The proxy of \"" + alias + "\" runs on", "A test request through the proxy was answered in "} {
		if !strings.Contains(o.stderr, word) {
			t.Errorf("%q is not in it\n%v", word, o)
		}
	}
	if requests := b.upstream.Requests(); len(requests) != 1 || requests[0].Key != bedKey("first") {
		t.Errorf("the provider was asked %+v; it should have been once, with the key", requests)
	}
	b.client(alias, false).answered(t, "any", "first")
}

// An interrupt takes back what was made, or leaves a profile that is whole.
func TestAcceptanceInitInterrupted(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	b.ok("providers", "logout", "first")
	b.setenv("FIRST_KEY", bedKey("first"))
	alias := b.alias("stop")
	b.deleteAtEnd(alias)
	args := []string{"init", "--yes", "--alias", alias, "--provider", "first"}
	took := b.ok(args...).took
	const rounds = 8
	undone := 0
	// A command that ends before its interrupt says how long it takes by now.
	for round := 0; round < rounds || undone == 0 && round < 4*rounds; round++ {
		if b.exists(profileFile(alias)) {
			b.ok("profiles", "delete", alias)
		}
		b.ok("providers", "logout", "first")
		cmd := b.command(context.WithoutCancel(t.Context()), args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(took*time.Duration(round%rounds+1)/rounds, func() { _ = cmd.Process.Signal(os.Interrupt) })
		_ = cmd.Wait() // its exit code is looked at
		if timer.Stop() {
			took = min(took, time.Since(began))
		}
		switch code := cmd.ProcessState.ExitCode(); {
		case b.exists(profileFile(alias)):
			if code != 0 && code != 130 {
				t.Errorf("round %d: exit code %d\n%s", round, code, said.String())
			}
			if s := b.status(alias); s.Status != "running" {
				t.Fatalf("round %d: a profile was left whose proxy is %s\n%s", round, s.Status, said.String())
			}
			b.client(alias, false).answered(t, "any", "first")
		case code == 130 || code == -1: // -1: before anything listened for the signal
			undone++
			b.nothingLeft(alias)
			if b.exists(".config/ringlet/credentials/first") {
				t.Errorf("round %d: the key is left", round)
			}
		default:
			t.Errorf("round %d: exit code %d\n%s", round, code, said.String())
		}
	}
	if undone == 0 {
		t.Error("no interrupt came while something was being made")
	}
}
