package profiles

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/routes"
)

// TestRefusedUpdateWritesNothing: whatever is wrong, everything stays as it was.
func TestRefusedUpdateWritesNothing(t *testing.T) {
	rule := func(r routes.Rule) func(*Profile) error {
		return func(p *Profile) error { return p.AddRule(r) }
	}
	for _, tt := range []struct {
		name   string
		break_ func(t *testing.T, s *Store)
		change func(*Profile) error
		want   string
		code   int
	}{
		{"a condition that does not parse", nil, rule(routes.Rule{Name: "x", Condition: "tokens >", Target: "acme/big"}), "column", 2},
		{"a target without a slash", nil, rule(routes.Rule{Name: "x", Condition: "always", Target: "big"}), `no "/"`, 2},
		{"a provider that is not there", nil, rule(routes.Rule{Name: "x", Condition: "always", Target: "nobody/x"}), "no provider", 3},
		{"a name that is taken", nil, rule(routes.Rule{Name: "default", Condition: "always", Target: "acme/big"}), "already has a rule", 2},
		{"a bad rule name", nil, rule(routes.Rule{Name: "a b", Condition: "always", Target: "acme/big"}), "rule name", 2},
		{"a bad alias", nil, func(p *Profile) error { p.SetAlias("a b", "acme/big"); return nil }, "model name", 2},
		{"an alias to nowhere", nil, func(p *Profile) error { p.SetAlias("a", "nobody/x"); return nil }, "no provider", 3},
		{"a strategy that is not there", nil, func(p *Profile) error { p.Proxy.Strategy = "random"; return nil }, "no such strategy", 2},
		{"a binary with the built-in engine", nil, func(p *Profile) error {
			p.Proxy.Engine, p.Proxy.EnginePath = EngineBuiltin, "/bin/ultrallm"
			return nil
		}, "not there with the built-in engine", 1},
		{"a binary somewhere", nil, func(p *Profile) error { p.Proxy.EnginePath = "ultrallm"; return nil }, "absolute path", 1},
		{"an engine that does not exist", nil, func(p *Profile) error { p.Proxy.Engine = "x"; return nil }, "no engine", 2},
		{"a port that cannot be", nil, func(p *Profile) error { n := 70000; p.Proxy.Port = &n; return nil }, "not between", 2},
		{"another name", nil, func(p *Profile) error { p.Alias = "x"; return nil }, "stay as they are", 1},
		{"another agent", nil, func(p *Profile) error { p.Agent = "codex"; return nil }, "stay as they are", 1},
		{"an error of the caller's", nil, func(p *Profile) error { return errors.New("no") }, "no", 1},
		{"a rule that is not there", nil, func(p *Profile) error { _, err := p.RemoveRule("defualt"); return err }, `no rule "defualt"`, 3},
		{"an alias that is not there", nil, func(p *Profile) error { _, err := p.RemoveAlias("x"); return err }, `no alias "x"`, 3},
		{"a broken config.yaml", overwrite("config", "server: {port: 8081}\nrules: [\n"), nil, "config.yaml:3:", 1},
		{"a config.yaml that cannot be served", overwrite("config", "server: {host: 0.0.0.0, port: 8081}\nringlet: {version: 1}\n"), nil, "config.yaml: server.host", 1},
		{"a broken profile", overwrite("profile", "{\n  \"version\": 1,\n  \"alias\": work\n}"), nil, "work.json:3:12", 1},
		{"a broken registry", overwrite("ports", "{\"version\": 1, \"ports\": {\"work\": \"8081\"}}"), nil, "ports.json:1:", 1},
		{"a config.yaml that others can write", func(t *testing.T, s *Store) {
			chmod(t, s.dirs.EngineConfig("claude", "work"), 0o666)
		}, nil, "written by others", 1},
		{"an engine folder that others can write", func(t *testing.T, s *Store) {
			chmod(t, s.dirs.EngineDir("claude", "work"), 0o770)
		}, nil, "written by others", 1},
		{"a profile that others can write", func(t *testing.T, s *Store) {
			chmod(t, s.dirs.Profile("work"), 0o620)
		}, nil, "written by others", 1},
		{"a profile that is a link", linked("profile"), nil, "symbolic link", 1},
		{"a config.yaml that is a link", linked("config"), nil, "symbolic link", 1},
		{"an engine folder that is a link", func(t *testing.T, s *Store) {
			dir := s.dirs.EngineDir("claude", "work")
			if err := errors.Join(os.Rename(dir, dir+"-real"), os.Symlink(dir+"-real", dir)); err != nil {
				t.Fatal(err)
			}
		}, nil, "symbolic link", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := open(t)
			create(t, s, "work")
			if tt.break_ != nil {
				tt.break_(t, s)
			}
			if tt.change == nil {
				tt.change = func(p *Profile) error { p.Proxy.Rules[0].Priority++; return nil }
			}
			before := tree(t, s)
			_, c, err := s.Update(t.Context(), "work", tt.change)
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.ExitCode(err) != tt.code {
				t.Errorf("got %v (exit code %d); want %q (%d)", err, fault.ExitCode(err), tt.want, tt.code)
			}
			if c.Profile || c.Config {
				t.Errorf("%+v", c)
			}
			if after := tree(t, s); !maps.Equal(before, after) {
				t.Errorf("files changed:\n%v\n%v", before, after)
			}
		})
	}
}

func pathOf(s *Store, what string) string {
	switch what {
	case "config":
		return s.dirs.EngineConfig("claude", "work")
	case "ports":
		return s.dirs.Ports()
	}
	return s.dirs.Profile("work")
}

func overwrite(what, text string) func(*testing.T, *Store) {
	return func(t *testing.T, s *Store) {
		if err := os.WriteFile(pathOf(s, what), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func linked(what string) func(*testing.T, *Store) {
	return func(t *testing.T, s *Store) {
		path := pathOf(s, what)
		real := filepath.Join(s.dirs.Home, "real")
		if err := errors.Join(os.Rename(path, real), os.Symlink(real, path)); err != nil {
			t.Fatal(err)
		}
	}
}

func chmod(t *testing.T, path string, perm fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
}
