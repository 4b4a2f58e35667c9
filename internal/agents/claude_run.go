package agents

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// claudeScrub are the shell's variables that Claude Code must not see in a
// profile, and what each would do. The names are those that the program itself
// treats as a provider's endpoint, choice or credential.
func claudeScrub() map[string]string {
	out := map[string]string{}
	for why, names := range map[string][]string{
		"is a credential that would be sent along": {
			"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_REFRESH_TOKEN", "CLAUDE_CODE_OAUTH_SCOPES",
			"AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_FOUNDRY_AUTH_TOKEN", "ANTHROPIC_AWS_API_KEY",
			"ANTHROPIC_PROFILE", "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_SERVICE_ACCOUNT_ID",
		},
		"names a file descriptor with a credential, which is another process's": {
			"CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR", "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR", "CLAUDE_CODE_GATEWAY_TOKEN_FILE_DESCRIPTOR",
		},
		"carries headers that were meant for another endpoint": {"ANTHROPIC_CUSTOM_HEADERS"},
		"sends requests to another endpoint": {
			"ANTHROPIC_BASE_URL", "CLAUDE_CODE_API_BASE_URL", "ANTHROPIC_UNIX_SOCKET", "CLAUDE_CODE_RUNNER_MODEL_SOCKET",
			"ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_FOUNDRY_BASE_URL",
			"ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_AWS_BASE_URL", "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
		},
		"makes it talk to a cloud provider instead": {
			"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_USE_MANTLE", "CLAUDE_CODE_USE_GATEWAY",
			"CLAUDE_CODE_USE_ANTHROPIC_AWS", "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
		},
		"leaves out a credential": {
			"CLAUDE_CODE_SKIP_BEDROCK_AUTH", "CLAUDE_CODE_SKIP_VERTEX_AUTH", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH", "CLAUDE_CODE_SKIP_MANTLE_AUTH",
			"CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH", "CLAUDE_CODE_SKIP_ANTHROPIC_GOOGLE_CLOUD_AUTH",
		},
		"makes it take its provider from the program around it, and not from its settings": {
			"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST", "CLAUDE_CODE_HOST_AUTH_ENV_VAR", "CLAUDE_CODE_HOST_CREDS_FILE", "CLAUDE_CODE_SDK_HAS_HOST_AUTH_REFRESH",
		},
		"points at another configuration": {"CLAUDE_CONFIG_DIR"},
	} {
		for _, name := range names {
			out[name] = why
		}
	}
	return out
}

// Command implements [Agent]. For a profile with a proxy the environment holds
// no address and no token: both are in the settings, so that no process that
// the agent starts finds them on its own environment first.
func (c Claude) Command(_ context.Context, o RunOptions) (Command, error) {
	path, err := c.Find(o.Host)
	if err != nil {
		return Command{}, err
	}
	cmd, e := start(o, path, "claude", slices.Collect(maps.Keys(claudeScrub())), o.kept(claudeLogin())...)
	e.set("CLAUDE_CONFIG_DIR", c.configDir(o.Home))
	if o.Model != "" {
		e.set("ANTHROPIC_MODEL", o.Model)
	}
	if o.Direct != nil {
		if o.Direct.AuthHeader != OwnLoginAuth {
			e.set(claudeBaseURL, o.Direct.BaseURL)
		}
		switch o.Direct.AuthHeader {
		case OwnLoginAuth:
		case "x-api-key":
			e.set("ANTHROPIC_API_KEY", o.Direct.Key.Reveal())
		case "bearer":
			e.set(claudeToken, o.Direct.Key.Reveal())
		case "none": // without any, it would ask for a login
			e.set(claudeToken, "none")
		default:
			return Command{}, cannotSend(c.Title(), o.Direct.AuthHeader)
		}
		var headers []string
		for _, name := range slices.Sorted(maps.Keys(o.Direct.Headers)) {
			headers = append(headers, name+": "+o.Direct.Headers[name])
		}
		if len(headers) > 0 {
			e.set(claudeHeaders, strings.Join(headers, "\n"))
		}
		if err := c.pastSettings(o, &cmd, e); err != nil {
			return Command{}, err
		}
	} else {
		e.reachLoopback()
		// A project's own settings win over the user's.
		for _, file := range []string{"settings.json", "settings.local.json"} {
			if o.Host.Dir == "" {
				break
			}
			project := filepath.Join(o.Host.Dir, ".claude", file)
			past, err := c.past(project, o.ownLogin())
			if err != nil {
				continue // a project's broken settings are between it and the agent
			}
			cmd.Warnings = append(cmd.Warnings, past...)
		}
	}
	cmd.Env = e.list
	return cmd, nil
}

