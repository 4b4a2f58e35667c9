package paths

import "path/filepath"

// ProfileHome is the profile's home, ~/.<agent>-profiles/<alias>. What lies in
// it is the user's, but for EngineDir.
func (d Dirs) ProfileHome(agent, alias string) string {
	return filepath.Join(d.Home, "."+agent+"-profiles", alias)
}

// EngineDir holds what ringlet makes for a profile: its configuration, logs and usage.
func (d Dirs) EngineDir(agent, alias string) string {
	return filepath.Join(d.ProfileHome(agent, alias), ".ultrallm")
}

// EngineConfig is the generated configuration that the engine reads.
func (d Dirs) EngineConfig(agent, alias string) string {
	return filepath.Join(d.EngineDir(agent, alias), "config.yaml")
}

// LogsDir holds the proxy's log and those that it rotated away.
func (d Dirs) LogsDir(agent, alias string) string {
	return filepath.Join(d.EngineDir(agent, alias), "logs")
}

// ProxyLog is the proxy's log.
func (d Dirs) ProxyLog(agent, alias string) string {
	return filepath.Join(d.LogsDir(agent, alias), "proxy.log")
}

// ClaudeConfigDir is Claude Code's settings folder inside the profile's home,
// for CLAUDE_CONFIG_DIR.
func (d Dirs) ClaudeConfigDir(agent, alias string) string {
	return filepath.Join(d.ProfileHome(agent, alias), ".claude")
}
