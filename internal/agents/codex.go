package agents

import (
	"context"
	"path/filepath"
	"slices"
)

// Codex is OpenAI's Codex CLI. What this file says of it was measured with
// version 0.169.0 against a scripted upstream, and is documented at
// https://developers.openai.com/codex/config-reference.
//
// Its folder is .codex in the profile's home, by CODEX_HOME: config.toml, its
// login, its sessions. It speaks OpenAI's Responses only. OPENAI_BASE_URL means
// nothing to it, so that it is pointed by keys in config.toml: a provider of the
// name "ringlet", and the choice of it.
type Codex struct{}

// The table that config.toml gets, and the keys in it.
const (
	codexChoice   = "model_provider"
	codexProvider = "model_providers.ringlet"
	codexBaseURL  = codexProvider + ".base_url"
	codexToken    = codexProvider + ".experimental_bearer_token"
	codexLoggedIn = codexProvider + ".requires_openai_auth" // its own login is sent
	codexHeaders  = codexProvider + ".http_headers"
)

// ID implements [Agent].
func (Codex) ID() string { return "codex" }

// Title implements [Agent].
func (Codex) Title() string { return "Codex" }

func (Codex) settings() settings {
	return settings{agent: "codex", file: filepath.Join(".codex", "config.toml"), edit: tomlEditor{}}
}

// SettingsPath implements [Agent].
func (c Codex) SettingsPath(home string) string { return filepath.Join(home, c.settings().file) }

// Notes implements [Agent].
func (Codex) Notes() []string { return nil }

// Find implements [Agent].
func (c Codex) Find(host Host) (string, error) {
	then := []string{filepath.Join(host.Home, ".local", "bin", "codex")}
	if path, ok := lookup(host, "codex", then...); ok {
		return path, nil
	}
	return "", &NotInstalledError{Title: c.Title(), Program: "codex", Looked: then, Install: "npm install -g @openai/codex"}
}

// Detect implements [Agent].
func (c Codex) Detect(ctx context.Context, host Host) (Installation, error) {
	return detect(ctx, c, host)
}

// FirstRun implements [Agent]: the folder has to be there, or Codex ends with an
// error. Whether the folder that it works in is trusted stays its user's answer.
func (c Codex) FirstRun(_ context.Context, o FirstRunOptions) error {
	return privateDir(filepath.Dir(c.SettingsPath(o.Home)))
}

func (Codex) wanted(o PointOptions) []setting {
	want := []setting{
		{codexChoice, quote("ringlet")},
		{codexProvider + ".name", quote("ringlet")},
		{codexBaseURL, quote(o.BaseURL + "/v1")},
		{codexProvider + ".wire_api", quote("responses")},
	}
	if !o.OwnLogin {
		return append(want, setting{codexToken, quote(o.Token.Reveal())})
	}
	return append(want, setting{codexToken, nil}, setting{codexLoggedIn, []byte("true")},
		setting{codexHeaders, []byte(`{ "` + tokenHeader + `" = ` + string(quote(o.Token.Reveal())) + ` }`)})
}

// Point implements [Agent].
func (c Codex) Point(_ context.Context, o PointOptions) error {
	s := c.settings()
	s.log = o.Log
	return s.point(o.Home, o.RestoreDir, c.wanted(o))
}

// Restore implements [Agent].
func (c Codex) Restore(_ context.Context, o RestoreOptions) error {
	s := c.settings()
	s.log = o.Log
	return s.restore(o.Home, o.RestoreDir)
}

// Pointed implements [Agent].
func (c Codex) Pointed(_ context.Context, o PointOptions) ([]string, error) {
	return c.settings().pointed(o.Home, c.wanted(o), func(s setting) string {
		switch {
		case len(s.value) == 0:
			return "left out, so that the login is used"
		case s.key == codexToken, s.key == codexHeaders:
			return "the profile's token"
		}
		return string(s.value)
	})
}

// codexScrub are the variables by which Codex would take another key, login or folder.
func codexScrub() []string {
	return []string{"OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT",
		"CODEX_HOME", "CODEX_SQLITE_HOME", "CODEX_OSS_BASE_URL", "CODEX_OSS_PORT"}
}

// codexKey is the variable in which a profile without a proxy hands over its provider's key.
const codexKey = "RINGLET_PROVIDER_KEY"

// Command implements [Agent]. With a proxy address and token are in config.toml,
// so that no process that Codex starts finds them in its environment. Without
// one everything is on the command line but the key, which is in the environment.
func (c Codex) Command(_ context.Context, o RunOptions) (Command, error) {
	path, err := c.Find(o.Host)
	if err != nil {
		return Command{}, err
	}
	cmd, e := start(o, path, "codex", codexScrub(), o.kept(codexLogin())...)
	e.set("CODEX_HOME", filepath.Dir(c.SettingsPath(o.Home)))
	var flags []string
	if o.Model != "" {
		flags = append(flags, "-c", "model="+string(quote(o.Model)))
	}
	if o.Direct != nil && o.Direct.AuthHeader == OwnLoginAuth {
		now, err := readSettings(c.SettingsPath(o.Home))
		if err != nil {
			return Command{}, err
		}
		choice, err := c.settings().edit.lookup(c.SettingsPath(o.Home), now.text, []string{codexChoice})
		if err != nil {
			return Command{}, err
		}
		if string(choice[0].value) == string(quote("ringlet")) { // past a proxy that the settings point at
			flags = append(flags, "-c", codexChoice+"="+string(quote("openai")))
		}
		cmd.Argv, cmd.Env = slices.Insert(cmd.Argv, 1, flags...), e.list
		return cmd, nil
	}
	if o.Direct != nil {
		direct, err := c.direct(o.Direct, e)
		if err != nil {
			return Command{}, err
		}
		flags = append(flags, direct...)
	} else {
		e.reachLoopback()
	}
	cmd.Argv = slices.Insert(cmd.Argv, 1, flags...)
	cmd.Env = e.list
	return cmd, nil
}

// direct are the flags that make a provider Codex's own.
func (c Codex) direct(d *Direct, e *environ) ([]string, error) {
	table := "{name=" + string(quote("ringlet-direct")) + ",base_url=" + string(quote(d.BaseURL)) + `,wire_api="responses"`
	switch d.AuthHeader {
	case "bearer":
		table += ",env_key=" + string(quote(codexKey))
	case "x-api-key", "api-key":
		table += ",env_http_headers={" + string(quote(d.AuthHeader)) + "=" + string(quote(codexKey)) + "}"
	case "none":
	default:
		return nil, cannotSend(c.Title(), d.AuthHeader)
	}
	if d.AuthHeader != "none" {
		e.set(codexKey, d.Key.Reveal())
	}
	if len(d.Headers) > 0 {
		var list []byte
		for _, name := range sortedKeys(d.Headers) {
			list = slices.Concat(list, []byte(","), quote(name), []byte("="), quote(d.Headers[name]))
		}
		table += ",http_headers={" + string(list[1:]) + "}"
	}
	return []string{"-c", "model_providers.ringlet-direct=" + table + "}", "-c", `model_provider="ringlet-direct"`}, nil
}

// Provider implements [Agent].
func (Codex) Provider() string { return "openai" }

// Formats implements [Agent].
func (Codex) Formats() []string { return []string{formatResponses} }
