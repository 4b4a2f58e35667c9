package profiles

import (
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "256M": 256 << 20, "1G": 1 << 30, "32768K": 32 << 20, "33554432": 32 << 20, "256m": 256 << 20, "256MiB": 256 << 20,
		"31M": -1, "0": -1, "256": -1, "-1M": -1, "1.5G": -1, "256MB": -1, "256mb": -1, "256mib": -1, "MiB": -1, "0x10": -1, "infinity": -1, "9999999999T": -1, "1G\nExecStart=": -1} {
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

// An error says what is wrong with the very text.
func TestSizeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"256MB": `memory limit "256MB" is no size: column 4, "MB" is none of the units K, M, G and T`,
		"1.5G":  `memory limit "1.5G" is no size: column 2, ".5G" is none of the units K, M, G and T`,
		"12":    `memory limit "12" is less than 32M, the least`,
		"much":  `memory limit "much" is no size: it does not begin with a number`,
		"999T9": `memory limit "999T9" is no size: column 4, "T9" is none of the units K, M, G and T`,
		"2000T": `memory limit "2000T" is more than 1024T, the most that can be meant`,
		"007M":  `memory limit "007M" is no size: it begins with 0`,
	} {
		if _, err := (Limits{MemoryMax: text}).Memory(); err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
	}
}

func TestLog(t *testing.T) {
	keep := func(n int) *int { return &n }
	for _, tc := range []struct {
		log  Log
		size int64
		keep int
	}{{Log{}, 10 << 20, 2}, {Log{Size: "64K"}, 64 << 10, 2}, {Log{Size: "1G", Keep: keep(0)}, 1 << 30, 0}, {Log{Keep: keep(100)}, 10 << 20, 100}} {
		if got, err := tc.log.Bounds(); err != nil || got.MaxBytes != tc.size || got.Keep != tc.keep {
			t.Errorf("%+v: %+v, %v", tc.log, got, err)
		}
	}
	for field, l := range map[string]Log{"size": {Size: "63K"}, "keep": {Keep: keep(101)}} {
		if got, err := l.check(); err == nil || got != field {
			t.Errorf("%+v: %q, %v", l, got, err)
		}
	}
	if _, err := (Log{Keep: keep(-1)}).check(); err == nil {
		t.Error("-1 is accepted")
	}
}

func TestIdle(t *testing.T) {
	for text, want := range map[string]time.Duration{"off": 0, "": 0, "0": 0, "none": 0, "default": 0, "15m": 15 * time.Minute, "90s": 90 * time.Second, "1s": time.Second, "168h": 168 * time.Hour} {
		if got, err := ParseIdle(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0ms", "-5m", "500ms", "1.5s", "15", "169h", "soon"} {
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
