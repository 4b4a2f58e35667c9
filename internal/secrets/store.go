package secrets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/safefile"
)

// Where a key was found, in the words that status and /health use.
const (
	FromSystemd     = "systemd credential"
	FromFile        = "file"
	FromEnvironment = "environment"
)

// boundPrefix starts the lines of a key file that name the origins it is for.
const boundPrefix = "# for "

// Store finds and keeps upstream keys and local tokens. It holds none in memory: each question
// is answered from the disk, so that a new key counts at once.
type Store struct {
	// Dir is ~/.config/ringlet/credentials.
	Dir string
	// Getenv reads the environment; nil means that the environment does not count.
	Getenv func(string) string
	// CredentialsDirectory is the value of $CREDENTIALS_DIRECTORY, which the init
	// system sets for a service that it hands credentials, or "".
	CredentialsDirectory string
	// BuiltIn says whether an origin is one that the program itself knows for a
	// provider. A key file that names no origin, being written by hand, counts
	// for those only. nil means that none is.
	BuiltIn func(provider, origin string) bool
	// Log gets every file written or removed, at debug level; nil for none.
	Log *slog.Logger
}

func (s *Store) debug(what, path string) {
	if s.Log != nil {
		s.Log.Debug(what, "path", path)
	}
}

// Entry is a stored key and the origins that it was entered for; none when the
// file does not say.
type Entry struct {
	Key     Secret
	Origins []string
}

// Path is the key file of a provider.
func (s *Store) Path(provider string) string { return filepath.Join(s.Dir, provider) }

// Put stores a key for the origins of the given base URLs, of which there must
// be at least one: a file of mode 0600 in a folder of mode 0700.
func (s *Store) Put(provider string, key Secret, bases ...string) error {
	if err := CheckProvider(provider); err != nil {
		return err
	}
	if err := CheckKey(key.Reveal()); err != nil {
		return err
	}
	if len(bases) == 0 {
		return fmt.Errorf("store the key of %q: it belongs to no host", provider)
	}
	var origins []string
	for _, base := range bases {
		origin, err := baseurl.Origin(base)
		if err != nil {
			return fmt.Errorf("store the key of %q: %w", provider, err)
		}
		origins = append(origins, origin)
	}
	slices.Sort(origins)
	var b bytes.Buffer
	b.WriteString(key.Reveal() + "\n")
	for _, origin := range slices.Compact(origins) {
		b.WriteString(boundPrefix + origin + "\n")
	}
	if err := s.dir(); err != nil {
		return err
	}
	if err := safefile.Write(s.Path(provider), b.Bytes(), 0o600); err != nil {
		return err
	}
	s.debug("file written", s.Path(provider))
	return nil
}

// Delete removes the stored key and says whether there was one.
func (s *Store) Delete(provider string) (bool, error) {
	if err := CheckProvider(provider); err != nil {
		return false, err
	}
	if _, err := os.Lstat(s.Path(provider)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := safefile.Remove(s.Path(provider)); err != nil {
		return false, fmt.Errorf("remove the key of %q: %w", provider, err)
	}
	s.debug("file removed", s.Path(provider))
	return true, nil
}

// Get reads the stored key, without regard to hosts. A missing one is an error
// that matches fs.ErrNotExist; one that cannot be used is a *FileError.
func (s *Store) Get(provider string) (Entry, error) {
	if err := CheckProvider(provider); err != nil {
		return Entry{}, err
	}
	if err := s.dir(); err != nil {
		return Entry{}, err
	}
	path := s.Path(provider)
	data, err := safefile.Read(path, true)
	if err != nil {
		return Entry{}, readError(path, provider, err)
	}
	return parseEntry(path, provider, data)
}

func (s *Store) dir() error {
	return safefile.CheckDir(s.Dir)
}

// parseEntry reads a key file: the key, then comments, of which "# for " ones bind it.
func parseEntry(path, provider string, data []byte) (Entry, error) {
	bad := func(err error, format string, args ...any) (Entry, error) {
		return Entry{}, &FileError{Path: path, Problem: fmt.Sprintf(format, args...), Remedy: loginHint(provider), Err: err}
	}
	first, rest, _ := strings.Cut(string(data), "\n")
	// A file written by an editor may end its lines with spaces or \r.
	first = strings.TrimSpace(first)
	if err := CheckKey(first); err != nil {
		return bad(err, "holds no usable key on its first line")
	}
	e := Entry{Key: NewSecret(first)}
	lines := bufio.NewScanner(strings.NewReader(rest))
	lines.Buffer(nil, safefile.MaxSize)
	for n := 2; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		base, bound := strings.CutPrefix(line, boundPrefix)
		switch {
		case bound:
			origin, err := baseurl.Origin(strings.TrimSpace(base))
			if err != nil {
				return bad(err, "line %d: names a host that cannot be one", n)
			}
			e.Origins = append(e.Origins, origin)
		case line != "" && !strings.HasPrefix(line, "#"):
			return bad(nil, "line %d: only lines that start with # may follow the key", n)
		}
	}
	return e, lines.Err()
}
