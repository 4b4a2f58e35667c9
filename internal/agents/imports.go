package agents

import "path/filepath"

// Imports is what a profile can take over of its agent's home outside of it.
// Nothing that is not named here is copied, and no login.
type Imports struct {
	Folders []ImportFolder // the first is the agent's own, which can be another than in the user's home
	// Clean is a file's text without what must not come along: credentials, and
	// settings that choose another endpoint. left names what was taken out. An error
	// means that the file cannot be read, and is left.
	Clean func(name string, text []byte) (clean []byte, left []string, err error)
	// Servers says that the MCP servers in a .claude.json beside the folder, or in it, come along.
	Servers bool
}

// ImportFolder is one folder: From relative to the user's home, To relative to
// the profile's. Names are files and folders in it.
type ImportFolder struct {
	From, To string
	Settings []string
	History  []string // conversations: only when asked for
	Logins   []string // named in the report, and never copied
}

// Imports implements [Agent]. The files are those of
// https://code.claude.com/docs/en/settings and …/memory.
func (c Claude) Imports() Imports {
	return Imports{Servers: true, Clean: cleanClaude, Folders: []ImportFolder{{
		From: ".claude", To: ".claude",
		Settings: []string{"settings.json", "CLAUDE.md", "agents", "commands", "hooks", "keybindings.json", "output-styles", "rules", "skills"},
		History:  []string{"file-history", "history.jsonl", "plans", "projects", "todos"},
		Logins:   []string{".credentials.json"},
	}}}
}

// Imports implements [Agent].
func (Codex) Imports() Imports {
	return Imports{Clean: cleanTOML("profile"), Folders: []ImportFolder{{
		From: ".codex", To: ".codex",
		Settings: []string{"config.toml", "AGENTS.md", "AGENTS.override.md", "prompts", "rules", "skills"},
		History:  []string{"archived_sessions", "history.jsonl", "sessions"},
		Logins:   []string{"auth.json"},
	}}}
}

// Imports implements [Agent].
func (OpenCode) Imports() Imports {
	config, data := filepath.Join(".config", "opencode"), filepath.Join(".local", "share", "opencode")
	return Imports{Clean: cleanJSON(), Folders: []ImportFolder{
		{From: config, To: config, Settings: []string{"opencode.json", "opencode.jsonc", "tui.json", "AGENTS.md", "agent", "agents", "command", "commands",
			"mode", "modes", "plugin", "plugins", "skill", "skills", "themes", "tool", "tools"}},
		{From: data, To: data, History: []string{"opencode.db", "storage"}, Logins: []string{"auth.json", "mcp-auth.json"}},
	}}
}

// Imports implements [Agent].
func (Droid) Imports() Imports {
	return Imports{Clean: cleanJSON("customModels", "custom_models"), Folders: []ImportFolder{{
		From: ".factory", To: ".factory",
		Settings: []string{"settings.json", "mcp.json", "AGENTS.md", "commands", "droids", "hooks", "skills"},
		History:  []string{"history.json", "sessions"},
		Logins:   []string{"auth.json", "auth.encrypted", "auth.v2.file", "auth.v2.key"},
	}}}
}

// Imports implements [Agent].
func (Grok) Imports() Imports {
	toml, json := cleanTOML(), cleanJSON("apiKey", "baseURL")
	clean := func(name string, text []byte) ([]byte, []string, error) {
		if filepath.Ext(name) == ".toml" {
			return toml(name, text)
		}
		return json(name, text)
	}
	return Imports{Clean: clean, Folders: []ImportFolder{{
		From: ".grok", To: ".grok",
		Settings: []string{"config.toml", "user-settings.json", "AGENTS.md", "GROK.md", "agents", "commands", "hooks", "rules", "skills"},
		History:  []string{"sessions"},
		Logins:   []string{"auth.json"},
	}}}
}