// environ is a process's environment.
type environ struct{ list []string }

func newEnviron(list []string) *environ { return &environ{slices.Clone(list)} }

// remove deletes a variable and returns its name if it was there.
func (e *environ) remove(name string) []string {
	n := len(e.list)
	e.list = slices.DeleteFunc(e.list, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	if len(e.list) < n {
		return []string{name}
	}
	return nil
}

func (e *environ) set(name, value string) {
	e.remove(name)
	e.list = append(e.list, name+"="+value)
}

func (e *environ) get(name string) string { return Host{Environ: e.list}.getenv(name) }

// reachLoopback makes sure that a proxy of the shell's is not asked to reach
// the profile's own: with HTTP_PROXY set, Claude Code sends even requests to
// 127.0.0.1 there, unless NO_PROXY names the address.
func (e *environ) reachLoopback() {
	if !slices.ContainsFunc([]string{"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
		"CLAUDE_CODE_HTTP_PROXY", "CLAUDE_CODE_HTTPS_PROXY"}, func(name string) bool { return e.get(name) != "" }) {
		return
	}
	names := slices.DeleteFunc([]string{"no_proxy", "NO_PROXY"}, func(name string) bool { return e.get(name) == "" })
	if len(names) == 0 {
		names = []string{"NO_PROXY", "no_proxy"}
	}
	for _, name := range names {
		list := e.get(name)
		hosts := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		if slices.Contains(hosts, "127.0.0.1") || slices.Contains(hosts, "*") {
			continue
		}
		e.set(name, strings.TrimPrefix(list+",127.0.0.1", ","))
	}
}

// claudeOwnURL is where Claude Code sends requests that nobody redirects.
const claudeOwnURL = "https://api.anthropic.com"

// claudeHelperKey is the variable from which the helper below takes a bearer key.
const claudeHelperKey = "RINGLET_PROVIDER_KEY"

// pastSettings lets a run go to its provider although the settings point at the
// profile's proxy: their env block wins over the environment, and --settings
// wins over both (measured with 2.1.330; the order is documented at
// https://code.claude.com/docs/en/settings#settings-precedence). No key stands on
// the command line. x-api-key comes from the environment; a bearer key has a
// variable of the same name in the settings, so that a helper prints it, and
// then Claude Code sends it as both headers.
func (c Claude) pastSettings(o RunOptions, cmd *Command, e *environ) error {
	path := c.SettingsPath(o.Home)
	now, err := readSettings(path)
	if err != nil || now.absent {
		return err
	}
	had, err := c.settings().edit.lookup(path, now.text, []string{claudeBaseURL, claudeToken, claudeHeaders})
	if err != nil || len(had[0].value)+len(had[1].value)+len(had[2].value) == 0 {
		return err
	}
	env := map[string]string{claudeBaseURL: o.Direct.BaseURL, claudeToken: ""}
	if len(had[2].value) > 0 { // the local token among them must not reach a provider
		env[claudeHeaders] = e.get(claudeHeaders)
	}
	over := map[string]any{"env": env}
	switch o.Direct.AuthHeader {
	case OwnLoginAuth:
		env[claudeBaseURL] = claudeOwnURL
	case "none":
		env[claudeToken] = "none"
	case "bearer":
		e.remove(claudeToken)
		e.set(claudeHelperKey, o.Direct.Key.Reveal())
		over["apiKeyHelper"] = `printf %s "$` + claudeHelperKey + `"`
	}
	text, err := json.Marshal(over)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(o.Args, func(arg string) bool { return arg == "--settings" || strings.HasPrefix(arg, "--settings=") }) {
		cmd.Warnings = append(cmd.Warnings, "--settings among the arguments takes the place of what leads past the proxy; the proxy will be used")
	}
	cmd.Argv = slices.Insert(cmd.Argv, 1, "--settings", string(text))
	return nil
}
