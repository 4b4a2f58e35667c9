package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// family lists a process and its children, such as nginx's workers.
func family(pid int) []int {
	out := []int{pid}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return out
	}
	for _, f := range strings.Fields(string(data)) {
		if child, err := strconv.Atoi(f); err == nil {
			out = append(out, family(child)...)
		}
	}
	return out
}

// cpuTime is what all threads of the processes have run so far. /proc/PID/stat
// counts in hundredths of a second; the scheduler's own count is in nanoseconds.
func cpuTime(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			return 0, err
		}
		for _, name := range threads {
			data, err := os.ReadFile(name)
			if err != nil {
				continue // the thread has just ended
			}
			first, _, _ := strings.Cut(string(data), " ")
			n, err := strconv.ParseInt(first, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			sum += time.Duration(n)
		}
	}
	return sum, nil
}

// resident is the memory of the processes, in bytes: all of it, and the part
// that is not backed by a file.
func resident(pids []int) (all, anonymous int64, err error) {
	for _, pid := range pids {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, 0, err
		}
		for line := range strings.Lines(string(data)) {
			name, value, _ := strings.Cut(line, ":")
			if name != "VmRSS" && name != "RssAnon" {
				continue
			}
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				return 0, 0, err
			}
			if name == "VmRSS" {
				all += kb << 10
			} else {
				anonymous += kb << 10
			}
		}
	}
	return all, anonymous, nil
}

// describeMachine prints what the figures were taken on.
func describeMachine(ctx context.Context, b *bench) {
	cpu := "unknown CPU"
	data, _ := os.ReadFile("/proc/cpuinfo") // a machine without it is described by less
	for line := range strings.Lines(string(data)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			cpu = strings.TrimSpace(value)
			break
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version := func(command ...string) string {
		if command[0] == "" {
			return "none"
		}
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		if err != nil {
			return "none"
		}
		return strings.TrimSpace(string(out))
	}
	fmt.Printf("%d × %s, Linux %s, load %s; %s; %s; claude-code-router in %s on node %s\n", runtime.NumCPU(), cpu, strings.TrimSpace(string(kernel)),
		strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "), firstLine(version(b.ringlet, "version")), firstLine(version(b.nginx, "-v")), filepath.Base(b.ccr), firstLine(version("node", "--version")))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
