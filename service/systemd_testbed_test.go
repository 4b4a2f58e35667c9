//go:build testbed

package service_test

import (
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
)

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

func TestSystemd(t *testing.T) {
	servicetest.Run(t, servicetest.Subject{Connect: connect, Exe: self(t)})
}
