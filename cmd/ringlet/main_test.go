package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the command ringlet wherever it is started
// under that name: by the sessions in testdata/script, and by ringlet itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ringlet": main})
}

// TestScript runs the sessions in testdata/script: what a person types, and
// what comes back. Each has a home, a port range and a provider of its own, and
// none meets the user manager of this machine, whether there is one or not.
//
// What a session can say besides testscript's own commands stands in
// script_commands_test.go.
func TestScript(t *testing.T) {
	ports := newPortBlocks()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               func(e *testscript.Env) error { return hermetic(e, ports) },
		Cmds:                scriptCommands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// hermetic gives a session a home without a user manager. Its environment is
// made anew: no XDG_CONFIG_HOME, no SUDO_*, no key of the developer's.
func hermetic(e *testscript.Env, ports *portBlocks) error {
	ringlet, err := exec.LookPath("ringlet")
	if err != nil {
		return err
	}
	home, runtime := filepath.Join(e.WorkDir, "home"), filepath.Join(e.WorkDir, "run")
	settings := filepath.Join(home, ".config", "ringlet", "config.yaml")
	for _, dir := range []string{filepath.Dir(settings), runtime} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	first, err := ports.next()
	if err != nil {
		return err
	}
	if err := os.WriteFile(settings, fmt.Appendf(nil, "ports: { start: %d, count: %d }\n", first, portsPerBlock), 0o600); err != nil {
		return err
	}
	e.Values[upstreamKey{}] = new(*gatewaytest.Upstream)
	e.Setenv("HOME", home)
	// Of this user, and empty: a manager is looked for here, and nowhere else.
	e.Setenv("XDG_RUNTIME_DIR", runtime)
	e.Setenv("PATH", filepath.Join(e.WorkDir, "bin")+":"+filepath.Dir(ringlet)+":/usr/bin:/bin")
	e.Setenv("TZ", "UTC")
	// With the race detector each command would wait a second before it exits.
	e.Setenv("GORACE", "atexit_sleep_ms=0")
	for i := range portsPerBlock {
		e.Setenv("PORT"+strconv.Itoa(i+1), strconv.Itoa(first+i))
	}
	e.Setenv("PORT", strconv.Itoa(first))
	return nil
}

// portsPerBlock is how many ports a session can give out.
const portsPerBlock = 8

// portBlocks gives every session ports that no other one is given, below those
// that the kernel gives out by itself.
type portBlocks struct{ taken atomic.Int64 }

const (
	firstBlock = 10_000
	blocks     = (32_768 - firstBlock) / portsPerBlock
)

func newPortBlocks() *portBlocks {
	p := new(portBlocks)
	p.taken.Store(int64(os.Getpid()) * 61) // two test runs at once seldom meet
	return p
}

func (p *portBlocks) next() (first int, err error) {
	for range blocks {
		first := firstBlock + int(p.taken.Add(1)%blocks)*portsPerBlock
		if free(first) {
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports in a row from %d on", portsPerBlock, firstBlock)
}

func free(first int) bool {
	for port := first; port < first+portsPerBlock; port++ {
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
