package profiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

// old makes the files of an enabled profile those of version 0.
func old(t *testing.T, path string, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(replace...).Replace(string(data))
	if text == string(data) {
		t.Fatalf("nothing to replace in %s", text)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return text
}

// migrationStore has one enabled profile.
func migrationStore(t *testing.T) (*Store, Profile) {
	t.Helper()
	s, _ := open(t)
	WithVersion("v0.9.0")(s)
	p := create(t, s, "work")
	p, _, err := s.Update(t.Context(), p.Alias, func(p *Profile) error { p.Proxy.Enabled = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

func TestOlderFilesAreMigratedWithABackup(t *testing.T) {
	s, p := migrationStore(t)
	profile, ports := s.dirs.Profile(string(p.Alias)), s.dirs.Ports()
	before, err := s.Port(p.Alias)
	if err != nil || before == 0 {
		t.Fatal(before, err)
	}
	oldProfile := old(t, profile, "  \"version\": 1,\n", "", `"port": null`, `"port": 0`)
	data, err := os.ReadFile(ports)
	if err != nil {
		t.Fatal(err)
	}
	_, inner, _ := strings.Cut(string(data), `"ports": `)
	oldPorts := strings.TrimSuffix(strings.TrimSpace(inner), "}")
	if err := os.WriteFile(ports, []byte(oldPorts), 0o600); err != nil {
		t.Fatal(err)
	}

	// Reading them changes nothing.
	got, err := s.Get(p.Alias)
	if err != nil || got.Proxy.Port != nil || got.Agent != p.Agent || !got.Proxy.Enabled {
		t.Fatalf("%+v, %v", got, err)
	}
	if port, err := s.Port(p.Alias); err != nil || port != before {
		t.Fatal(port, err)
	}
	if now, _ := os.ReadFile(profile); string(now) != oldProfile {
		t.Error("reading a profile wrote it")
	}

	// The next command that makes sure of the files writes them, and keeps the old ones.
	if _, err := s.EnsureConfig(t.Context(), p.Alias); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(profile); !strings.Contains(string(now), `"version": 1`) || !strings.Contains(string(now), `"port": null`) {
		t.Errorf("it was not migrated:\n%s", now)
	}
	if kept, err := os.ReadFile(profile + ".v0"); err != nil || string(kept) != oldProfile {
		t.Errorf("the backup: %v\n%s", err, kept)
	}
	if err := s.Release(t.Context(), p.Alias); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(ports + ".v0"); err != nil || string(kept) != oldPorts {
		t.Errorf("the backup of the ports: %v\n%s", err, kept)
	}
	list, problems := s.List(t.Context())
	if len(list) != 1 || len(problems) != 0 {
		t.Errorf("a backup is no profile: %v, %v", list, problems)
	}
	// A second migration would not replace what was kept first.
	old(t, profile, "  \"version\": 1,\n", "")
	if _, err := s.EnsureConfig(t.Context(), p.Alias); err != nil {
		t.Fatal(err)
	}
	if kept, _ := os.ReadFile(profile + ".v0"); string(kept) != oldProfile {
		t.Errorf("the backup was replaced:\n%s", kept)
	}
	if _, err := s.Delete(t.Context(), p.Alias); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(profile + "*"); len(left) > 0 {
		t.Errorf("delete left %v", left)
	}
}

func TestNewerFilesNameTheirRinglet(t *testing.T) {
	s, p := migrationStore(t)
	path := s.dirs.Profile(string(p.Alias))
	text := old(t, path, `"version": 1`, `"version": 2`, `"written_by": "v0.9.0"`, `"written_by": "v3.1.4"`)
	for _, use := range []func() error{
		func() error { _, err := s.Get(p.Alias); return err },
		func() error { _, err := s.EnsureConfig(t.Context(), p.Alias); return err },
	} {
		err := use()
		if err == nil || !strings.Contains(err.Error(), "version is 2, written by a newer ringlet") || !strings.Contains(fault.Hint(err), "install ringlet v3.1.4 or a newer one") {
			t.Errorf("%v; %s", err, fault.Hint(err))
		}
	}
	if now, _ := os.ReadFile(path); string(now) != text {
		t.Errorf("it was changed:\n%s", now)
	}
}

// What an older file is brought to is read, or refused; never a panic, and never
// an older file again.
func FuzzUpgrade(f *testing.F) {
	f.Add([]byte(`{"alias":"work","proxy":{"port":0}}`))
	f.Add([]byte(`{"work": 8081}`))
	f.Add([]byte(`{"version": 7, "written_by": "x"}`))
	f.Add([]byte(`{"version": -1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, steps := range [][]migration{profileSteps(), registrySteps()} {
			out, older, err := upgrade("f.json", data, steps)
			if err != nil || !older {
				continue
			}
			if _, again, err := upgrade("f.json", out, steps); again || err != nil {
				t.Errorf("%q became %q, which is older still, or refused: %v", data, out, err)
			}
		}
	})
}
