package agents

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// Grok is one of two programs of that name, told apart by what is installed:
//
//   - xAI's Grok Build, measured with version 1.0.41. Its folder is GROK_HOME, its config.toml names models
//     with an address and a key each: https://docs.x.ai/build/overview.
//   - the community's grok-cli (npm: @vibe-kit/grok-cli), measured with version
//     0.0.34. It takes address, key and model from its environment and speaks OpenAI's Chat
//     format: https://github.com/superagent-ai/grok-cli. Its folder is ~/.grok whatever
//     one says, so that it gets the profile's home as HOME; git and npm are told where their settings are,
//     and ssh asks the system for the home, not HOME.
//
// A profile is prepared for both, so that the one can replace the other.
type Grok struct{}

// The keys of config.toml that point Grok Build at a proxy.
const (
	grokModel   = "model.ringlet"
	grokToken   = grokModel + ".api_key"
	grokDefault = "models.default"
	grokBase    = "endpoints.models_base_url"
)

// ID implements [Agent].
func (Grok) ID() string { return "grok" }

// Title implements [Agent].
func (Grok) Title() string { return "Grok" }

func (Grok) settings() settings {
	return settings{agent: "grok", file: filepath.Join(".grok", "config.toml"), edit: tomlEditor{}}
}

// SettingsPath implements [Agent].
func (g Grok) SettingsPath(home string) string { return filepath.Join(home, g.settings().file) }

// Provider implements [Agent].
func (Grok) Provider() string { return "xai" }

// Formats implements [Agent]. Grok Build speaks all; the community's only this one.
func (Grok) Formats() []string { return []string{formatChat} }

// Notes implements [Agent].
func (Grok) Notes() []string {
	return []string{"the community's grok-cli keeps its settings in HOME/.grok only, so that it runs with the profile's home as HOME; Grok Build keeps the real one"}
}

// Find implements [Agent].
func (g Grok) Find(host Host) (string, error) {
	then := []string{filepath.Join(host.Home, ".grok", "bin", "grok"), filepath.Join(host.Home, ".local", "bin", "grok")}
	if path, ok := lookup(host, "grok", then...); ok {
		return path, nil
	}
	return "", &NotInstalledError{Title: g.Title(), Program: "grok", Looked: then, Install: "npm install -g @xai-official/grok (or @vibe-kit/grok-cli, the community's)"}
}

// The two programs.
const (
	grokBuild     = "Grok Build (xAI)"
	grokCommunity = "grok-cli (community)"
)

