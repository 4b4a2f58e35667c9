package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/cli"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/launchctltest"
	"github.com/rogpeppe/go-internal/testscript"
)

// launchdSocket is the variable that names the socket of a session's launchd.
const launchdSocket = "TEST_LAUNCHD"

// onThisLaunchd is the command ringlet, on the launchd of its session where
// that has one. Only this test binary knows of such a thing.
func onThisLaunchd() {
	socket := os.Getenv(launchdSocket)
	if socket == "" {
		main()
		return
	}
	os.Exit(cli.MainOn(app.InitSystem{
		Host:      service.Host{OS: "darwin"},
		Launchctl: launchctltest.Remote(socket), LaunchAgents: filepath.Join(os.Getenv("HOME"), "Library", "LaunchAgents"),
	}))
}

// launchctl is the command of that name: what a user types where a hint says so.
func launchctl() {
	a, err := launchctltest.Remote(os.Getenv(launchdSocket)).Run(context.Background(), os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(255)
	}
	fmt.Fprint(os.Stdout, a.Out)
	fmt.Fprint(os.Stderr, a.Err)
	os.Exit(a.Code)
}

// launchdKey is where a session has its launchd.
type launchdKey struct{}

// cmdLaunchd starts a launchd for the session: "launchd gui" with a login at the
// screen, "launchd ssh" without one. It sets $GUI and $USERDOMAIN to the domains,
// $AGENTS to the folder of the agents. All jobs must be gone at the session's end.
// Later "launchd login" is a login at the screen, "launchd deaf" has gui/UID take
// nothing until "launchd hears", and "launchd patient" has a job that failed wait to be started
// again for longer than the session takes.
func cmdLaunchd(t *testing.T, ts *testscript.TestScript, args []string) {
	need(ts, args, 1, "launchd gui|ssh|login|deaf|hears|patient")
	if running, ok := ts.Value(launchdKey{}).(**launchctltest.Launchd); ok && *running != nil {
		switch args[0] {
		case "login":
			(*running).Login(ts.Getenv("AGENTS"))
		case "patient":
			(*running).Change(func(l *launchctltest.Launchd) { l.Patient = true })
		case "deaf", "hears":
			(*running).Change(func(l *launchctltest.Launchd) { l.Deaf = args[0] == "deaf" })
		default:
			ts.Fatalf("there is a launchd already")
		}
		return
	}
	fake := launchctltest.Boot(t, os.Getuid())
	*ts.Value(launchdKey{}).(**launchctltest.Launchd) = fake
	fake.GUI, fake.Home = args[0] == "gui", ts.Getenv("HOME")
	dir, err := os.MkdirTemp("", "ld") // a socket's path is short
	ts.Check(err)
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	ts.Check(err)
	go fake.Serve(listener)
	ts.Defer(func() {
		listener.Close()
		fake.Shutdown()
		os.RemoveAll(dir)
	})
	ts.Setenv(launchdSocket, listener.Addr().String())
	ts.Setenv("GUI", fmt.Sprintf("gui/%d", fake.UID))
	ts.Setenv("USERDOMAIN", fmt.Sprintf("user/%d", fake.UID))
	ts.Setenv("AGENTS", filepath.Join(ts.Getenv("HOME"), "Library", "LaunchAgents"))
}
