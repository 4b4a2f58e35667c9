//go:build testbed

package main

import (
	"os"
	"path/filepath"
	"strings"
)

func (b *bed) path(name string) string { return filepath.Join(b.home, name) }

func (b *bed) exists(name string) bool {
	_, err := os.Lstat(b.path(name))
	return err == nil
}

func (b *bed) read(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

func (b *bed) write(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Files of a profile, relative to the home.
func configFile(alias string) string   { return ".claude-profiles/" + alias + "/.ultrallm/config.yaml" }
func logFile(alias string) string      { return ".claude-profiles/" + alias + "/.ultrallm/logs/proxy.log" }
func settingsFile(alias string) string { return ".claude-profiles/" + alias + "/.claude/settings.json" }
func profileFile(alias string) string  { return ".config/ringlet/profiles/" + alias + ".json" }
func tokenFile(alias string) string    { return ".config/ringlet/credentials/local/" + alias }

// token is the profile's local token.
func (b *bed) token(alias string) string {
	b.t.Helper()
	return strings.TrimSpace(b.read(tokenFile(alias)))
}
