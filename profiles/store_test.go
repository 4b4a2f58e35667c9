package profiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

// fakeCatalogue has three providers: acme and zeta with Messages, chatty without.
type fakeCatalogue struct{ price float64 }

func (c fakeCatalogue) Upstream(provider, endpoint string) (routes.Upstream, error) {
	up := routes.Upstream{AuthHeader: "bearer", KeyEnv: strings.ToUpper(provider) + "_KEY"}
	switch provider {
	case "acme":
		up.AuthHeader = "x-api-key"
		up.Formats = map[string]string{"messages": "https://api.acme.example"}
		if endpoint == "eu" {
			up.Formats["messages"] = "https://eu.acme.example"
		}
	case "zeta":
		up.Formats = map[string]string{"messages": "http://127.0.0.1:9100", "chat": "http://127.0.0.1:9100/v1"}
		up.KeyEnv = ""
		up.Headers = map[string]string{"x-team": "tools"}
	case "chatty":
		up.Formats = map[string]string{"chat": "https://chatty.example"}
	default:
		return up, fault.New(fault.NotFound, "there is acme, zeta", "there is no provider %q", provider)
	}
	return up, nil
}

func (c fakeCatalogue) Model(provider, model string) (string, *routes.Price, bool, []string, error) {
	switch provider + "/" + model {
	case "acme/big":
		return "big-20250514", &routes.Price{Input: c.price, Output: 15, CacheRead: 0.3, CacheWrite: 3.75, AsOf: "2026-08-19"}, true, nil, nil
	case "zeta/small", "acme/plain":
		return model, nil, true, nil, nil
	}
	return model, nil, false, []string{"big-20250514", "plain"}, nil
}

func (c fakeCatalogue) Prices(provider string) (map[string]routes.Price, error) {
	switch provider {
	case "zeta":
		return map[string]routes.Price{"small-1": {Input: 1, Output: 2}}, nil
	case "chatty": // a reseller
		out := map[string]routes.Price{}
		for i := range maxOwnPrices + 1 {
			out[fmt.Sprintf("m-%d", i)] = routes.Price{Input: 1}
		}
		return out, nil
	}
	return nil, nil
}

func (c fakeCatalogue) Limits(provider, id string) (routes.Limits, error) {
	if provider+"/"+id == "acme/big-20250514" {
		return routes.Limits{Context: 200_000, Output: 64_000}, nil
	}
	return routes.Limits{}, nil
}

// fakeTokens has a token for those that were given one.
type fakeTokens map[string]bool

func (t fakeTokens) MakeToken(alias string) error { t[alias] = true; return nil }
func (t fakeTokens) TokenSums(alias string) ([]string, error) {
	if !t[alias] {
		return nil, nil
	}
	return []string{strings.Repeat("ab", 32)}, nil
}
func (t fakeTokens) RemoveToken(alias string) error { delete(t, alias); return nil }

// open makes a store over an empty home, with ports that nobody holds, and
// counts the files written.
func open(t testing.TB) (*Store, *[]string) {
	t.Helper()
	dirs, err := paths.New(func(string) string { return "" }, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dirs, fakeCatalogue{3}, fakeTokens{})
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	s.write = func(path string, data []byte, perm fs.FileMode) error {
		written = append(written, filepath.Base(path))
		return safefile.Write(path, data, perm)
	}
	s.probe = func(context.Context, int) error { return nil }
	s.now = func() time.Time { return time.Date(2026, 1, 18, 9, 0, 0, 123, time.FixedZone("CET", 3600)) }
	return s, &written
}

