package app

import (
	"fmt"
	"net"
	"strings"
	"testing"

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
