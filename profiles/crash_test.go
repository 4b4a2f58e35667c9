package profiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

func configOf(t *testing.T, s *Store) *routes.Config {
	t.Helper()
	path := s.dirs.EngineConfig("claude", "work")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := routes.ParseConfig(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFailedWrites lets each write of an update fail in turn. Whatever came
// before it, the files stay readable and the next command mends them.
func TestFailedWrites(t *testing.T) {
	boom := errors.New("disk full")
	for fail := range 2 {
		s, _ := open(t)
		create(t, s, "work")
		n := 0
		s.write = func(path string, data []byte, perm fs.FileMode) error {
			if n++; n-1 == fail {
				return boom
			}
			return safefile.Write(path, data, perm)
		}
		_, _, err := s.Update(t.Context(), "work", func(p *Profile) error { p.SetAlias("fast", "zeta/small"); return nil })
		if !errors.Is(err, boom) {
			t.Fatalf("write %d: %v", fail, err)
		}
		s.write = safefile.Write
		p, err := s.Get("work")
		if err != nil {
			t.Fatal(err)
		}
		saved := p.Proxy.Aliases["fast"] != ""
		if saved != (fail == 1) || configOf(t, s).Ringlet.Seq != 1 {
			t.Errorf("write %d: saved %v, seq of the file %d", fail, saved, configOf(t, s).Ringlet.Seq)
		}
		c, err := s.EnsureConfig(t.Context(), "work")
		if err != nil || c.Config != saved || c.Profile {
			t.Errorf("write %d: %+v, %v", fail, c, err)
		}
		if got := configOf(t, s); got.Ringlet.Seq != p.Seq || (got.Router.Aliases["fast"] != "") != saved {
			t.Errorf("write %d: after mending %+v", fail, got)
		}
	}
}

func TestEnsureConfig(t *testing.T) {
	path := func(s *Store) string { return s.dirs.EngineConfig("claude", "work") }
	for _, tt := range []struct {
		name    string
		disturb func(t *testing.T, s *Store)
		change  Change // what is to be written
		seq     int64
	}{
		{"nothing to do", func(*testing.T, *Store) {}, Change{}, 1},
		{"the file is gone", func(t *testing.T, s *Store) { _ = os.Remove(path(s)) }, Change{Config: true}, 1},
		{"the prices changed", func(t *testing.T, s *Store) { s.cat = fakeCatalogue{4} }, Change{Profile: true, Config: true}, 2},
		{"the profile was edited by hand", func(t *testing.T, s *Store) {
			replaceIn(t, s.dirs.Profile("work"), `"always"`, `"thinking"`)
		}, Change{Profile: true, Config: true}, 2},
		{"the file was edited by hand", func(t *testing.T, s *Store) {
			replaceIn(t, path(s), `always`, `thinking`)
		}, Change{Profile: true, Config: true}, 2},
		{"an old profile was put back", func(t *testing.T, s *Store) {
			replaceIn(t, path(s), `seq: 1`, `seq: 7`)
		}, Change{Profile: true, Config: true}, 8},
		{"a profile written by hand has no seq", func(t *testing.T, s *Store) {
			replaceIn(t, s.dirs.Profile("work"), `"seq": 1`, `"seq": 0`)
			_ = os.Remove(path(s))
		}, Change{Profile: true, Config: true}, 1},
		{"the port changed", func(t *testing.T, s *Store) {
			if _, err := s.Reassign(t.Context(), "work"); err != nil {
				t.Fatal(err)
			}
		}, Change{Profile: true, Config: true}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := open(t)
			create(t, s, "work")
			tt.disturb(t, s)
			c, err := s.EnsureConfig(t.Context(), "work")
			if err != nil || c.Profile != tt.change.Profile || c.Config != tt.change.Config || c.Seq != tt.seq {
				t.Fatalf("%+v, %v; want %+v with seq %d", c, err, tt.change, tt.seq)
			}
			p, err := s.Get("work")
			if err != nil || p.Seq != tt.seq || configOf(t, s).Ringlet.Seq != tt.seq {
				t.Errorf("seq %d and %d, %v; want %d", p.Seq, configOf(t, s).Ringlet.Seq, err, tt.seq)
			}
			if again, err := s.EnsureConfig(t.Context(), "work"); err != nil || again.Config || again.Profile {
				t.Errorf("a second time: %+v, %v", again, err)
			}
		})
	}
}

func replaceIn(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s has no %q:\n%s", path, old, data)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRegenerate(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	path := s.dirs.EngineConfig("claude", "work")
	const mine = "server: [my edit\n"
	if err := os.WriteFile(path, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	var broken *ConfigError
	if _, err := s.EnsureConfig(t.Context(), "work"); !errors.As(err, &broken) || !strings.Contains(fault.Hint(err), "ringlet proxy") {
		t.Errorf("%v, hint %q", err, fault.Hint(err))
	}
	c, err := s.Regenerate(t.Context(), "work")
	if err != nil || c.Aside != path+".broken" || c.Seq != 2 || !c.Config {
		t.Errorf("%+v, %v", c, err)
	}
	if data, err := os.ReadFile(c.Aside); err != nil || string(data) != mine {
		t.Errorf("%q, %v", data, err)
	}
	if configOf(t, s).Ringlet.Seq != 2 {
		t.Error("the new file has another seq")
	}
	c, err = s.Regenerate(t.Context(), "work")
	if err != nil || c.Aside != "" || c.Seq != 3 || !c.Config {
		t.Errorf("a good one: %+v, %v", c, err)
	}
	replaceIn(t, path, "acme/big", "acme/plain")
	edited, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err = s.Regenerate(t.Context(), "work")
	if err != nil || c.Aside != path+".before" {
		t.Errorf("one with an edit: %+v, %v", c, err)
	}
	if kept, err := os.ReadFile(c.Aside); err != nil || string(kept) != string(edited) {
		t.Errorf("the edit is not kept: %v", err)
	}
}

// TestOthersFieldsAreKept: what an engine of another kind needs under
// litellm_params survives that the file is generated anew.
func TestOthersFieldsAreKept(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	replaceIn(t, s.dirs.EngineConfig("claude", "work"), "    litellm_params:\n", "    litellm_params:\n      rpm: 100\n")
	if _, _, err := s.Update(t.Context(), "work", func(p *Profile) error { p.SetAlias("fast", "zeta/small"); return nil }); err != nil {
		t.Fatal(err)
	}
	c := configOf(t, s)
	i := slices.IndexFunc(c.ModelList, func(m routes.Model) bool { return m.Name == "acme/big" })
	if c.ModelList[i].Params.Extra["rpm"] != 100 || c.Router.Aliases["fast"] == "" {
		t.Errorf("%+v", c.ModelList)
	}
}

func TestRelease(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	log := s.dirs.ProxyLog("claude", "work")
	if err := errors.Join(os.MkdirAll(filepath.Dir(log), 0o700), os.WriteFile(log, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Release(t.Context(), "work"); err != nil {
			t.Fatal(err)
		}
	}
	if port, err := s.Port("work"); port != 0 || err != nil || len(s.tokens.(fakeTokens)) != 0 {
		t.Errorf("%d, %v, %v", port, err, s.tokens)
	}
	if _, err := os.Stat(s.dirs.EngineConfig("claude", "work")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("config.yaml stays: %v", err)
	}
	if _, err := os.Stat(log); err != nil {
		t.Errorf("the log is gone: %v", err)
	}
	// disable, and the next change of a proxy that is off
	_, c, err := s.Update(t.Context(), "work", func(p *Profile) error { p.Proxy.Enabled = false; return nil })
	if err != nil || c.Config || c.Port != 0 || !c.Profile {
		t.Errorf("%+v, %v", c, err)
	}
}
