//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// bedStatus is what the tests read of `proxy status --json`.
type bedStatus struct {
	Profile  string
	Port     int
	PID      int
	Status   string
	Restarts int
	Started  *time.Time
	Result   string
	Memory   int64   `json:"memory_bytes"`
	CPU      float64 `json:"cpu_seconds"`
	Idle     string
	Problems []string
	Health   *struct {
		Seq         int64
		PID         int
		ReloadError string `json:"reload_error"`
	}
}

// status asks again where the machine stood still for longer than the command waits
// for the answer of an engine that runs. One that never answers is no such machine's.
func (b *bed) status(alias string) (s bedStatus) {
	b.t.Helper()
	for again := 4; again >= 0; again-- {
		if s = b.statusOnce(alias); s.Status != "running" || !slices.ContainsFunc(s.Problems, tooLate) {
			break
		}
		b.t.Logf("%q", s.Problems)
	}
	return s
}

func (b *bed) statusOnce(alias string) bedStatus {
	b.t.Helper()
	o := b.ok("proxy", "status", alias, "--json")
	var list []bedStatus
	if err := json.Unmarshal([]byte(o.stdout), &list); err != nil || len(list) != 1 {
		b.t.Fatalf("a list of one is wanted (%v)\n%v", err, o)
	}
	return list[0]
}

// tooLate says of a problem that an engine did not answer in time.
func tooLate(problem string) bool {
	return strings.Contains(problem, "does not answer") && strings.HasSuffix(problem, "timed out")
}

// shows waits until `proxy status` of a proxy, the table or what is said about it, has
// the words: an engine is asked for two seconds, and a busy machine stands still for longer.
func (b *bed) shows(alias, words string) {
	b.t.Helper()
	eventually(b.t, patience, func() error {
		if o := b.ok("proxy", "status", alias); !strings.Contains(o.stdout+o.stderr, words) {
			return fmt.Errorf("status should say %q\n%v", words, o)
		}
		return nil
	})
}

// is fails unless the proxy's status is the word.
func (b *bed) is(alias, word string) bedStatus {
	b.t.Helper()
	s := b.status(alias)
	if s.Status != word {
		b.t.Fatalf("the proxy of %q is %s, not %s: %+v", alias, s.Status, word, s)
	}
	return s
}

// becomes waits until the proxy's status is the word, for what comes about by
// itself: an engine that was woken or restarted answers a moment before it has told
// systemd that it is ready.
func (b *bed) becomes(alias, word string) (s bedStatus) {
	b.t.Helper()
	eventually(b.t, patience, func() error {
		if s = b.status(alias); s.Status != word {
			return fmt.Errorf("the proxy of %q is %s, not %s: %+v", alias, s.Status, word, s)
		}
		return nil
	})
	return s
}

// state is is as an error, for what comes about by itself.
func (b *bed) state(alias, word string) error {
	if s := b.status(alias); s.Status != word {
		return fmt.Errorf("the proxy of %q is %s, not %s", alias, s.Status, word)
	}
	return nil
}
