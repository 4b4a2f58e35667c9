package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/safefile"
)

// Droid is Factory's droid CLI. What this file says of it was measured with
// version 0.215.0 against a scripted upstream, and is documented at
// https://docs.factory.ai/cli/byok/overview.
//
// Its folder .factory is in the profile's home by FACTORY_HOME_OVERRIDE; the
// real HOME stays. It takes a model of its user's from a settings file of ringlet's own beside
// the user's, which FACTORY_RUNTIME_SETTINGS_PATH names and which holds no key:
// the key is in a variable that the file refers to.
type Droid struct{}

// ID implements [Agent].
func (Droid) ID() string { return "droid" }

// Title implements [Agent].
func (Droid) Title() string { return "Droid" }

// SettingsPath implements [Agent]: the user's own settings are not touched.
func (Droid) SettingsPath(string) string { return "" }

// runtimeSettings is the file that a run writes.
func (Droid) runtimeSettings(home string) string { return under(home, ".factory", "ringlet.json") }

// Provider implements [Agent].
func (Droid) Provider() string { return "anthropic" }

// Formats implements [Agent].
func (Droid) Formats() []string { return []string{formatMessages, formatResponses, formatChat} }

// Notes implements [Agent].
func (Droid) Notes() []string {
	return []string{"Droid runs with FACTORY_AIRGAP_ENABLED=1 in this profile: it asks for no login at Factory, and sends nothing there, telemetry included"}
}

// Find implements [Agent].
func (d Droid) Find(host Host) (string, error) {
	then := []string{filepath.Join(host.Home, ".local", "bin", "droid")}
	if path, ok := lookup(host, "droid", then...); ok {
		return path, nil
	}
	return "", &NotInstalledError{Title: d.Title(), Program: "droid", Looked: then, Install: "npm install -g droid"}
}

// Detect implements [Agent].
func (d Droid) Detect(ctx context.Context, host Host) (Installation, error) {
	return detect(ctx, d, host)
}

// FirstRun implements [Agent].
func (Droid) FirstRun(_ context.Context, o FirstRunOptions) error {
	return privateDir(under(o.Home, ".factory"))
}

// Point implements [Agent].
func (Droid) Point(context.Context, PointOptions) error { return nil }

// Pointed implements [Agent].
func (Droid) Pointed(context.Context, PointOptions) ([]string, error) { return nil, nil }

// Restore implements [Agent]: the file of the last run goes.
func (d Droid) Restore(_ context.Context, o RestoreOptions) error {
	path := d.runtimeSettings(o.Home)
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("remove ringlet's own settings: %w", err)
	}
	if o.Log != nil {
		o.Log.Debug("file removed", "path", path)
	}
	return safefile.SyncDir(filepath.Dir(path))
}

// droidScrub are the variables that hold another login or endpoint.
func droidScrub() []string {
	return []string{"FACTORY_API_KEY", "FACTORY_API_BASE_URL", "FACTORY_HOME_OVERRIDE", "FACTORY_RUNTIME_SETTINGS_PATH", "DROID_PROFILE", "DROID_PROFILE_OVERLAY",
		"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"}
}

// droidKey is the variable that the settings file takes the token or key from.
const droidKey = "RINGLET_PROVIDER_KEY"

// droidModel is an entry of customModels.
type droidModel struct {
	Model        string            `json:"model"`
	DisplayName  string            `json:"displayName"`
	BaseURL      string            `json:"baseUrl"`
	APIKey       string            `json:"apiKey"`
	Provider     string            `json:"provider"`
	MaxOutput    int               `json:"maxOutputTokens"`
	ExtraHeaders map[string]string `json:"extraHeaders,omitempty"`
}

// Command implements [Agent].
func (d Droid) Command(_ context.Context, o RunOptions) (Command, error) {
	path, err := d.Find(o.Host)
	if err != nil {
		return Command{}, err
	}
	if err := noSettings(o, d.Title()); err != nil {
		return Command{}, err
	}
	cmd, e := start(o, path, "droid", droidScrub())
	format := o.Serving.format(d.Formats()...)
	model := droidModel{Model: o.modelName(), APIKey: "${" + droidKey + "}", MaxOutput: cmp.Or(o.Serving.Output, 8192)}
	model.DisplayName = model.Model + " by ringlet"
	var key string
	if o.Direct != nil {
		format = o.Direct.Format
		model.BaseURL, model.ExtraHeaders, key = o.Direct.BaseURL, o.Direct.Headers, o.Direct.Key.Reveal()
		switch native := map[string]string{formatMessages: "x-api-key", formatResponses: "bearer", formatChat: "bearer"}[format]; o.Direct.AuthHeader {
		case native:
		case "none":
			key = "none" // without any it refuses the model
		default:
			return Command{}, cannotSend(d.Title(), o.Direct.AuthHeader)
		}
	} else {
		key = o.Proxy.Token.Reveal()
		model.BaseURL = o.Proxy.BaseURL
		if format != formatMessages {
			model.BaseURL += "/v1"
		}
		e.reachLoopback()
	}
	model.Provider = map[string]string{formatMessages: "anthropic", formatResponses: "openai", formatChat: "generic-chat-completion-api"}[format]
	text, err := json.MarshalIndent(map[string]any{"model": "custom:" + model.Model, "customModels": []droidModel{model}}, "", "  ")
	if err != nil {
		return Command{}, err
	}
	cmd.Files = []File{{Path: d.runtimeSettings(o.Home), Content: append(text, '\n')}}
	e.set("FACTORY_HOME_OVERRIDE", o.Home)
	e.set("FACTORY_RUNTIME_SETTINGS_PATH", d.runtimeSettings(o.Home))
	e.set("FACTORY_AIRGAP_ENABLED", "1")
	e.set(droidKey, key)
	cmd.Env = e.list
	return cmd, nil
}
