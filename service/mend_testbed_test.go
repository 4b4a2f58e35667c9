//go:build testbed

package service_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// A service that failed for its sandbox is started again where the manager has
// loaded its units anew since that start, as after another's failure has mended
// all of them; and left alone where it would start as it failed.
func TestMendAfterAnothers(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	const alias = "mend-after"
	p := servicetest.NewProxy(t, s, self(t), alias)
	must(t, s.Install(ctx, p.Spec))
	drop := filepath.Join(unitDir(t), units.ServiceName(alias)+".d", "override.conf")
	t.Cleanup(func() { must(t, os.RemoveAll(filepath.Dir(drop))) })
	write(t, drop, "[Service]\nReadWritePaths=/is/not/there\n")
	// By itself it would be the first to see it mended.
	write(t, filepath.Join(unitDir(t), units.MendName(alias)+".d", "override.conf"), "[Service]\nExecStart=\nExecStart=/bin/true\n")
	t.Cleanup(func() { must(t, os.RemoveAll(filepath.Join(unitDir(t), units.MendName(alias)+".d"))) })
	systemctl(t, "daemon-reload")
	if err := s.Start(ctx, alias); err == nil {
		t.Fatal("it starts in a sandbox that cannot be had")
	}
	mender, ok := s.(service.Mender)
	if !ok {
		t.Fatalf("%T mends nothing", s)
	}
	if m, err := mender.Mend(ctx, alias); err != nil || m.Status != 226 || m.Started || len(m.Changed) > 0 {
		t.Errorf("nothing has changed: %+v, %v", m, err)
	}
	must(t, os.Remove(drop))
	systemctl(t, "daemon-reload")
	if m, err := mender.Mend(ctx, alias); err != nil || m.Status != 226 || !m.Started || len(m.Changed) > 0 {
		t.Errorf("it has been mended: %+v, %v", m, err)
	}
	p.Answers()
}

// Who stops a proxy ends its mending too, which would start it again.
func TestStopEndsMending(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	const alias = "mend-stop"
	p := servicetest.NewProxy(t, s, self(t), alias)
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, alias))
	p.Answers()
	mend := units.MendName(alias)
	write(t, filepath.Join(unitDir(t), mend+".d", "override.conf"), "[Service]\nExecStart=\nExecStart=/bin/sleep 60\n")
	t.Cleanup(func() { must(t, os.RemoveAll(filepath.Join(unitDir(t), mend+".d"))) })
	systemctl(t, "daemon-reload")
	systemctl(t, "start", "--no-block", mend)
	servicetest.Eventually(t, func() error {
		if state := show(t, mend, "ActiveState"); state != "activating" {
			return fmt.Errorf("it is %s", state)
		}
		return nil
	})
	must(t, s.Stop(ctx, alias))
	if state := show(t, mend, "ActiveState"); state != "inactive" {
		t.Errorf("%s is %s", mend, state)
	}
}
