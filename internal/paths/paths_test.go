package paths

import (
	"errors"
	"testing"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func TestNew(t *testing.T) {
	for _, tt := range []struct{ name, home, xdg, config string }{
		{"default", "/home/u", "", "/home/u/.config/ringlet"},
		{"XDG_CONFIG_HOME", "/home/u", "/etc/u", "/etc/u/ringlet"},
		{"a relative one is ignored", "/home/u", "conf", "/home/u/.config/ringlet"},
		{"dots and slashes", "/home//u/../v/", "/x//y/", "/x/y/ringlet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := New(env(map[string]string{"XDG_CONFIG_HOME": tt.xdg}), tt.home)
			if err != nil || d.ConfigDir() != tt.config {
				t.Errorf("got %q, %v; want %q", d.ConfigDir(), err, tt.config)
			}
		})
	}
}

func TestNewRefusesHomes(t *testing.T) {
	for _, home := range []string{"", "home/u", "./u"} {
		_, err := New(env(nil), home)
		var he *HomeError
		if !errors.As(err, &he) || he.Hint() == "" || he.Error() == "" {
			t.Errorf("home %q: got %v", home, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	d, err := New(env(map[string]string{"XDG_CONFIG_HOME": "/x"}), "/h")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, got, want string }{
		{"settings", d.Settings(), "/x/ringlet/config.yaml"},
		{"profile", d.Profile("my-work"), "/x/ringlet/profiles/my-work.json"},
		{"providers", d.ProvidersDir(), "/x/ringlet/providers.d"},
		{"credentials", d.CredentialsDir(), "/x/ringlet/credentials"},
		{"tokens", d.LocalTokens(), "/x/ringlet/credentials/local"},
		{"keys for ultrallm", d.UltrallmKeys("work"), "/x/ringlet/ultrallm/work.env"},
		{"lock", d.Lock(), "/x/ringlet/lock"},
		{"ports", d.Ports(), "/x/ringlet/ports.json"},
		{"restore", d.RestoreDir("work"), "/x/ringlet/restore/work"},
		{"units, where the user manager looks", d.SystemdUserDir(), "/h/.config/systemd/user"},
		{"home", d.ProfileHome("claude", "work"), "/h/.claude-profiles/work"},
		{"engine", d.EngineDir("claude", "work"), "/h/.claude-profiles/work/.ultrallm"},
		{"config", d.EngineConfig("claude", "work"), "/h/.claude-profiles/work/.ultrallm/config.yaml"},
		{"logs", d.LogsDir("claude", "work"), "/h/.claude-profiles/work/.ultrallm/logs"},
		{"log", d.ProxyLog("claude", "work"), "/h/.claude-profiles/work/.ultrallm/logs/proxy.log"},
		{"agent", d.ClaudeConfigDir("claude", "work"), "/h/.claude-profiles/work/.claude"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.what, tt.got, tt.want)
		}
	}
}
