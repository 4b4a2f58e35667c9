// Package paths says where ringlet's files are: the settings, profiles and
// credentials below the configuration folder, and each profile's own home.
//
// It is pure: it reads an environment that the caller hands in and joins
// names; nothing is created or looked up on disk. Start with [New].
package paths

import (
	"fmt"
	"path/filepath"
)

// Dirs are the roots that everything else is below. Make it by [New].
type Dirs struct {
	Home   string // the user's home folder, absolute
	Config string // ringlet's configuration folder, absolute
}

// New finds the roots from the environment and the user's home folder, which
// must be absolute. XDG_CONFIG_HOME is honoured; a relative one is ignored, as
// the XDG Base Directory Specification asks ("All paths set in these
// environment variables must be absolute. If an implementation encounters a
// relative path […] it should consider the path invalid and ignore it").
func New(getenv func(string) string, home string) (Dirs, error) {
	if !filepath.IsAbs(home) {
		return Dirs{}, &HomeError{Home: home}
	}
	home = filepath.Clean(home)
	config := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	return Dirs{Home: home, Config: filepath.Join(config, "ringlet")}, nil
}

// HomeError is a home folder that cannot be used.
type HomeError struct{ Home string }

func (e *HomeError) Error() string {
	if e.Home == "" {
		return "the home folder is not known: HOME is not set"
	}
	return fmt.Sprintf("the home folder %q is not an absolute path", e.Home)
}

// Hint says what to set.
func (e *HomeError) Hint() string {
	return "set HOME to your home folder, as in: HOME=/home/you ringlet …"
}

// ConfigDir is ringlet's configuration folder, ~/.config/ringlet.
func (d Dirs) ConfigDir() string { return d.Config }

// Settings is the file with the user's settings.
func (d Dirs) Settings() string { return filepath.Join(d.Config, "config.yaml") }

// ProfilesDir holds one file per profile.
func (d Dirs) ProfilesDir() string { return filepath.Join(d.Config, "profiles") }

// Profile is a profile's file.
func (d Dirs) Profile(alias string) string {
	return filepath.Join(d.ProfilesDir(), alias+".json")
}

// ProvidersDir holds the user's own providers.
func (d Dirs) ProvidersDir() string { return filepath.Join(d.Config, "providers.d") }

// CredentialsDir holds one key file per provider.
func (d Dirs) CredentialsDir() string { return filepath.Join(d.Config, "credentials") }

// LocalTokens holds one token file per profile.
func (d Dirs) LocalTokens() string { return filepath.Join(d.CredentialsDir(), "local") }

// UltrallmKeys is the file with the keys for a profile's ultrallm engine.
func (d Dirs) UltrallmKeys(alias string) string {
	return filepath.Join(d.Config, "ultrallm", alias+".env")
}

// Lock is the file whose lock guards every read-modify-write below ConfigDir.
// It lies outside ProfilesDir, so that no alias can name it.
func (d Dirs) Lock() string { return filepath.Join(d.Config, "lock") }

// Ports is the registry of ports given out.
func (d Dirs) Ports() string { return filepath.Join(d.Config, "ports.json") }

// RestoreDir holds what an agent's settings were before ringlet touched them,
// in a folder per profile.
func (d Dirs) RestoreDir(alias string) string {
	return filepath.Join(d.Config, "restore", alias)
}

// BackupDir holds unit files that were replaced.
func (d Dirs) BackupDir() string { return filepath.Join(d.Config, "backup") }

// SystemdUserDir is where the user's own systemd units lie. XDG_CONFIG_HOME is
// not consulted: the user manager reads its own environment, which a shell's
// start-up file does not reach, so a unit written below a shell's
// XDG_CONFIG_HOME would not be found.
func (d Dirs) SystemdUserDir() string {
	return filepath.Join(d.Home, ".config", "systemd", "user")
}
