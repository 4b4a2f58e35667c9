package secrets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/safefile"
	"golang.org/x/sys/unix"
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
	return safefile.Write(s.Path(provider), b.Bytes(), 0o600)
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

// Key finds the key to send to base, a base URL of provider. env is the name of
// the key in the environment and among systemd credentials; "" when neither may
// be asked. source is where it was found. Errors are a *MissingError, a
// *BoundError, or what makes a key that is there unusable: the next place is
// then not asked, for a key other than the one meant would be used silently.
func (s *Store) Key(provider, env, base string) (key, source string, err error) {
	if err := CheckProvider(provider); err != nil {
		return "", "", err
	}
	if env != "" && !envName(env) {
		return "", "", fmt.Errorf("the key of the provider %q is to be found under %q, which is not the name of an environment variable", provider, env)
	}
	if env != "" && s.CredentialsDirectory != "" {
		path := filepath.Join(s.CredentialsDirectory, env)
		data, err := readCredential(path)
		if err == nil {
			return checked(strings.TrimSpace(string(data)), FromSystemd, path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", "", readError(path, provider, err)
		}
	}
	entry, err := s.Get(provider)
	switch {
	case err == nil:
		if err := s.allowed(provider, base, entry); err != nil {
			return "", "", err
		}
		return entry.Key.Reveal(), FromFile, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", "", err
	}
	if env != "" && s.Getenv != nil {
		if key := strings.TrimSpace(s.Getenv(env)); key != "" {
			return checked(key, FromEnvironment, "the environment variable "+env)
		}
	}
	return "", "", &MissingError{Provider: provider, Env: env}
}

func (s *Store) allowed(provider, base string, e Entry) error {
	origin, err := baseurl.Origin(base)
	if err != nil {
		return err
	}
	if len(e.Origins) == 0 && s.BuiltIn != nil && s.BuiltIn(provider, origin) || slices.Contains(e.Origins, origin) {
		return nil
	}
	return &BoundError{Provider: provider, Base: base, Origins: e.Origins}
}

func checked(key, source, where string) (string, string, error) {
	if err := CheckKey(key); err != nil {
		return "", "", &FileError{Path: where, Problem: "holds no usable key", Remedy: err.(*InvalidError).Hint(), Err: err}
	}
	return key, source, nil
}

// readCredential reads a file that the init system put there; its folder is
// the init system's, so the rules about owners do not apply.
func readCredential(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 2*maxKey))
}

func readError(path, provider string, err error) error {
	var trust *safefile.TrustError
	if errors.As(err, &trust) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &FileError{Path: path, Problem: "cannot be read: " + rootCause(err), Remedy: "make it yours again, or " + loginHint(provider), Err: err}
}

func rootCause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
