package usage

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// ParseSince reads the start of a period: "7d" is the last seven days, today
// included; "12h" the last twelve hours; "2026-11-01" and "2026-11" a day and a
// month from their first moment on. Days are those of now's time zone.
func ParseSince(s string, now time.Time) (time.Time, error) {
	if m := regexp.MustCompile(`^(\d{1,5})([dh])$`).FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n == 0 {
			return time.Time{}, fmt.Errorf("%q is no time at all", s)
		}
		if m[2] == "h" {
			return now.Add(-time.Duration(n) * time.Hour), nil
		}
		y, month, d := now.Date()
		return time.Date(y, month, d-n+1, 0, 0, 0, 0, now.Location()), nil
	}
	for _, layout := range []string{time.DateOnly, month} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			if t.After(now) {
				return time.Time{}, fmt.Errorf("%s has not come yet", s)
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a number of days or hours nor a day", s)
}
