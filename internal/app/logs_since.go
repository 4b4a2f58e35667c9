package app

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// ParseSince reads the beginning of a time until now: "1h", "90m", "1h30m", "2d",
// "10 min ago", "10:30" (today's), "today", "yesterday", "2026-01-18", "2026-01-18 10:30",
// "2026-01-18T10:30:00Z". Days and hours without a zone are those of now's.
func ParseSince(s string, now time.Time) (time.Time, error) {
	at, ok := parseSince(strings.TrimSpace(s), now)
	const examples = `say 1h, "10 min ago", 10:30, yesterday, 2026-01-18 or "2026-01-18 10:30"`
	if !ok {
		return time.Time{}, fault.New(fault.Usage, examples, "--since %q is no time", s)
	}
	if at.After(now) {
		return time.Time{}, fault.New(fault.Usage, examples, "--since %q has not come yet", s)
	}
	return at, nil
}

func parseSince(s string, now time.Time) (time.Time, bool) {
	y, month, d := now.Date()
	switch strings.ToLower(s) {
	case "today":
		return time.Date(y, month, d, 0, 0, 0, 0, now.Location()), true
	case "yesterday":
		return time.Date(y, month, d-1, 0, 0, 0, 0, now.Location()), true
	}
	if at, ok := ago(strings.ToLower(s), now); ok {
		return at, true
	}
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if at, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return time.Date(y, month, d, at.Hour(), at.Minute(), at.Second(), 0, now.Location()), true
		}
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// ago reads a span, as in "1h30m" and "10 min ago".
func ago(s string, now time.Time) (time.Time, bool) {
	s = strings.TrimSpace(strings.TrimSuffix(s, "ago"))
	part := regexp.MustCompile(`^(\d{1,6})\s*(seconds|second|secs|sec|s|minutes|minute|mins|min|m|hours|hour|h|days|day|d|weeks|week|w)\s*`)
	at, found := now, false
	for s != "" {
		m := part.FindStringSubmatch(s)
		if m == nil {
			return time.Time{}, false
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return time.Time{}, false
		}
		switch m[2][0] {
		case 's':
			at = at.Add(-time.Duration(n) * time.Second)
		case 'm':
			at = at.Add(-time.Duration(n) * time.Minute)
		case 'h':
			at = at.Add(-time.Duration(n) * time.Hour)
		case 'd':
			at = at.AddDate(0, 0, -n)
		case 'w':
			at = at.AddDate(0, 0, -7*n)
		}
		s, found = s[len(m[0]):], true
	}
	return at, found
}
