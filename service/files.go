package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// unitDir is where unit files are written: where the user keeps theirs, if the
// manager looks there. It was started with its own environment, so that a HOME or
// XDG_CONFIG_HOME of this shell alone would be a folder that it never reads.
func (s *systemd) unitDir(searched []string) (string, error) {
	return pickUnitDir(searched, s.host.env("XDG_CONFIG_HOME"), s.host.env("HOME"), s.host.runtimeDir())
}

func pickUnitDir(searched []string, configHome, home, runtimeDir string) (string, error) {
	if !filepath.IsAbs(configHome) && filepath.IsAbs(home) {
		configHome = filepath.Join(home, ".config")
	}
	if dir := filepath.Join(configHome, "systemd/user"); filepath.IsAbs(configHome) && slices.Contains(searched, dir) {
		return dir, nil
	}
	// The manager's own is named by the folder of `systemctl --user set-property`
	// beside it. There is one more such folder, in the runtime directory.
	for _, dir := range searched {
		if own, ok := strings.CutSuffix(dir, "/systemd/user.control"); ok && own != filepath.Clean(runtimeDir) && !strings.HasPrefix(own, "/run/") {
			return own + "/systemd/user", nil
		}
	}
	return "", fmt.Errorf("the user manager names no folder for a user's units in its search path %q", searched)
}

// unitFile is a file in the unit folder; content is nil when there is none.
type unitFile struct {
	path    string
	content []byte
	origin  units.Origin

	modified time.Time // when the content was written
}

// readUnit reads a unit file that is ours. Another's is a [*ForeignUnit]; a
// missing one is no error.
func (s *systemd) readUnit(name string) (unitFile, error) {
	f := unitFile{path: filepath.Join(s.dir, name)}
	content, modified, err := safefile.ReadDated(f.path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		if to, _ := os.Readlink(f.path); to == "/dev/null" {
			return f, fault.New(fault.InitSystem, "unmask it: systemctl --user unmask "+name, "the unit %s is masked", name)
		}
		return f, err
	}
	if f.origin, err = units.Inspect(content); err != nil {
		return f, &ForeignUnit{Path: f.path}
	}
	f.content, f.modified = content, modified
	return f, nil
}

// readPair reads a profile's two unit files and makes sure that they are this
// home's. With config given, that is the configuration they must be for.
func (s *systemd) readPair(alias, config string) (socket, service unitFile, err error) {
	if config == "" && s.configPath != nil {
		config = s.configPath(alias)
	}
	for _, part := range []struct {
		name string
		file *unitFile
	}{{units.SocketName(alias), &socket}, {units.ServiceName(alias), &service}} {
		*part.file, err = s.readUnit(part.name)
		if err != nil {
			return socket, service, err
		}
		if other := part.file.origin.ConfigPath; other != "" && config != "" && other != config {
			return socket, service, &ForeignUnit{Path: part.file.path, Config: other}
		}
	}
	return socket, service, nil
}

// Check implements [Supervisor].
func (s *systemd) Check(_ context.Context, alias, config string) error {
	_, _, err := s.readOlder(alias, config)
	return err
}

// readOlder is readPair for who is about to write or remove the files: those of a
// newer ringlet are a [*NewerUnit].
func (s *systemd) readOlder(alias, config string) (socket, service unitFile, err error) {
	if socket, service, err = s.readPair(alias, config); err != nil {
		return socket, service, err
	}
	for _, f := range []unitFile{service, socket} {
		if newer(f) {
			return socket, service, &NewerUnit{Path: f.path, Alias: alias, Format: f.origin.Format}
		}
	}
	return socket, service, nil
}

// newer says that a newer ringlet wrote the file.
func newer(f unitFile) bool { return f.origin.Format > units.Format }

// installed lists the profiles that have a unit file of ours, sorted, and
// whether there are marked ones of another home besides.
func (s *systemd) installed() (aliases []string, others bool, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	for _, entry := range entries {
		alias, ok := units.AliasOf(entry.Name())
		if !ok || slices.Contains(aliases, alias) {
			continue
		}
		socket, service, err := s.readPair(alias, "")
		var foreign *ForeignUnit
		switch {
		case errors.As(err, &foreign):
			others = others || foreign.Config != ""
		case err != nil:
			s.log.Warn("unit file left out", "unit", entry.Name(), "error", err)
		case socket.content != nil || service.content != nil:
			aliases = append(aliases, alias)
		}
	}
	return aliases, others, nil
}

// lock keeps two commands from changing the unit folder at once.
func (s *systemd) lock(ctx context.Context) (release func(), err error) {
	return safefile.Lock(ctx, s.lockPath)
}
