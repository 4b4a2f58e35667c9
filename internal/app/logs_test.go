package app

import (
	"testing"
	"time"
)

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 11, 26, 19, 15, 0, 0, time.FixedZone("here", 3600))
	for text, want := range map[string]string{
		"1h": "2026-11-26T18:15:00+01:00", "90m": "2026-11-26T17:45:00+01:00", "1h30m": "2026-11-26T17:45:00+01:00", "2d": "2026-11-24T19:15:00+01:00",
		"10 min ago": "2026-11-26T19:05:00+01:00", "1 week ago": "2026-11-19T19:15:00+01:00", "1 hour 5 minutes ago": "2026-11-26T18:10:00+01:00",
		"today": "2026-11-26T00:00:00+01:00", "Yesterday": "2026-11-25T00:00:00+01:00", " 30s ": "2026-11-26T19:14:30+01:00",
		"2026-01-18": "2026-01-18T00:00:00+01:00", "2026-01-18 10:30": "2026-01-18T10:30:00+01:00", "2026-01-18 10:30:05": "2026-01-18T10:30:05+01:00",
		"2026-01-18T10:30:00Z": "2026-01-18T10:30:00Z", "9:05": "2026-11-26T09:05:00+01:00", "19:15:00": "2026-11-26T19:15:00+01:00", "19:16": "", "25:00": "",
		"": "", "ago": "", "h": "", "1": "", "-1h": "", "tomorrow": "", "2026-13-01": "", "2026-11-27": "", "1h ago now": "", "9999999h": "",
	} {
		at, err := ParseSince(text, now)
		got := ""
		if err == nil {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q (%v), not %q", text, got, err, want)
		}
	}
}

func FuzzParseSince(f *testing.F) {
	for _, s := range []string{"1h", "10 min ago", "2026-01-18 10:30", "1h 2m", "999999w999999w"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 26, 19, 15, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := ParseSince(s, now); err == nil && at.After(now) {
			t.Errorf("%q is %v, after %v", s, at, now)
		}
	})
}
