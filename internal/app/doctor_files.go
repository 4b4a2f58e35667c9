package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/profiles"
)

// ownFiles lists ringlet's own files and folders that are there.
func (a *App) ownFiles() []doctor.OwnFile {
	var out []doctor.OwnFile
	add := func(folder, secret bool, paths ...string) {
		for _, path := range paths {
			if strings.HasPrefix(filepath.Base(path), ".") && path != "" && filepath.Base(path) != ".ultrallm" {
				continue // a write that is under way
			}
			out = append(out, doctor.OwnFile{Path: path, Folder: folder, Secret: secret})
		}
	}
	in := func(dir, suffix string) []string {
		entries, _ := os.ReadDir(dir) // one that cannot be read has a finding of its own
		var paths []string
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), suffix) {
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
		return paths
	}
	d := a.Dirs
	ultrallm := filepath.Dir(d.UltrallmKeys("x"))
	add(true, false, d.ConfigDir(), d.ProfilesDir(), d.ProvidersDir())
	add(true, true, d.CredentialsDir(), d.LocalTokens(), ultrallm)
	add(false, false, d.Settings(), d.Ports())
	add(false, false, in(d.ProfilesDir(), ".json")...)
	add(false, false, in(d.ProvidersDir(), ".yaml")...)
	add(false, true, in(d.CredentialsDir(), "")...)
	add(false, true, in(d.LocalTokens(), "")...)
	out = append(out, doctor.OwnFile{Path: a.Secrets.PreviousTokens(), Folder: true, Secret: true})
	add(false, true, in(a.Secrets.PreviousTokens(), "")...)
	add(false, true, in(ultrallm, ".env")...)
	restores, _ := filepath.Glob(filepath.Join(filepath.Dir(d.RestoreDir("x")), "*", "*.json")) // the pattern is a good one
	add(false, true, restores...)
	list, _ := a.Profiles.List(context.Background()) // what cannot be read has a finding of its own
	for _, p := range list {
		out = append(out, a.settingsWithToken(p)...)
	}
	for _, agent := range AgentNames() {
		homes, _ := os.ReadDir(filepath.Dir(d.ProfileHome(agent, "x")))
		for _, home := range homes {
			engine := d.EngineDir(agent, home.Name())
			add(true, false, engine, d.LogsDir(agent, home.Name()), filepath.Join(engine, "usage"))
			add(false, false, d.EngineConfig(agent, home.Name()))
		}
	}
	return out
}

// settingsWithToken is the agent's settings file, where it holds the local token.
func (a *App) settingsWithToken(p profiles.Profile) []doctor.OwnFile {
	agent, err := agents.ByName(p.Agent)
	if err != nil || !p.Proxy.Enabled {
		return nil
	}
	path := agent.SettingsPath(a.home(p))
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if token, no := a.Secrets.Token(p.Alias.String()); err == nil && no == nil && !bytes.Contains(text, []byte(token.Reveal())) {
		return nil // nothing secret of ours
	}
	return []doctor.OwnFile{{Path: path, Secret: true, Users: true}}
}

// space is what the file system of a folder has left.
func space(folder string) (doctor.Space, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return doctor.Space{}, &os.PathError{Op: "statfs", Path: folder, Err: err}
	}
	info, err := os.Stat(folder)
	if err != nil {
		return doctor.Space{}, err
	}
	// The fields' types differ between systems.
	s := doctor.Space{Free: uint64(fs.Bavail) * uint64(fs.Bsize), Inodes: uint64(fs.Ffree), NoInodes: fs.Files == 0, //nolint:unconvert // not on every system
		ReadOnly: fs.Flags&1 != 0} // ST_RDONLY of statvfs(3), MNT_RDONLY of macOS
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Device = uint64(st.Dev) //nolint:unconvert // not on every system
	}
	return s, nil
}
