package service

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// processes runs ps(1) for the given processes.
type processes func(ctx context.Context, pids []string) (string, error)

// systemProcesses is /bin/ps. The two columns are those of POSIX and of macOS:
// rss in units of 1024 bytes, time as [[dd-]hh:]mm:ss, on macOS with hundredths
// and without hours (https://keith.github.io/xcode-man-pages/ps.1.html).
func systemProcesses(ctx context.Context, pids []string) (string, error) {
	out, err := exec.CommandContext(ctx, "/bin/ps", "-o", "pid=,rss=,time=", "-p", strings.Join(pids, ",")).Output()
	return string(out), err
}

// Measure implements [Meter] by the engines' processes: launchd itself counts
// nothing. It is one command for all of them.
func (l *launchd) Measure(ctx context.Context, states []State) {
	var pids []string
	for _, st := range states {
		if st.Status == Running && st.PID > 0 {
			pids = append(pids, strconv.Itoa(st.PID))
		}
	}
	if len(pids) == 0 {
		return
	}
	// It exits with 1 when one of them has ended meanwhile, and still tells of the rest.
	text, err := l.ps(ctx, pids)
	if err != nil {
		l.log.DebugContext(ctx, "ps", "pids", pids, "error", err)
	}
	used := parseUse(text)
	for i := range states {
		if u, ok := used[states[i].PID]; ok && states[i].Status == Running {
			states[i].Memory, states[i].CPU = u.memory, u.cpu
		}
	}
}

// use is what a process has used.
type use struct {
	memory int64 // bytes
	cpu    time.Duration
}

// parseUse reads lines of pid, rss and time.
func parseUse(text string) map[int]use {
	out := map[int]use{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		pid, err := strconv.Atoi(f[0])
		rss, err2 := strconv.ParseInt(f[1], 10, 64)
		cpu, ok := parseCPUTime(f[2])
		if err == nil && err2 == nil && ok && pid > 0 && rss >= 0 && rss < 1<<50 {
			out[pid] = use{rss << 10, cpu}
		}
	}
	return out
}

// parseCPUTime reads "1-02:03:04", "02:03:04", "3:04" and "3:04.56".
func parseCPUTime(text string) (time.Duration, bool) {
	days, rest, found := strings.Cut(text, "-")
	if !found {
		days, rest = "0", text
	}
	d, err := strconv.ParseUint(days, 10, 16)
	parts := strings.Split(rest, ":")
	if err != nil || len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	total := time.Duration(d) * 24 * time.Hour
	if len(parts) == 3 {
		h, err := strconv.ParseUint(parts[0], 10, 16)
		if err != nil {
			return 0, false
		}
		total, parts = total+time.Duration(h)*time.Hour, parts[1:]
	}
	m, err := strconv.ParseUint(parts[0], 10, 32)
	whole, hundredths, _ := strings.Cut(parts[1], ".")
	s, err2 := strconv.ParseUint(whole, 10, 8)
	if err != nil || err2 != nil || s > 60 {
		return 0, false
	}
	total += time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if hundredths != "" {
		h, err := strconv.ParseUint(hundredths, 10, 8)
		if err != nil || len(hundredths) != 2 {
			return 0, false
		}
		total += time.Duration(h) * 10 * time.Millisecond
	}
	return total, true
}