// create stores an enabled profile with one rule.
func create(t testing.TB, s *Store, alias Alias) Profile {
	t.Helper()
	p, _, err := s.Create(t.Context(), Profile{Alias: alias, Agent: "claude", Provider: "acme",
		Proxy: Proxy{Enabled: true, Rules: []routes.Rule{{Name: "default", Condition: "always", Target: "acme/big"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tree is every file below the store's home, with its content.
func tree(t testing.TB, s *Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(s.dirs.Home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path == s.dirs.Lock() {
			return err
		}
		rel, _ := filepath.Rel(s.dirs.Home, path)
		if to, err := os.Readlink(path); err == nil {
			out[rel] = "-> " + to
			return nil
		}
		data, err := os.ReadFile(path)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreate(t *testing.T) {
	s, _ := open(t)
	p := create(t, s, "my-work")
	if p.Seq != 1 || p.Endpoint != "default" || p.Proxy.Engine != EngineAuto || p.Proxy.Strategy != routes.Conditional || p.LastUsed != nil ||
		!p.CreatedAt.Equal(time.Date(2026, 1, 18, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", p)
	}
	got, err := s.Get("my-work")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := differ(got, p); same || err != nil {
		t.Errorf("read back %+v, %v", got, err)
	}
	for path, want := range map[string]fs.FileMode{
		s.dirs.Profile("my-work"):                0o600,
		s.dirs.ProfilesDir():                     0o700,
		s.dirs.EngineConfig("claude", "my-work"): 0o600,
		s.dirs.EngineDir("claude", "my-work"):    0o700,
		s.dirs.Ports():                           0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
	before := tree(t, s)
	var exists *ExistsError
	if _, _, err := s.Create(t.Context(), p); !errors.As(err, &exists) || fault.Hint(err) == "" {
		t.Errorf("a second one: %v", err)
	}
	if !maps.Equal(before, tree(t, s)) {
		t.Error("a refused create changed something")
	}
}

func TestCreateWithoutProxyHasNoConfig(t *testing.T) {
	s, written := open(t)
	_, c, err := s.Create(t.Context(), Profile{Alias: "plain", Agent: "claude", Provider: "acme"})
	if err != nil || c.Config || c.Port != 0 || c.Seq != 1 || !c.Profile {
		t.Errorf("%+v, %v", c, err)
	}
	if !slices.Equal(*written, []string{"plain.json"}) {
		t.Errorf("written: %v", *written)
	}
}

func TestUpdate(t *testing.T) {
	s, written := open(t)
	create(t, s, "work")
	*written = nil
	p, c, err := s.Update(t.Context(), "work", func(p *Profile) error {
		return p.AddRule(routes.Rule{Name: "long", Condition: "tokens > 100000", Target: "zeta/small", Priority: 10})
	})
	if err != nil || p.Seq != 2 || c.Seq != 2 || !c.Profile || !c.Config || c.Port != 8081 || len(c.Warnings) != 0 {
		t.Errorf("%+v, %+v, %v", p, c, err)
	}
	// The order is the one that a crash can be mended from.
	if !slices.Equal(*written, []string{"work.json", "config.yaml"}) {
		t.Errorf("written: %v", *written)
	}
	data, err := os.ReadFile(c.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	config, err := routes.ParseConfig(c.ConfigPath, data)
	if err != nil || config.Ringlet.Seq != 2 || config.Server.Port != 8081 || len(config.Router.Rules) != 2 {
		t.Errorf("%+v, %v", config, err)
	}
}

func TestUpdateThatChangesNothingWritesNothing(t *testing.T) {
	s, written := open(t)
	create(t, s, "work")
	*written = nil
	for range 3 {
		p, c, err := s.Update(t.Context(), "work", func(p *Profile) error {
			p.Seq, p.CreatedAt = 99, time.Time{} // not its to change
			return nil
		})
		if err != nil || p.Seq != 1 || c.Profile || c.Config || c.Seq != 1 || c.Port != 8081 {
			t.Errorf("%+v, %+v, %v", p, c, err)
		}
	}
	if c, err := s.EnsureConfig(t.Context(), "work"); err != nil || c.Config || c.Seq != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if len(*written) > 0 {
		t.Errorf("written: %v", *written)
	}
}

func TestWarningsAreGivenOnce(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	add := func(name, target string) []Warning {
		t.Helper()
		_, c, err := s.Update(t.Context(), "work", func(p *Profile) error {
			return p.AddRule(routes.Rule{Name: name, Condition: "thinking", Target: target})
		})
		if err != nil {
			t.Fatal(err)
		}
		return c.Warnings
	}
	w := add("one", "acme/bgi")
	if len(w) != 1 || w[0].Target != "acme/bgi" || !strings.Contains(w[0].String(), "acme/big-20250514") {
		t.Errorf("%v", w)
	}
	if w := add("two", "acme/plain"); len(w) != 0 {
		t.Errorf("an old warning came again: %v", w)
	}
	if w := add("three", "acme/bgi"); len(w) != 0 {
		t.Errorf("an old target is warned of again: %v", w)
	}
}

func TestGetAndList(t *testing.T) {
	s, _ := open(t)
	if all, problems := s.List(t.Context()); len(all) != 0 || len(problems) != 0 {
		t.Errorf("no profiles: %v, %v", all, problems)
	}
	for _, a := range []Alias{"work", "home", "broken", "linked"} {
		create(t, s, a)
	}
	profile := s.dirs.Profile
	if err := errors.Join(
		os.WriteFile(profile("broken"), []byte("{\n \"version\": 1,\n \"alias\": \"broken\",\n \"agnet\": \"claude\"}"), 0o600),
		os.WriteFile(profile("Upper"), []byte("{}"), 0o600),
		os.WriteFile(filepath.Join(s.dirs.ProfilesDir(), "notes.txt"), nil, 0o600),
		os.WriteFile(filepath.Join(s.dirs.ProfilesDir(), ".work.json123"), nil, 0o600),
		os.Rename(profile("linked"), filepath.Join(s.dirs.Home, "x")),
		os.Symlink(filepath.Join(s.dirs.Home, "x"), profile("linked")),
	); err != nil {
		t.Fatal(err)
	}
	all, problems := s.List(t.Context())
	var names []Alias
	for _, p := range all {
		names = append(names, p.Alias)
	}
	if !slices.Equal(names, []Alias{"home", "work"}) {
		t.Errorf("listed: %v", names)
	}
	text := fmt.Sprint(problems)
	for _, want := range []string{"broken.json:4:", "Upper.json", "linked.json is a symbolic link"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not reported in %s", want, text)
		}
	}
	if len(problems) != 3 {
		t.Errorf("%d problems: %s", len(problems), text)
	}
	_, err := s.Get("wrok")
	var nf *NotFoundError
	if !errors.As(err, &nf) || fault.ExitCode(err) != 3 || nf.Nearest[0] != "work" || !strings.Contains(fault.Hint(err), "ringlet profiles list") {
		t.Errorf("%v, hint %q", err, fault.Hint(err))
	}
	if _, err := s.Get("../work"); fault.ExitCode(err) != 2 {
		t.Errorf("%v", err)
	}
}

func TestTouch(t *testing.T) {
	s, written := open(t)
	create(t, s, "work")
	*written = nil
	if err := s.Touch(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	p, err := s.Get("work")
	if err != nil || p.LastUsed == nil || p.LastUsed.IsZero() || p.Seq != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if c, err := s.EnsureConfig(t.Context(), "work"); err != nil || c.Config || !slices.Equal(*written, []string{"work.json"}) {
		t.Errorf("%+v, %v, written %v: to be used is no change for the engine", c, err, *written)
	}
}

// TestLockIsBounded uses a fake clock: half a minute passes at once.
func TestLockIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t)
		create(t, s, "work")
		release, err := safefile.Lock(t.Context(), s.dirs.Lock())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		told := 0
		s.onWait = func() { told++ }
		start := time.Now()
		_, _, err = s.Update(t.Context(), "work", func(*Profile) error { t.Error("changed without the lock"); return nil })
		synctest.Wait()
		if err == nil || !strings.Contains(err.Error(), "another ringlet command") || fault.Hint(err) == "" || time.Since(start) < lockPatience || told != 1 {
			t.Errorf("%v after %v, told %d times", err, time.Since(start), told)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute/4, cancel)
		if err := s.Touch(ctx, "work"); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestTargetOfAnotherFormat: a provider that does not speak the agent's format
// is a target like any other, as the engine translates.
func TestTargetOfAnotherFormat(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	_, c, err := s.Update(t.Context(), "work", func(p *Profile) error {
		return p.AddRule(routes.Rule{Name: "x", Condition: "tools > 3", Target: "chatty/x"})
	})
	if err != nil || !c.Config {
		t.Fatal(c, err)
	}
	data, err := os.ReadFile(c.ConfigPath)
	if err != nil || !strings.Contains(string(data), "chat: https://chatty.example") {
		t.Errorf("%s %v", data, err)
	}
}
