package agentstest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/routes"
)

func names(t *testing.T, a agents.Agent, _ Fixture) {
	if a.ID() == "" || a.Title() == "" || a.Provider() == "" || len(a.Formats()) == 0 {
		t.Errorf("id %q, title %q", a.ID(), a.Title())
	}
	found, err := agents.ByName(a.ID())
	if err != nil || found.ID() != a.ID() {
		t.Errorf("ByName(%q) is %v, %v", a.ID(), found, err)
	}
	if path := a.SettingsPath("/h"); path == "" {
		return
	} else if rel, err := filepath.Rel("/h", path); err != nil || !filepath.IsLocal(rel) {
		t.Errorf("the settings are outside the profile's home: %s", a.SettingsPath("/h"))
	}
}

// host is a machine with a program that prints script's output.
func host(t *testing.T, f Fixture, script string, environ ...string) agents.Host {
	t.Helper()
	bin := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(bin, f.Program), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	return agents.Host{Home: home, Environ: append([]string{"PATH=relative:" + bin, "HOME=" + home, "LANG=C"}, environ...), Dir: t.TempDir()}
}

func detect(t *testing.T, a agents.Agent, f Fixture) {
	h := host(t, f, "")
	_, err := a.Detect(t.Context(), h)
	var missing *agents.NotInstalledError
	if !errors.As(err, &missing) || fault.Hint(err) == "" || !strings.Contains(err.Error(), a.Title()) {
		t.Errorf("without a program: %v (%q)", err, fault.Hint(err))
	}
	if _, err := a.Command(t.Context(), agents.RunOptions{Host: h, Home: "/h"}); !errors.As(err, &missing) {
		t.Errorf("command without a program: %v", err)
	}
	// A folder of that name, and a file that cannot be run, are no program.
	dir := h.Environ[0][strings.LastIndexByte(h.Environ[0], ':')+1:]
	if err := os.WriteFile(filepath.Join(dir, f.Program), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Detect(t.Context(), h); !errors.As(err, &missing) {
		t.Errorf("a file that cannot be run was taken: %v", err)
	}

	in, err := a.Detect(t.Context(), host(t, f, `[ "$1" = --version ] && echo "9.8.7 (Some Agent)"`))
	if err != nil || in.Version != "9.8.7" || filepath.Base(in.Path) != f.Program || !filepath.IsAbs(in.Path) || in.Problem != "" {
		t.Errorf("found %+v, %v", in, err)
	}
	in, err = a.Detect(t.Context(), host(t, f, "exit 3"))
	if err != nil || in.Version != "" || in.Path == "" || !strings.Contains(in.Problem, "exit status 3") {
		t.Errorf("a program that fails: %+v, %v", in, err)
	}
}

func firstRun(t *testing.T, a agents.Agent, _ Fixture) {
	p := newPlace(t, a)
	for range 2 {
		if err := a.FirstRun(t.Context(), agents.FirstRunOptions{Host: host(t, Fixture{Program: "x"}, ""), Home: p.home}); err != nil {
			t.Fatal(err)
		}
	}
	if a.SettingsPath(p.home) == "" {
		return
	}
	p.point(urlA, tokenA)
	p.restore()
	p.gone()
}

// nothingWritten: an agent that is told everything when it starts has no file to be put back.
func nothingWritten(t *testing.T, a agents.Agent) {
	p := newPlace(t, a)
	if err := a.Point(t.Context(), p.options(urlA, tokenA)); err != nil {
		t.Fatal(err)
	}
	p.pointed(urlB, tokenB, true)
	p.restore()
	absent(t, p.home)
	absent(t, p.dir)
}

// proxied is how the suite's proxy is reached.
func proxied() *agents.Proxy {
	return &agents.Proxy{BaseURL: urlA, Token: secrets.NewSecret(tokenA)}
}

// shown is all that others on the machine, or the agent's own children, can see of a command.
func shown(c agents.Command) string {
	out := strings.Join(c.Argv, "\n")
	for _, f := range c.Files {
		out += "\n" + string(f.Content)
	}
	return out
}

func command(t *testing.T, a agents.Agent, f Fixture) {
	var environ []string
	for _, name := range append(slices.Clone(f.Scrubbed), "SOME_PROVIDER_KEY") {
		environ = append(environ, name+"=leak-"+name)
	}
	h := host(t, f, "exit 0", environ...)
	c, err := a.Command(t.Context(), agents.RunOptions{Host: h, Home: "/profile/home", Args: []string{"-p", "say hi", ""}, Keys: []string{"SOME_PROVIDER_KEY", "ABSENT_KEY"}, Proxy: proxied(), Serving: serving()})
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Join(c.Env, "\n")
	if strings.Contains(shown(c), tokenA) {
		t.Errorf("the token is on the command line or in a file:\n%s", shown(c))
	}
	if inEnv := a.SettingsPath("/h") == "" || f.InEnvironment; strings.Contains(env, tokenA) != inEnv {
		t.Errorf("the token is in the environment: %v, want %v", !inEnv, inEnv)
	} else if inEnv && !strings.Contains(env+shown(c), urlA) {
		t.Errorf("the agent is not told the proxy's address:\n%s\n%s", env, shown(c))
	}
	for _, file := range c.Files {
		if !strings.HasPrefix(file.Path, "/profile/home/") {
			t.Errorf("writes %s, outside the profile's home", file.Path)
		}
	}
	isolated, err := a.Command(t.Context(), agents.RunOptions{Host: h, Home: "/profile/home", IsolateHome: true, Proxy: proxied(), Serving: serving()})
	if err != nil || !slices.Contains(isolated.Env, "HOME=/profile/home") {
		t.Errorf("HOME is not the profile's, although asked for: %v, %q", err, isolated.Env)
	}
	if filepath.Base(c.Path) != f.Program || !slices.Equal(c.Argv, []string{f.Program, "-p", "say hi", ""}) {
		t.Errorf("runs %s %q", c.Path, c.Argv)
	}
	for _, kv := range c.Env {
		if strings.Contains(kv, "leak-") {
			t.Errorf("the agent gets %s", kv)
		}
	}
	for _, keep := range []string{"HOME=" + h.Home, "LANG=C", h.Environ[0]} {
		if !slices.Contains(c.Env, keep) {
			t.Errorf("the agent does not get %s", keep)
		}
	}
	if !slices.ContainsFunc(c.Env, func(kv string) bool { return strings.Contains(kv, "=/profile/home") }) {
		t.Errorf("nothing in the environment leads to the profile's home: %q", c.Env)
	}
	want := append(slices.Clone(f.Scrubbed), "SOME_PROVIDER_KEY")
	slices.Sort(want)
	if !slices.Equal(c.Unset, want) {
		t.Errorf("says that it unset %q, want %q", c.Unset, want)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warns: %q", c.Warnings)
	}
	unique(t, c.Env)
}

func commandDirect(t *testing.T, a agents.Agent, f Fixture) {
	for _, header := range []string{"x-api-key", "bearer", "none", "aws"} {
		h := host(t, f, "exit 0", "MY_KEY=from-the-shell")
		d := &agents.Direct{Format: a.Formats()[0], BaseURL: "https://llm.example.com/base", AuthHeader: header, Key: secrets.NewSecret("key-of-direct")}
		if f.Headers {
			d.Headers = map[string]string{"x-team": "tools", "x-app": "agents"}
		}
		c, err := a.Command(t.Context(), agents.RunOptions{Host: h, Home: "/profile/home", Model: "some-model", Keys: []string{"MY_KEY"}, Direct: d, Serving: serving()})
		if !slices.Contains(f.Direct, header) {
			if err == nil || fault.Hint(err) == "" {
				t.Errorf("%s: %v, want a refusal with a hint", header, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		env := strings.Join(c.Env, "\n")
		all := env + "\n" + shown(c)
		if !strings.Contains(all, "https://llm.example.com/base") || !strings.Contains(all, "some-model") || strings.Contains(all, "from-the-shell") {
			t.Errorf("%s: environment and the rest:\n%s", header, all)
		}
		if f.Headers && (!strings.Contains(all, "x-team") || !strings.Contains(all, "agents")) {
			t.Errorf("%s: the provider's own headers are missing:\n%s", header, all)
		}
		if n := strings.Count(env, "key-of-direct"); header == "none" && n != 0 || header != "none" && n == 0 {
			t.Errorf("%s: the key occurs %d times in the environment", header, n)
		}
		if strings.Contains(shown(c), "key-of-direct") {
			t.Errorf("%s: the key is on the command line or in a file", header)
		}
		unique(t, c.Env)
	}
}

func shellProxy(t *testing.T, a agents.Agent, f Fixture) {
	for _, tt := range []struct {
		shell []string
		want  map[string]string
	}{
		{nil, map[string]string{"NO_PROXY": "", "no_proxy": ""}},
		{[]string{"HTTPS_PROXY=http://corp:3128"}, map[string]string{"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}},
		{[]string{"http_proxy=http://corp:3128", "NO_PROXY=corp,.example.com"}, map[string]string{"NO_PROXY": "corp,.example.com,127.0.0.1", "no_proxy": ""}},
		{[]string{"ALL_PROXY=socks5://corp", "NO_PROXY=a", "no_proxy=b, 127.0.0.1"}, map[string]string{"NO_PROXY": "a,127.0.0.1", "no_proxy": "b, 127.0.0.1"}},
		{[]string{"HTTP_PROXY=http://corp:3128", "NO_PROXY=*"}, map[string]string{"NO_PROXY": "*", "no_proxy": ""}},
	} {
		c, err := a.Command(t.Context(), agents.RunOptions{Host: host(t, f, "exit 0", tt.shell...), Home: "/profile/home", Proxy: proxied(), Serving: serving()})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range tt.want {
			if got := value(c.Env, name); got != want {
				t.Errorf("with %q: %s is %q, want %q", tt.shell, name, got, want)
			}
		}
		unique(t, c.Env)
	}
}

func typical(t *testing.T, a agents.Agent, _ Fixture) {
	holds := func(text string) (all bool) {
		cond, err := routes.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range a.Typical() {
			if ok, err := cond.Match(r); err != nil {
				t.Fatal(err)
			} else if ok {
				n++
			}
		}
		return n > 0 && n == len(a.Typical())
	}
	if !holds("always") || !holds("tokens > 0 and messages > 0") {
		t.Error("there are no typical requests, or they are empty")
	}
	// What tells an agent's requests apart must not be taken for what they share.
	for _, text := range []string{"tokens > 100000", "tokens < 20000", "subagent", `model contains "opus"`, "hour < 12", `weekday == "mon"`, "images == 0"} {
		if holds(text) {
			t.Errorf("%q is said to hold for all requests", text)
		}
	}
}

func value(env []string, name string) string {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// unique: a variable that stands twice means different things to different programs.
func unique(t *testing.T, env []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if seen[name] {
			t.Errorf("%s stands twice in the environment", name)
		}
		seen[name] = true
	}
}
