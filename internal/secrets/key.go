package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"golang.org/x/sys/unix"
)

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
		return "", "", &FileError{Path: where, Problem: "holds no usable key", Remedy: fault.Hint(err), Err: err}
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
