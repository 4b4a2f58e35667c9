package health

import (
	"testing"
	"time"
)

func TestLately(t *testing.T) {
	rate := 0.975
	for _, tc := range []struct {
		target Target
		want   string
	}{
		{Target{}, ""},
		{Target{SuccessRate: &rate}, ", lately 98% answered"},
		{Target{SuccessRate: &rate, FirstByteMS: 950}, ", lately 98% answered, first byte after 950 ms"},
	} {
		if got := tc.target.Lately(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.target, got, tc.want)
		}
	}
}

func TestLeftAlone(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 30, 5, 0, time.Local)
	for _, tc := range []struct {
		target Target
		want   string
	}{
		{Target{Breaker: "closed"}, ""},
		{Target{Breaker: "closed", CoolingUntil: &at}, "; it asked to be left alone until 10:30:05"},
		{Target{Breaker: "open", OpenUntil: &at}, "; it failed too often in a row and is tried again at 10:30:05"},
		{Target{Breaker: "half-open"}, "; it failed too often in a row, and the next request tries it again"},
	} {
		if got := tc.target.LeftAlone(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.target, got, tc.want)
		}
	}
}
