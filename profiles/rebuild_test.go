package profiles

import (
	"os"
	"strings"
	"testing"
)

// TestALostRegistry: without ports.json every profile gets the port again that
// its config.yaml, and so its unit and its agent, names, though its own socket
// holds it; a new profile gets another.
func TestALostRegistry(t *testing.T) {
	s, _ := open(t)
	create(t, s, "one")
	create(t, s, "two")
	if err := os.Remove(s.dirs.Ports()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		alias Alias
		port  int
	}{{"two", 8082}, {"one", 8081}} {
		if c, err := s.EnsureConfig(t.Context(), want.alias); err != nil || c.Port != want.port || c.Config {
			t.Errorf("%s: %+v, %v; want port %d, and nothing else changed", want.alias, c, err, want.port)
		}
	}
	create(t, s, "three")
	if port, err := s.Port("three"); err != nil || port != 8083 {
		t.Errorf("three: %d, %v", port, err)
	}
}

// TestAPortOfBeforeThatIsAnothersNow: who was given it first keeps it.
func TestAPortOfBeforeThatIsAnothersNow(t *testing.T) {
	s, _ := open(t)
	create(t, s, "one")
	if err := os.Remove(s.dirs.Ports()); err != nil {
		t.Fatal(err)
	}
	create(t, s, "two") // takes 8081, which nobody listens on
	if c, err := s.EnsureConfig(t.Context(), "one"); err != nil || c.Port != 8082 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestRebuildPorts: a broken registry is kept aside and made anew; one that can
// be read, or that a newer ringlet wrote, is not touched.
func TestRebuildPorts(t *testing.T) {
	s, _ := open(t)
	create(t, s, "one")
	create(t, s, "two")
	for text, want := range map[string]string{
		`{"version": 9, "ports": {}}`:                         "newer ringlet",
		`{"version": 1, "ports": {"one": 8081, "two": 8082}}`: "",
	} {
		if err := os.WriteFile(s.dirs.Ports(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		aside, err := s.RebuildPorts(t.Context())
		if aside != "" || s.Rebuildable() || (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", text, aside, err)
		}
		if now, err := os.ReadFile(s.dirs.Ports()); err != nil || string(now) != text {
			t.Errorf("it was changed: %s, %v", now, err)
		}
	}
	const broken = `{"version": 1, "ports": {"one": 80`
	if err := os.WriteFile(s.dirs.Ports(), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	if !s.Rebuildable() {
		t.Error("a broken registry cannot be made anew")
	}
	aside, err := s.RebuildPorts(t.Context())
	if err != nil || aside != s.dirs.Ports()+".broken" {
		t.Fatalf("%q, %v", aside, err)
	}
	if kept, err := os.ReadFile(aside); err != nil || string(kept) != broken {
		t.Errorf("kept is %s, %v", kept, err)
	}
	if ports, err := s.Ports(); err != nil || len(ports) != 2 || ports["one"] != 8081 || ports["two"] != 8082 {
		t.Errorf("%v, %v", ports, err)
	}
}

// TestAdopt: without a config.yaml, the port of the unit is taken over, once, and
// not from another profile.
func TestAdopt(t *testing.T) {
	s, _ := open(t)
	create(t, s, "one")
	create(t, s, "two")
	for _, path := range []string{s.dirs.Ports(), s.dirs.EngineConfig("claude", "one"), s.dirs.EngineConfig("claude", "two")} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		alias Alias
		port  int
	}{{"one", 8099}, {"one", 8077}, {"two", 8099}} {
		if err := s.Adopt(t.Context(), step.alias, step.port); err != nil {
			t.Fatal(err)
		}
	}
	if ports, err := s.Ports(); err != nil || len(ports) != 1 || ports["one"] != 8099 {
		t.Errorf("%v, %v", ports, err)
	}
	if err := s.Adopt(t.Context(), "none", 8098); err == nil {
		t.Error("a profile that is not there was given a port")
	}
}
