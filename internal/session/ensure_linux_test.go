package session

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAnEngineIsDetachedAndKnowsNothingOfSystemd(t *testing.T) {
	s := newSetup(t)
	l := s.ensure()
	pid := l.Report.PID
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("session %d of process %d: %v", sid, pid, err)
	}
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(env), "LISTEN_") || strings.Contains(string(env), "NOTIFY_SOCKET") {
		t.Errorf("environment %q", env)
	}
	for fd, want := range map[string]string{"0": "/dev/null", "1": filepath.Join(s.dir, "logs", "engine.err"), "2": filepath.Join(s.dir, "logs", "engine.err")} {
		if got, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "fd", fd)); err != nil || got != want {
			t.Errorf("descriptor %s is %s, %v; want %s", fd, got, err, want)
		}
	}
}
