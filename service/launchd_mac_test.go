//go:build darwin && mac

package service_test

import (
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
)

// The conformance suite over the real launchd of a Mac, with jobs named
// dev.ringlet.proxy.suite-… in ~/Library/LaunchAgents that it removes again:
//
//	go test -tags mac -run TestRealLaunchd -v ./service
//
// No machine that builds this has one, so it is compiled only: docs/macos.md asks
// whoever has a Mac to run it.
func TestRealLaunchd(t *testing.T) {
	servicetest.Run(t, servicetest.Subject{Exe: self(t), OwnPort: true, PlainLog: true,
		Connect: func(t testing.TB) service.Supervisor {
			s, err := service.Connect(t.Context(), service.ConnectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		}})
}
