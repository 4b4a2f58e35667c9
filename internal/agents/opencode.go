package agents

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// OpenCode is the opencode CLI. What this file says of it was measured with
// version 1.18.33 against a scripted upstream, and is documented at
// https://opencode.ai/docs/config.
//
// It takes its whole configuration from OPENCODE_CONFIG_CONTENT, which wins over
// the user's and the project's files, so that nothing is written. Its settings,
// history and logins are kept apart by the XDG variables.
type OpenCode struct{}

// ID implements [Agent].
func (OpenCode) ID() string { return "opencode" }

// Title implements [Agent].
func (OpenCode) Title() string { return "OpenCode" }

// SettingsPath implements [Agent]: there is none that ringlet writes.
func (OpenCode) SettingsPath(string) string { return "" }

// Provider implements [Agent].
func (OpenCode) Provider() string { return "anthropic" }

// Formats implements [Agent].
func (OpenCode) Formats() []string { return []string{formatMessages, formatResponses, formatChat} }

// Notes implements [Agent].
func (OpenCode) Notes() []string {
	return []string{"OpenCode's own update and its sharing of sessions are off in this profile, and it fetches no list of models; its other providers are not offered"}
}

// Find implements [Agent].
func (o OpenCode) Find(host Host) (string, error) {
	then := []string{filepath.Join(host.Home, ".opencode", "bin", "opencode"), filepath.Join(host.Home, ".local", "bin", "opencode")}
	if path, ok := lookup(host, "opencode", then...); ok {
		return path, nil
	}
	return "", &NotInstalledError{Title: o.Title(), Program: "opencode", Looked: then, Install: "npm install -g opencode-ai"}
}

// Detect implements [Agent].
func (o OpenCode) Detect(ctx context.Context, host Host) (Installation, error) {
	return detect(ctx, o, host)
}

// configHome is XDG_CONFIG_HOME in the profile.
func (OpenCode) configHome(home string) string { return under(home, ".config") }

// FirstRun implements [Agent]. With XDG_CONFIG_HOME moved, git, gh and others
// would miss their own settings in it: each is linked to the real one, but OpenCode's.
func (o OpenCode) FirstRun(_ context.Context, opts FirstRunOptions) error {
	dir := o.configHome(opts.Home)
	if err := privateDir(dir); err != nil {
		return err
	}
	from := opts.Host.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(from) {
		from = filepath.Join(opts.Host.Home, ".config")
	}
	if from == dir { // ringlet was started by an agent of this very profile
		return nil
	}
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "opencode" {
			continue
		}
		link := filepath.Join(dir, entry.Name())
		if _, err := os.Lstat(link); err == nil {
			continue
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), link); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// Point implements [Agent].
func (OpenCode) Point(context.Context, PointOptions) error { return nil }

// Pointed implements [Agent].
func (OpenCode) Pointed(context.Context, PointOptions) ([]string, error) { return nil, nil }

// Restore implements [Agent].
func (OpenCode) Restore(context.Context, RestoreOptions) error { return nil }

// opencodeScrub are the variables that hold another configuration or login.
func opencodeScrub() []string {
	return []string{"OPENCODE_CONFIG", "OPENCODE_CONFIG_CONTENT", "OPENCODE_CONFIG_DIR", "OPENCODE_AUTH_CONTENT", "OPENCODE_API_KEY", "OPENCODE_DB",
		"OPENCODE_MODELS_URL", "OPENCODE_MODELS_PATH", "OPENCODE_CONSOLE_TOKEN"}
}

// opencodeKey is the variable that its configuration takes the token or key from.
const opencodeKey = "RINGLET_PROVIDER_KEY"

// Command implements [Agent].
func (o OpenCode) Command(_ context.Context, opts RunOptions) (Command, error) {
	path, err := o.Find(opts.Host)
	if err != nil {
		return Command{}, err
	}
	if err := noSettings(opts, o.Title()); err != nil {
		return Command{}, err
	}
	cmd, e := start(opts, path, "opencode", opencodeScrub())
	provider := opencodeProvider{Name: "ringlet", Models: map[string]opencodeModel{}, Options: map[string]any{}}
	format := opts.Serving.format(o.Formats()...)
	if d := opts.Direct; d != nil {
		format = d.Format
		provider.Options["baseURL"] = opencodeBase(d.BaseURL, format)
		headers := map[string]string{}
		for name, v := range d.Headers {
			headers[name] = v
		}
		switch d.AuthHeader {
		case "bearer", "x-api-key", "api-key":
			e.set(opencodeKey, d.Key.Reveal())
			// By header, as each of its adapters sends a key in a way of its own.
			if d.AuthHeader == "bearer" {
				headers["Authorization"] = "Bearer {env:" + opencodeKey + "}"
			} else {
				headers[d.AuthHeader] = "{env:" + opencodeKey + "}"
			}
		case "none":
		default:
			return Command{}, cannotSend(o.Title(), d.AuthHeader)
		}
		provider.Options["apiKey"] = "none" // or the adapter would look for one in the environment
		provider.Options["headers"] = headers
	} else {
		e.set(opencodeKey, opts.Proxy.Token.Reveal())
		provider.Options["baseURL"] = opts.Proxy.BaseURL + "/v1"
		provider.Options["apiKey"] = "{env:" + opencodeKey + "}"
		e.reachLoopback()
	}
	provider.NPM = map[string]string{formatMessages: "@ai-sdk/anthropic", formatResponses: "@ai-sdk/openai", formatChat: "@ai-sdk/openai-compatible"}[format]
	main, small := opts.modelName(), opts.Serving.Small
	if small == "" {
		small = main
	}
	provider.Models[small] = opencodeModel{Name: small}
	m := opencodeModel{Name: main}
	if opts.Serving.Context > 0 && opts.Serving.Output > 0 && main == opts.Serving.Model {
		m.Limit = &opencodeLimit{opts.Serving.Context, opts.Serving.Output}
	}
	provider.Models[main] = m
	config, err := json.Marshal(map[string]any{
		"$schema": "https://opencode.ai/config.json", "autoupdate": false, "share": "disabled",
		"model": "ringlet/" + main, "small_model": "ringlet/" + small,
		"enabled_providers": []string{"ringlet"}, "provider": map[string]any{"ringlet": provider},
	})
	if err != nil {
		return Command{}, err
	}
	e.set("OPENCODE_CONFIG_CONTENT", string(config))
	e.set("OPENCODE_DISABLE_MODELS_FETCH", "1")
	e.set("OPENCODE_DISABLE_AUTOUPDATE", "1")
	e.set("XDG_CONFIG_HOME", o.configHome(opts.Home))
	e.set("XDG_DATA_HOME", under(opts.Home, ".local", "share"))
	e.set("XDG_STATE_HOME", under(opts.Home, ".local", "state"))
	cmd.Env = e.list
	return cmd, nil
}

type opencodeProvider struct {
	NPM     string                   `json:"npm"`
	Name    string                   `json:"name"`
	Options map[string]any           `json:"options"`
	Models  map[string]opencodeModel `json:"models"`
}

type opencodeModel struct {
	Name  string         `json:"name"`
	Limit *opencodeLimit `json:"limit,omitempty"` // tokens
}

type opencodeLimit struct {
	Context int `json:"context"`
	Output  int `json:"output"`
}

// opencodeBase is the base URL as the adapter of a format takes it: all of them
// append the path's last part only, so that Messages' base needs its /v1.
func opencodeBase(base, format string) string {
	base = strings.TrimRight(base, "/")
	if format == formatMessages && !strings.HasSuffix(base, "/v1") {
		return base + "/v1"
	}
	return base
}
