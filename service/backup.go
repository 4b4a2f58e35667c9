package service

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/safefile"
)

// Kept is a file of the init system's that was edited by hand, and where it is
// kept now that it has been replaced or removed.
type Kept struct {
	Path    string // where it was
	Backup  string // where it is kept; "" where nothing is
	Removed bool   // nothing took its place
}

// keptEdits is how many different files that were edited by hand are kept of one name.
const keptEdits = 5

// What a kept file's name ends with: NAME.edited-3, the higher the newer, for
// what a hand changed; NAME.previous for the last one that ringlet replaced.
const (
	editedSuffix   = ".edited-"
	previousSuffix = ".previous"
)

// backups keep files that are about to be replaced or removed.
type backups struct {
	dir  string // "" keeps nothing
	told func(Kept)
	log  *slog.Logger
}

func newBackups(opts ConnectOptions, log *slog.Logger) backups {
	b := backups{dir: opts.Backups, told: opts.Kept, log: log}
	if b.told == nil {
		b.told = func(k Kept) {
			log.Warn("a file that was edited by hand is replaced; settings of your own belong in a drop-in", "file", k.Path, "backup", k.Backup)
		}
	}
	return b
}

// replacing keeps the file at path, whose content is about to be replaced. What
// a hand changed is told of: it is never lost without a word.
func (b backups) replacing(ctx context.Context, path string, content []byte, edited bool) error {
	if content == nil {
		return nil
	}
	if edited {
		return b.keepEdited(ctx, path, content, false)
	}
	if b.dir == "" {
		return nil
	}
	return b.write(ctx, filepath.Join(b.dir, filepath.Base(path)+previousSuffix), content)
}

// removing keeps the file at path, if a hand changed it; of what ringlet wrote
// by itself nothing needs to be left.
func (b backups) removing(ctx context.Context, path string, content []byte, edited bool) error {
	if content != nil && edited {
		if err := b.keepEdited(ctx, path, content, true); err != nil {
			return err
		}
	}
	if b.dir == "" {
		return nil
	}
	previous := filepath.Join(b.dir, filepath.Base(path)+previousSuffix)
	if _, err := os.Lstat(previous); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b.log.DebugContext(ctx, "remove file", "path", previous)
	return safefile.Remove(previous)
}

func (b backups) keepEdited(ctx context.Context, path string, content []byte, removed bool) error {
	k := Kept{Path: path, Removed: removed}
	if b.dir != "" {
		var err error
		if k.Backup, err = b.edition(ctx, filepath.Base(path), content); err != nil {
			return err
		}
	}
	b.told(k)
	return nil
}

// edition writes content as the newest of the kept files of a name, and removes
// the oldest beyond keptEdits. What is kept already is not kept twice.
func (b backups) edition(ctx context.Context, name string, content []byte) (path string, err error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var kept []int
	for _, e := range entries {
		if text, ok := strings.CutPrefix(e.Name(), name+editedSuffix); ok {
			if n, err := strconv.Atoi(text); err == nil && n > 0 {
				kept = append(kept, n)
			}
		}
	}
	slices.Sort(kept)
	at := func(n int) string { return filepath.Join(b.dir, name+editedSuffix+strconv.Itoa(n)) }
	newest := 0
	if len(kept) > 0 {
		newest = kept[len(kept)-1]
		if have, err := safefile.Read(at(newest), false); err == nil && bytes.Equal(have, content) {
			return at(newest), nil
		}
	}
	if err := b.write(ctx, at(newest+1), content); err != nil {
		return "", err
	}
	for len(kept) >= keptEdits {
		b.log.DebugContext(ctx, "remove file", "path", at(kept[0]))
		if err := safefile.Remove(at(kept[0])); err != nil {
			return "", err
		}
		kept = kept[1:]
	}
	return at(newest + 1), nil
}

func (b backups) write(ctx context.Context, path string, content []byte) error {
	b.log.DebugContext(ctx, "write file", "path", path, "bytes", len(content))
	return safefile.Write(path, content, 0o600)
}