// variant tells which of the two a program is. The community's is a script for
// node; xAI's is native. A script around either counts by its name.
func (Grok) variant(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	if strings.Contains(real, "@vibe-kit") {
		return grokCommunity
	}
	f, err := os.Open(real)
	if err != nil {
		return grokBuild
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := f.Read(head) // a file that cannot be read will not run either
	line, _, _ := bytes.Cut(head[:n], []byte("\n"))
	if bytes.HasPrefix(line, []byte("#!")) && (regexp.MustCompile(`\b(node|bun)\b`).Match(line) || bytes.Contains(head[:n], []byte("@vibe-kit"))) {
		return grokCommunity
	}
	return grokBuild
}

// Detect implements [Agent].
func (g Grok) Detect(ctx context.Context, host Host) (Installation, error) {
	in, err := detect(ctx, g, host)
	if err == nil {
		in.Variant = g.variant(in.Path)
	}
	return in, err
}

// FirstRun implements [Agent].
func (g Grok) FirstRun(_ context.Context, o FirstRunOptions) error {
	return privateDir(filepath.Dir(g.SettingsPath(o.Home)))
}

func (Grok) wanted(o PointOptions) []setting {
	model := o.Model
	if model == "" {
		model = o.Serving.Model
	}
	if model == "" {
		model = "default"
	}
	backend := map[string]string{formatMessages: "messages", formatResponses: "responses", formatChat: "chat_completions"}[o.Serving.format(formatMessages, formatResponses, formatChat)]
	want := []setting{
		{grokDefault, quote("ringlet")},
		{grokBase, quote(o.BaseURL + "/v1")},
		{grokModel + ".model", quote(model)},
		{grokModel + ".name", quote(model + " by ringlet")},
		{grokModel + ".base_url", quote(o.BaseURL + "/v1")},
		{grokModel + ".api_backend", quote(backend)},
		{grokToken, quote(o.Token.Reveal())},
	}
	if o.Serving.Context > 0 && model == o.Serving.Model {
		want = append(want, setting{grokModel + ".context_window", number(o.Serving.Context)})
	}
	return want
}

// Point implements [Agent].
func (g Grok) Point(_ context.Context, o PointOptions) error {
	s := g.settings()
	s.log = o.Log
	return s.point(o.Home, o.RestoreDir, g.wanted(o))
}

// Restore implements [Agent].
func (g Grok) Restore(_ context.Context, o RestoreOptions) error {
	s := g.settings()
	s.log = o.Log
	return s.restore(o.Home, o.RestoreDir)
}

// Pointed implements [Agent].
func (g Grok) Pointed(_ context.Context, o PointOptions) ([]string, error) {
	return g.settings().pointed(o.Home, g.wanted(o), func(s setting) string {
		if s.key == grokToken {
			return "the profile's token"
		}
		return string(s.value)
	})
}

// grokScrub are the variables that hold another key, endpoint or folder.
func grokScrub() []string {
	return []string{"XAI_API_KEY", "GROK_CODE_XAI_API_KEY", "GROK_API_KEY", "GROK_BASE_URL", "GROK_MODEL", "GROK_HOME", "GROK_CONFIG", "GROK_CONFIG_PATH",
		"GROK_MODELS_BASE_URL", "GROK_MODELS_LIST_URL", "GROK_XAI_API_BASE_URL", "GROK_CLI_CHAT_PROXY_BASE_URL", "GROK_DEPLOYMENT_KEY", "GROK_AUTH_PROVIDER_COMMAND"}
}

// Command implements [Agent].
func (g Grok) Command(_ context.Context, o RunOptions) (Command, error) {
	path, err := g.Find(o.Host)
	if err != nil {
		return Command{}, err
	}
	if err := noSettings(o, g.Title()); err != nil {
		return Command{}, err
	}
	cmd, e := start(o, path, "grok", grokScrub())
	var base, key string
	if d := o.Direct; d != nil {
		if d.AuthHeader != "bearer" && d.AuthHeader != "none" || len(d.Headers) > 0 {
			return Command{}, cannotSend(g.Title(), d.AuthHeader+"\", or further headers, \"")
		}
		base, key = d.BaseURL, d.Key.Reveal()
		if d.AuthHeader == "none" {
			key = "none"
		}
	} else {
		base, key = o.Proxy.BaseURL+"/v1", o.Proxy.Token.Reveal()
		e.reachLoopback()
	}
	if g.variant(path) == grokCommunity {
		g.community(o, e, base, key)
	} else {
		e.set("GROK_HOME", filepath.Dir(g.SettingsPath(o.Home)))
		// config.toml has the profile's model with its own key; this one is for the
		// small requests that Grok Build makes beside it.
		e.set("XAI_API_KEY", key)
		e.set("GROK_MODELS_BASE_URL", base)
		if o.Direct != nil {
			if err := g.notPointed(o); err != nil {
				return Command{}, err
			}
			if o.Model != "" {
				cmd.Argv = slices.Insert(cmd.Argv, 1, "-m", o.Model)
			}
		}
	}
	cmd.Env = e.list
	return cmd, nil
}

// community sets what grok-cli reads.
func (Grok) community(o RunOptions, e *environ, base, key string) {
	e.set("GROK_BASE_URL", base)
	e.set("GROK_API_KEY", key)
	e.set("GROK_MODEL", o.modelName())
	e.set("HOME", o.Home)
	for name, file := range map[string]string{"GIT_CONFIG_GLOBAL": ".gitconfig", "NPM_CONFIG_USERCONFIG": ".npmrc"} {
		real := filepath.Join(o.Host.Home, file)
		if _, err := os.Stat(real); err == nil && e.get(name) == "" {
			e.set(name, real)
		}
	}
	if e.get("XDG_CONFIG_HOME") == "" { // git's other place, gh's, and many more
		e.set("XDG_CONFIG_HOME", filepath.Join(o.Host.Home, ".config"))
	}
}

// notPointed refuses a run past the proxy while config.toml points at it: its
// address there wins over the environment's (measured with 1.0.41), and the
// provider's key would go to the proxy's port, whoever holds that.
func (g Grok) notPointed(o RunOptions) error {
	path := g.SettingsPath(o.Home)
	now, err := readSettings(path)
	if err != nil || now.absent {
		return err
	}
	had, err := g.settings().edit.lookup(path, now.text, []string{grokToken})
	if err != nil || len(had[0].value) == 0 {
		return err
	}
	return fault.New(fault.Failed, "put its settings back, then run it again: ringlet proxy disable <alias>",
		"%s cannot go past its proxy while %s points at it", grokBuild, path)
}
