//go:build testbed

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// Every request is one structured record in the journal, and one line of proxy.log.
func TestAcceptanceJournalRecord(t *testing.T) {
	b := newBed(t)
	alias := b.alias("record")
	b.create(alias)
	b.rule(alias, "everything", "always", "second/quick-1")
	c := b.client(alias, true)
	for _, stream := range []bool{false, true} {
		if a, err := c.post(t.Context(), message("asked-for", stream)); err != nil || a.status != 200 {
			t.Fatalf("%v, status %d: %s", err, a.status, a.body)
		}
	}
	b.upstream.SetScript(func(*gatewaytest.Request) gatewaytest.Reply { return gatewaytest.Error(400, "no such thing") })
	if a, err := c.post(t.Context(), message("asked-for", false)); err != nil || a.status != 400 {
		t.Fatalf("%v, status %d: %s", err, a.status, a.body)
	}

	// Records are in the order of their requests: the last one is there, so all are.
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_STATUS"] == "400" })
	records := journal(t, alias, func(f map[string]any) bool { return f["RINGLET_PATH"] == "/v1/messages" })
	if len(records) != 3 {
		t.Fatalf("%d records of 3 requests: %v", len(records), records)
	}
	for i, f := range records {
		want := map[string]string{"RINGLET_PROFILE": alias, "RINGLET_RULE": "everything", "RINGLET_TARGET": "second/quick-1", "RINGLET_MODEL": "asked-for",
			"RINGLET_METHOD": "POST", "RINGLET_STATUS": "200", "RINGLET_OUTCOME": "ok", "RINGLET_CACHE_READ_TOKENS": "7", "RINGLET_CACHE_WRITE_TOKENS": "3",
			"_SYSTEMD_USER_UNIT": unit(alias) + ".service"}
		numbers := []string{"RINGLET_FIRST_BYTE_MS", "RINGLET_DURATION_MS", "RINGLET_INPUT_TOKENS", "RINGLET_OUTPUT_TOKENS"}
		if i == 2 {
			want["RINGLET_STATUS"] = "400"
			delete(want, "RINGLET_OUTCOME")
			delete(want, "RINGLET_CACHE_READ_TOKENS")
			delete(want, "RINGLET_CACHE_WRITE_TOKENS")
			numbers = numbers[1:2]
		}
		for name, value := range want {
			if f[name] != value {
				t.Errorf("record %d: %s is %v, not %q", i+1, name, f[name], value)
			}
		}
		for _, name := range numbers {
			text, _ := f[name].(string)
			if n, err := strconv.Atoi(text); err != nil || n < 0 {
				t.Errorf("record %d: %s is %q, no number", i+1, name, f[name])
			}
		}
		if text := fmt.Sprint(f["MESSAGE"]); !strings.Contains(text, "everything -> second/quick-1: ") {
			t.Errorf("record %d: the message is %q", i+1, text)
		}
	}
	// The lines are written after the records.
	eventually(t, patience, func() error {
		log := b.read(logFile(alias))
		if n := strings.Count(log, "path=/v1/messages status=200 outcome=ok rule=everything target=second/quick-1 model=asked-for"); n != 2 {
			return fmt.Errorf("%d lines of proxy.log are about the two good requests:\n%s", n, log)
		}
		return nil
	})
	if info, err := os.Stat(b.path(logFile(alias))); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("proxy.log: %v, %v; only its owner may read it", info.Mode(), err)
	}
	if o := b.ok("proxy", "logs", alias, "--lines", "5"); !strings.Contains(o.stdout, "everything -> second/quick-1: 400") {
		t.Errorf("proxy logs has not the last request\n%v", o)
	}
}
