//go:build testbed

package service_test

import (
	"os"
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
)

func TestMain(m *testing.M) {
	servicetest.Main()
	os.Exit(m.Run())
}

// connect fails where there is no user manager: these tests are nothing without one.
func connect(t testing.TB) service.Supervisor {
	t.Helper()
	return connectWith(t, service.ConnectOptions{})
}

func connectWith(t testing.TB, opts service.ConnectOptions) service.Supervisor {
	t.Helper()
	s, err := service.Connect(t.Context(), opts)
	if err != nil {
		t.Fatalf("no user manager; these tests run in packaging/testbed: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func self(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func TestSystemd(t *testing.T) {
	servicetest.Run(t, servicetest.Subject{Connect: connect, Exe: self(t)})
}
