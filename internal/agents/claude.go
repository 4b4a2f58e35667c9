package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ringlet/ringlet/internal/safefile"
)

// Claude is Claude Code. What this file says of it was measured with version
// 2.1.330 against a scripted upstream, and is documented at
// https://code.claude.com/docs/en/env-vars and …/settings.
//
// Its folder is .claude in the profile's home, by CLAUDE_CONFIG_DIR; the real
// HOME stays, so that git, ssh and npm work inside it as outside. The env block
// of settings.json in that folder wins over the shell's environment.
type Claude struct{}

// The variables that point Claude Code at a proxy: the base URL without /v1, and a
// token that it sends as "Authorization: Bearer". Without the latter it sends what
// it is logged in with there, so that the token is a header of its own then.
const (
	claudeBaseURL = "ANTHROPIC_BASE_URL"
	claudeToken   = "ANTHROPIC_AUTH_TOKEN"
	claudeHeaders = "ANTHROPIC_CUSTOM_HEADERS" // further headers, one a line
)

// ID implements [Agent].
func (Claude) ID() string { return "claude" }

// Title implements [Agent].
func (Claude) Title() string { return "Claude Code" }

func (Claude) settings() settings {
	return settings{agent: "claude", file: filepath.Join(".claude", "settings.json"), edit: envEditor{}}
}

// SettingsPath implements [Agent].
func (c Claude) SettingsPath(home string) string { return filepath.Join(home, c.settings().file) }

// configDir is where CLAUDE_CONFIG_DIR points. With it set, .claude.json lies
// in that folder too, not in HOME.
func (Claude) configDir(home string) string { return filepath.Join(home, ".claude") }

// Provider implements [Agent].
func (Claude) Provider() string { return "anthropic" }

// Formats implements [Agent].
func (Claude) Formats() []string { return []string{formatMessages} }

// Notes implements [Agent].
func (Claude) Notes() []string { return nil }

// Find implements [Agent]. It looks in PATH, then where the native installer and the older "local"
// installation put the program, which shells that read no profile do not know.
func (c Claude) Find(host Host) (string, error) {
	then := []string{filepath.Join(host.Home, ".local", "bin", "claude"), filepath.Join(host.Home, ".claude", "local", "claude")}
	if path, ok := lookup(host, "claude", then...); ok {
		return path, nil
	}
	return "", &NotInstalledError{Title: c.Title(), Program: "claude", Looked: then, Install: "npm install -g @anthropic-ai/claude-code"}
}

// Detect implements [Agent].
func (c Claude) Detect(ctx context.Context, host Host) (Installation, error) {
	return detect(ctx, c, host)
}

// FirstRun implements [Agent]: without hasCompletedOnboarding, an interactive
// Claude Code begins with its theme and login dialogs, although the profile has
// settled the login. Whether a folder is trusted stays its user's answer.
func (c Claude) FirstRun(_ context.Context, o FirstRunOptions) error {
	if o.OwnLogin {
		return privateDir(c.configDir(o.Home)) // the login dialog is what is needed
	}
	path := filepath.Join(c.configDir(o.Home), ".claude.json")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := privateDir(filepath.Dir(path)); err != nil {
		return err
	}
	return safefile.Write(path, []byte("{\n  \"hasCompletedOnboarding\": true\n}\n"), 0o600)
}

func (Claude) wanted(o PointOptions) []setting {
	if o.OwnLogin {
		return []setting{{claudeBaseURL, quote(o.BaseURL)}, {claudeHeaders, quote(tokenHeader + ": " + o.Token.Reveal())}, {claudeToken, nil}}
	}
	return []setting{{claudeBaseURL, quote(o.BaseURL)}, {claudeToken, quote(o.Token.Reveal())}}
}

// Point implements [Agent].
func (c Claude) Point(_ context.Context, o PointOptions) error {
	s := c.settings()
	s.log = o.Log
	return s.point(o.Home, o.RestoreDir, c.wanted(o))
}

// Restore implements [Agent].
func (c Claude) Restore(_ context.Context, o RestoreOptions) error {
	s := c.settings()
	s.log = o.Log
	return s.restore(o.Home, o.RestoreDir)
}

// Pointed implements [Agent].
func (c Claude) Pointed(_ context.Context, o PointOptions) ([]string, error) {
	differ, err := c.settings().pointed(o.Home, c.wanted(o), func(s setting) string {
		switch {
		case len(s.value) == 0:
			return "left out, so that the login is used"
		case s.key == claudeBaseURL:
			return o.BaseURL
		}
		return "the profile's token"
	})
	if err != nil {
		return nil, err
	}
	except := []string{claudeBaseURL, claudeToken}
	if o.OwnLogin {
		except = append(except, claudeHeaders)
	}
	past, err := c.past(c.SettingsPath(o.Home), o.OwnLogin, except...)
	return append(differ, past...), err
}

// past lists what in a settings file leads requests past the proxy, keys that
// are named in except aside, and with ownLogin those of a login.
func (Claude) past(path string, ownLogin bool, except ...string) ([]string, error) {
	if ownLogin {
		except = append(except, claudeLogin()...)
	}
	now, err := readSettings(path)
	if err != nil || now.absent {
		return nil, err
	}
	_, top, env, err := parseSettings(path, now.text)
	if err != nil {
		return nil, err
	}
	var out []string
	scrub := claudeScrub()
	if env != nil {
		for _, m := range env.members {
			why := scrub[m.key]
			if why == "" || slices.Contains(except, m.key) || unset(env.raw(m)) {
				continue
			}
			out = append(out, fmt.Sprintf("%s sets %s, which %s", path, m.key, why))
		}
	}
	if i := top.find("apiKeyHelper"); i >= 0 && !ownLogin && !unset(top.raw(top.members[i])) {
		out = append(out, path+" sets apiKeyHelper, whose key is sent along")
	}
	return out, nil
}

// unset reports whether a setting's value is as good as none.
func unset(raw json.RawMessage) bool {
	switch string(raw) {
	case `""`, `null`, `"0"`, `"false"`:
		return true
	}
	return false
}
