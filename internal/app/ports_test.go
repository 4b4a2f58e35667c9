package app

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// A port that could not be opened was somebody else's, whether or not he has it
// still when it is looked for him: another one is given out.
func TestExplainPort(t *testing.T) {
	port := porttest.Own(t)
	failed := func(result string) error {
		return (&App{}).explainPort(t.Context(), profiles.Profile{Alias: "work"}, port,
			fmt.Errorf("start: %w", &service.JobError{Alias: "work", Verb: "start", Unit: units.SocketName("work"), Job: "failed", Result: result, Port: port}))
	}
	if err := failed("resources"); !portStolen(err) {
		t.Errorf("its holder has let go of it: %v", err)
	}
	if err := failed("trigger-limit-hit"); portStolen(err) {
		t.Errorf("another failure of the socket's: %v", err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := failed("resources"); !portStolen(err) || !strings.Contains(err.Error(), fmt.Sprintf("port %d of the proxy of %q is taken by ", port, "work")) {
		t.Errorf("its holder has it: %v", err)
	}
}

// Whether systemd sees the end of an ultrallm before it counts it as started, or
// after, is chance: the words are the same, and a port that was taken is given up.
func TestUltrallmEndsAtOnce(t *testing.T) {
	p, port := profiles.Profile{Alias: "work"}, porttest.Own(t)
	failed := func(result string, code int) error {
		return startFailed(p, port, &service.JobError{Alias: "work", Verb: "start", Unit: units.ServiceName("work"), Job: "failed", Result: result, Code: code, Lines: []string{"no key"}})
	}
	const ended = "ultrallm ended right after its start: no key"
	if err := failed("exit-code", 1); err.Error() != ended || fault.ExitCode(err) != 4 {
		t.Errorf("it exited: %v", err)
	}
	if err := failed("exit-code", 203); !strings.Contains(err.Error(), "its program cannot be run") {
		t.Errorf("it was not run: %v", err)
	}
	if err := failed("timeout", 0); !strings.Contains(err.Error(), "not ready in time") {
		t.Errorf("it hangs: %v", err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := failed("exit-code", 1); !portStolen(err) {
		t.Errorf("its port is taken: %v", err)
	}
}
