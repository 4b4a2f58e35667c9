package agents

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/ringlet/ringlet/internal/safefile"
)

// editor changes single settings in a file's text and nothing else. Keys are
// the editor's own: names in an env block, dotted paths.
type editor interface {
	// lookup is the value of each key, empty where it is absent.
	lookup(path string, text []byte, keys []string) ([]setting, error)
	// change sets each key, or removes it where its value is empty. What holds
	// keys is made where it is needed; tidy removes what was made for ringlet's keys and is empty now.
	change(path string, text []byte, change []setting, tidy bool) ([]byte, error)
	// had reports whether what holds ringlet's keys is there already.
	had(path string, text []byte) (bool, error)
	// bare reports whether a text says nothing.
	bare(path string, text []byte) bool
	// validValue reports whether a value can stand in such a file.
	validValue(value string) bool
}

// settings is a settings file in a profile's home, edited by key.
type settings struct {
	agent string
	file  string // relative to the home
	edit  editor
	log   *slog.Logger
}

// did logs what was done to a file.
func (s settings) did(what, path string) {
	if s.log != nil {
		s.log.Debug(what, "path", path)
	}
}

// point sets the keys, keeping a record in restoreDir.
func (s settings) point(home, restoreDir string, want []setting) error {
	path := filepath.Join(home, s.file)
	now, err := readSettings(path)
	if err != nil {
		return err
	}
	had, err := loadRecord(restoreDir, s.agent, s.edit)
	if err != nil {
		return err
	}
	next, err := s.stale(had, path, now.text, want)
	if err != nil {
		return err
	}
	if next, err = s.edit.change(path, next, want, false); err != nil {
		return err
	}
	record, err := s.record(had, path, now, want)
	if err != nil {
		return err
	}
	record.Written = remember(record.Written, sum(next), keepWritten)
	if err := privateDir(filepath.Dir(path)); err != nil {
		return err
	}
	// The record first: whatever is in the settings can be taken back.
	saved, err := record.save(restoreDir)
	if err != nil {
		return err
	}
	if saved {
		s.did("file written", record.path(restoreDir))
	}
	if !now.absent && bytes.Equal(now.text, next) && now.mode == 0o600 {
		return nil
	}
	s.did("file written", path)
	return safefile.Write(path, next, 0o600)
}

// record is the record for setting want in a file that is now as given: had, or
// a new one. What is not ringlet's own becomes what is to be put back.
func (s settings) record(had *Record, path string, now settingsFile, want []setting) (*Record, error) {
	r := had
	if r == nil {
		r = &Record{Version: recordVersion, Agent: s.agent, File: s.file, Absent: now.absent, Mode: now.mode}
	}
	keys := make([]string, len(want))
	for i, w := range want {
		keys[i] = w.key
	}
	current, err := s.edit.lookup(path, now.text, keys)
	if err != nil {
		return nil, err
	}
	for i, w := range want {
		n := slices.IndexFunc(r.Keys, func(k Key) bool { return k.Key == w.key })
		if n < 0 {
			r.Keys, n = append(r.Keys, Key{Key: w.key}), len(r.Keys)
		}
		k := &r.Keys[n]
		// The value that is about to be set is never the user's, even when the
		// record of it was lost.
		k.Ours = remember(k.Ours, sum(w.value), keepOurs)
		if !k.isOurs(current[i].value) {
			k.Before = string(current[i].value)
		}
	}
	if had != nil && had.untouched(now) {
		return r, nil
	}
	// A file that ringlet has not seen yet, or that somebody else changed since:
	// from now on the original is that file without ringlet's values.
	if had == nil {
		if r.OriginalHadEnv, err = s.edit.had(path, now.text); err != nil {
			return nil, err
		}
	}
	if r.Absent { // made by somebody since; otherwise the mode is what it was at first
		r.Mode = now.mode
	}
	r.Absent, r.Written = now.absent, nil
	if r.Original, err = r.takeBack(s.edit, path, now.text); err != nil {
		return nil, err
	}
	return r, nil
}

// pointed lists the differences between what is set and what is wanted. name
// says how a wanted value is called in a sentence.
func (s settings) pointed(home string, want []setting, name func(setting) string) ([]string, error) {
	path := filepath.Join(home, s.file)
	now, err := readSettings(path)
	if err != nil {
		return nil, err
	}
	var differ []string
	if now.absent {
		return append(differ, path+" does not exist"), nil
	}
	for _, w := range want {
		current, err := s.edit.lookup(path, now.text, []string{w.key})
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(current[0].value, w.value) {
			differ = append(differ, fmt.Sprintf("%s: %s is not %s", path, w.key, name(w)))
		}
	}
	return differ, nil
}

// restore undoes point.
func (s settings) restore(home, restoreDir string) error {
	r, err := loadRecord(restoreDir, s.agent, s.edit)
	if err != nil || r == nil {
		return err
	}
	path := filepath.Join(home, s.file)
	now, err := readSettings(path)
	if err != nil {
		return err
	}
	if err := s.putBack(r, path, now); err != nil {
		return err
	}
	// Last: until here, a crash is mended by calling restore again.
	s.did("file removed", r.path(restoreDir))
	return r.remove(restoreDir)
}

func (s settings) putBack(r *Record, path string, now settingsFile) error {
	remove := func() error {
		if err := safefile.Remove(path); err != nil {
			return err
		}
		s.did("file removed", path)
		return nil
	}
	write := func(text []byte, mode fs.FileMode) error {
		if bytes.Equal(text, now.text) && now.mode == mode {
			return nil
		}
		s.did("file written", path)
		return safefile.Write(path, text, mode)
	}
	switch {
	case now.absent: // gone already; whoever removed it meant it
		return nil
	case r.untouched(now) && r.Absent:
		return remove()
	case r.untouched(now):
		return write(r.Original, r.Mode)
	}
	text, err := r.takeBack(s.edit, path, now.text)
	if err != nil {
		return err
	}
	if !r.Absent {
		return write(text, r.Mode)
	}
	if s.edit.bare(path, text) {
		return remove()
	}
	return write(text, now.mode)
}
