package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestParseCPUTime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0:00.01": 10 * time.Millisecond, "0:07.45": 7450 * time.Millisecond, "1234:05.99": 1234*time.Minute + 5990*time.Millisecond, // macOS
		"00:00:00": 0, "01:02:03": time.Hour + 2*time.Minute + 3*time.Second, "2-01:00:00": 49 * time.Hour, "3:04": 184 * time.Second, // POSIX, Linux
		"": -1, "7": -1, "a:b": -1, "1:2:3:4": -1, "-1:00": -1, "0:61": -1, "0:00.5": -1, "0:00.005": -1, "x-1:00": -1,
	} {
		got, ok := parseCPUTime(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestParseUse(t *testing.T) {
	got := parseUse("  501  20480   0:00.50\n 77 1 1-00:00:00\nrubbish\n 78 x 0:00\n -1 1 0:00\n 79 1\n")
	want := map[int]use{501: {20 << 20, 500 * time.Millisecond}, 77: {1024, 24 * time.Hour}}
	if len(got) != len(want) || got[501] != want[501] || got[77] != want[77] {
		t.Errorf("%+v", got)
	}
}

func FuzzParseUse(f *testing.F) {
	f.Add(" 501 20480 0:00.50\n")
	f.Add("1 2 99999-99:99:60\n")
	f.Fuzz(func(t *testing.T, text string) {
		for pid, u := range parseUse(text) {
			if pid <= 0 || u.memory < 0 || u.cpu < 0 {
				t.Errorf("%d: %+v", pid, u)
			}
		}
	})
}

// One process of those asked for has ended; what ps says of the other counts.
func TestLaunchdMeasures(t *testing.T) {
	var asked []string
	l := &launchd{log: slog.New(slog.DiscardHandler), ps: func(_ context.Context, pids []string) (string, error) {
		asked = pids
		return " 7 1024 0:01.00\n", errors.New("exit status 1")
	}}
	states := []State{{Status: Running, PID: 7}, {Status: Running, PID: 8}, {Status: Stopped, PID: 9}}
	l.Measure(t.Context(), states)
	if len(asked) != 2 || states[0].Memory != 1<<20 || states[0].CPU != time.Second || states[1].Memory != 0 || states[2].Memory != 0 {
		t.Errorf("asked %q: %+v", asked, states)
	}
}

// The ps of this machine, whichever it is, tells of this test.
func TestSystemProcesses(t *testing.T) {
	text, err := systemProcesses(t.Context(), []string{strconv.Itoa(os.Getpid())})
	if err != nil {
		t.Fatal(err)
	}
	if u := parseUse(text)[os.Getpid()]; u.memory < 1<<20 {
		t.Errorf("%+v of %q", u, text)
	}
}
