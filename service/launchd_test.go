package service_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/launchctltest"
	"github.com/ringlet/ringlet/service/servicetest"
)

// onLaunchd connects to a launchd of the test's own.
func onLaunchd(t testing.TB, change func(*launchctltest.Launchd, *service.ConnectOptions)) (service.Supervisor, *launchctltest.Launchd) {
	t.Helper()
	fake := launchctltest.New(t, 501)
	opts := service.ConnectOptions{
		Host:      service.Host{OS: "darwin", UID: func() int { return fake.UID }},
		Launchctl: fake, LaunchAgents: filepath.Join(t.TempDir(), "Library", "LaunchAgents"),
	}
	if change != nil {
		change(fake, &opts)
	}
	s, err := service.Connect(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, fake
}

// The same promises as systemd's, but for the port in a restart, which launchd
// does not hold, and the author of a log line: as macOS answers now, as it did
// before version 13, and over ssh, where jobs take their time to go.
func TestLaunchd(t *testing.T) {
	for name, change := range map[string]func(*launchctltest.Launchd){
		"now":   func(*launchctltest.Launchd) {},
		"older": func(l *launchctltest.Launchd) { l.Old = true },
		"ssh":   func(l *launchctltest.Launchd) { l.GUI, l.Lag = false, 300*time.Millisecond },
		"deaf":  func(l *launchctltest.Launchd) { l.Deaf = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servicetest.Run(t, servicetest.Subject{Exe: self(t), OwnPort: true, PlainLog: true, Connect: func(t testing.TB) service.Supervisor {
				s, _ := onLaunchd(t, func(l *launchctltest.Launchd, _ *service.ConnectOptions) { change(l) })
				return s
			}})
		})
	}
}

// Without a login at the screen there is only the user's own domain.
func TestLaunchdOverSSH(t *testing.T) {
	s, fake := onLaunchd(t, func(l *launchctltest.Launchd, _ *service.ConnectOptions) { l.GUI = false })
	p := servicetest.NewProxy(t, s, self(t), "suite-ssh")
	if err := s.Install(t.Context(), p.Spec); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "suite-ssh"); err != nil {
		t.Fatal(err)
	}
	h := p.Answers()
	fake.GUI = true // the user logs in; the job is still found where it is
	if st := p.State(s); st.Status != service.Running || st.PID != h.PID {
		t.Errorf("after a login at the screen: %+v", st)
	}

}
