package service

import (
	"testing"

	sd "github.com/coreos/go-systemd/v22/dbus"
)

func TestUnitPath(t *testing.T) {
	for _, name := range []string{"ringlet.target", "ringlet-proxy@my-work.service", "ringlet-proxy@a_b.c.socket", "9lives.service", "größer_.service", "", "_", "a_2"} {
		path := unitPath(name)
		if name != "" && path != unitsPath+sd.PathBusEscape(name) {
			t.Errorf("%q: %s, want %s", name, path, unitsPath+sd.PathBusEscape(name))
		}
		if back := unitOf(path); back != name {
			t.Errorf("%s names %q, want %q", path, back, name)
		}
	}
}
