package agents

import "slices"

// OwnLoginAuth is [Direct.AuthHeader] where an agent uses a login of its own.
const OwnLoginAuth = "client"

// tokenHeader carries the local token where Authorization and x-api-key belong
// to the agent's own login.
const tokenHeader = "X-Ringlet-Token"

// OwnLogin implements [Agent]: a claude.ai login, or an API key of its own.
func (Claude) OwnLogin() bool { return true }

// OwnLogin implements [Agent]: a ChatGPT login, or an API key of its own.
func (Codex) OwnLogin() bool { return true }

// OwnLogin implements [Agent].
func (OpenCode) OwnLogin() bool { return false }

// OwnLogin implements [Agent].
func (Droid) OwnLogin() bool { return false }

// OwnLogin implements [Agent].
func (Grok) OwnLogin() bool { return false }

// ownLogin reports whether the agent is to use a login of its own.
func (o RunOptions) ownLogin() bool {
	return o.Proxy != nil && o.Proxy.OwnLogin || o.Direct != nil && o.Direct.AuthHeader == OwnLoginAuth
}

// claudeLogin are the variables that are a login of Claude Code's own.
// ANTHROPIC_AUTH_TOKEN is none: it is for gateways, and would take the place of
// the claude.ai login.
func claudeLogin() []string {
	return []string{"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_REFRESH_TOKEN", "CLAUDE_CODE_OAUTH_SCOPES"}
}

// codexLogin are the variables that are a login of Codex's own, for codex exec.
func codexLogin() []string { return []string{"CODEX_API_KEY", "CODEX_ACCESS_TOKEN"} }

// kept are the variables of login that stay with the agent.
func (o RunOptions) kept(login []string) []string {
	if o.ownLogin() {
		return login
	}
	return nil
}

// stale puts back what an earlier call set and this one does not: in another
// mode an agent is pointed by other keys.
func (s settings) stale(had *Record, path string, text []byte, want []setting) ([]byte, error) {
	if had == nil {
		return text, nil
	}
	var change []setting
	for i := range had.Keys {
		k := &had.Keys[i]
		if slices.ContainsFunc(want, func(w setting) bool { return w.key == k.Key }) {
			continue
		}
		now, err := s.edit.lookup(path, text, []string{k.Key})
		if err != nil {
			return nil, err
		}
		if k.isOurs(now[0].value) {
			change = append(change, setting{k.Key, []byte(k.Before)})
		}
	}
	if len(change) == 0 {
		return text, nil
	}
	return s.edit.change(path, text, change, false)
}
