package profiles

import (
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "256M": 256 << 20, "1G": 1 << 30, "32768K": 32 << 20, "33554432": 32 << 20,
		"31M": -1, "0": -1, "256": -1, "-1M": -1, "1.5G": -1, "256MB": -1, "256m": -1, "infinity": -1, "9999999999T": -1, "1G\nExecStart=": -1} {
		got, err := Limits{MemoryMax: text}.Memory()
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("memory %q is %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]int{"": 0, "50%": 50, "200%": 200, "5%": 5, "4%": -1, "50": -1, "%": -1, "0%": -1, "5000000%": -1, "50 %": -1} {
		got, err := Limits{CPUQuota: text}.CPU()
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("CPU %q is %d, %v; want %d", text, got, err, want)
		}
	}
	for n, ok := range map[int]bool{0: true, 16: true, 512: true, 15: false, -1: false, 1 << 21: false} {
		if err := CheckTasks(n); (err == nil) != ok {
			t.Errorf("%d tasks: %v", n, err)
		}
	}
	for _, bad := range []Limits{{MemoryMax: "1"}, {TasksMax: 1}, {CPUQuota: "1"}} {
		if field, err := bad.check(); err == nil || field == "" {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestIdle(t *testing.T) {
	for text, want := range map[string]time.Duration{"off": 0, "": 0, "15m": 15 * time.Minute, "90s": 90 * time.Second, "1s": time.Second, "168h": 168 * time.Hour} {
		if got, err := ParseIdle(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-5m", "500ms", "1.5s", "15", "169h", "soon"} {
		if got, err := ParseIdle(text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
	for want, d := range map[string]time.Duration{"off": 0, "15m": 15 * time.Minute, "1m30s": 90 * time.Second, "2h": 2 * time.Hour, "1h30m": 90 * time.Minute, "30s": 30 * time.Second, "10s": 10 * time.Second, "1h0m5s": time.Hour + 5*time.Second} {
		if got := FormatIdle(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
		if back, err := ParseIdle(want); err != nil || back != d {
			t.Errorf("%q is read as %v, %v", want, back, err)
		}
	}
}
