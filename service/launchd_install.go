package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// render is the file that Install would write, and where.
func (l *launchd) render(spec units.Spec) (path string, content []byte, err error) {
	f, err := units.Launchd(spec)
	return filepath.Join(l.dir, f.Name), f.Content, err
}

// Install implements [Supervisor]. A file that an interrupted Install left is a
// beginning of the one to be written, and is written anew.
func (l *launchd) Install(ctx context.Context, spec units.Spec) error {
	path, content, err := l.render(spec)
	if err != nil {
		return err
	}
	if have, err := safefile.Read(path, false); err == nil && len(have) < len(content) && bytes.HasPrefix(content, have) {
		if err := safefile.Remove(path); err != nil {
			return err
		}
	}
	old, err := l.read(spec.Alias, spec.ConfigPath)
	if err != nil {
		return err
	}
	if old.content != nil && old.port() != spec.Port {
		if err := l.stop(ctx, spec.Alias, old); err != nil {
			return err
		}
	}
	// launchd does not make it, and does not start a job whose output has no place.
	logs := filepath.Dir(units.LaunchdLog(spec.ConfigPath))
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return err
	}
	if err := safefile.CheckDir(logs); err != nil {
		return err
	}
	if !bytes.Equal(old.content, content) {
		if err := l.backups.replacing(ctx, path, old.content, old.origin.Edited); err != nil {
			return err
		}
		if err := l.write(path, content, old.content != nil); err != nil {
			return err
		}
	}
	// A disable of before stays in launchd's own list, whatever becomes of the file.
	for _, domain := range l.domains() {
		if err := l.enable(ctx, domain, spec.Alias); err != nil {
			return err
		}
	}
	return nil
}

// enable takes a job off launchd's list of disabled ones.
func (l *launchd) enable(ctx context.Context, domain, alias string) error {
	_, err := l.run(ctx, []string{"enable", domain + "/" + units.LaunchdLabel(alias)}, ctlNoDomain, ctlNotFound, ctlUnsupported)
	return l.refused(alias, "be enabled", err)
}

// write puts the file in place: launchd refuses one that others may write.
func (l *launchd) write(path string, content []byte, replace bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if replace {
		return safefile.Write(path, content, 0o644)
	}
	if err := l.files.install(path, content); err != nil {
		return err
	}
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, content) {
		return errors.Join(err, fmt.Errorf("%s does not hold what was written to it", path))
	}
	return os.Chmod(path, 0o644)
}

// Uninstall implements [Supervisor].
func (l *launchd) Uninstall(ctx context.Context, alias string) error {
	return l.uninstall(ctx, alias, "")
}

// uninstall removes the job that is for the given configuration, "" for this home's.
func (l *launchd) uninstall(ctx context.Context, alias, config string) error {
	p, err := l.read(alias, config)
	if err != nil {
		return err
	}
	if err := l.stop(ctx, alias, p); err != nil || p.content == nil {
		return err
	}
	for _, domain := range l.domains() {
		if _, err := l.run(ctx, []string{"disable", domain + "/" + units.LaunchdLabel(alias)}, ctlNoDomain, ctlNotFound, ctlUnsupported); err != nil {
			return l.refused(alias, "be disabled", err)
		}
	}
	if err := os.Remove(recordPath(p.origin.ConfigPath)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.log.WarnContext(ctx, "what was noted of the job stays", "error", err)
	}
	if err := l.backups.removing(ctx, p.path, p.content, p.origin.Edited); err != nil {
		return err
	}
	l.log.DebugContext(ctx, "remove file", "path", p.path)
	return l.files.remove(p.path)
}

// plainFiles writes and removes by itself.
type plainFiles struct{}

func (plainFiles) install(path string, content []byte) error {
	return safefile.Write(path, content, 0o644)
}

func (plainFiles) remove(path string) error { return safefile.Remove(path) }

// Files implements [Renderer].
func (l *launchd) Files(_ context.Context, spec units.Spec) ([]UnitFile, error) {
	path, want, err := l.render(spec)
	if err != nil {
		return nil, err
	}
	u := UnitFile{Path: path, Want: want}
	p, err := l.read(spec.Alias, spec.ConfigPath)
	var foreign *ForeignUnit
	switch {
	case errors.As(err, &foreign):
		u.Foreign = true
		if u.Have, err = safefile.Read(path, false); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		u.Have, u.Edited = p.content, p.origin.Edited
	}
	return []UnitFile{u}, nil
}
