package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
)

const tokenPrefix = "ringlet-"

// tokenDir holds one local token per profile, 0600 each.
func (s *Store) tokenDir() string { return filepath.Join(s.Dir, "local") }

// TokenPath is the token file of a profile.
func (s *Store) TokenPath(alias string) string { return filepath.Join(s.tokenDir(), alias) }

// Token reads a profile's local token. A missing one is an error that matches
// fs.ErrNotExist; one that cannot be used is a *FileError or a *safefile.TrustError.
func (s *Store) Token(alias string) (Secret, error) {
	if err := s.checkToken(alias); err != nil {
		return Secret{}, err
	}
	token, rest, err := s.readTokenFile(alias, s.TokenPath(alias))
	if err == nil && rest != "" {
		err = s.noToken(alias, s.TokenPath(alias))
	}
	if err != nil {
		return Secret{}, err
	}
	return token, nil
}

// readTokenFile reads a file whose first line is a token; rest are the others.
func (s *Store) readTokenFile(alias, path string) (token Secret, rest string, err error) {
	data, err := safefile.Read(path, true)
	var trust *safefile.TrustError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &trust):
		return Secret{}, "", err
	case err != nil:
		return Secret{}, "", &FileError{Path: path, Problem: "cannot be read: " + rootCause(err), Remedy: "make it yours again, or remove it: ringlet proxy enable makes a new token", Err: err}
	}
	text, rest, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	text = strings.TrimSpace(text)
	raw, err := hex.DecodeString(strings.TrimPrefix(text, tokenPrefix))
	if err != nil || len(raw) != 32 || !strings.HasPrefix(text, tokenPrefix) {
		return Secret{}, "", s.noToken(alias, path)
	}
	return NewSecret(text), rest, nil
}

func (s *Store) noToken(alias, path string) error {
	return &FileError{Path: path, Problem: "holds no local token", Remedy: "remove it, then run: ringlet proxy enable " + alias}
}

// EnsureToken reads a profile's token and makes one where there is none: 32 random
// bytes. Of two callers at once both get the same one.
func (s *Store) EnsureToken(alias string) (token Secret, created bool, err error) {
	token, err = s.Token(alias)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, false, err
	}
	text := newToken()
	switch err := safefile.Create(s.TokenPath(alias), []byte(text+"\n"), 0o600); {
	case errors.Is(err, fs.ErrExist):
		token, err = s.Token(alias)
		return token, false, err
	case err != nil:
		return Secret{}, false, fmt.Errorf("store the local token of %q: %w", alias, err)
	}
	s.debug("file written", s.TokenPath(alias))
	return NewSecret(text), true, nil
}

// newToken is 32 random bytes; crypto/rand ends the program where there are none.
func newToken() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	return tokenPrefix + hex.EncodeToString(raw[:])
}

// RemoveToken deletes a profile's token, and the one before; a missing one is no error.
func (s *Store) RemoveToken(alias string) error {
	if err := s.DropPreviousToken(alias); err != nil {
		return err
	}
	if err := safefile.Remove(s.TokenPath(alias)); err != nil {
		return err
	}
	s.debug("file removed", s.TokenPath(alias))
	return nil
}

func (s *Store) checkToken(alias string) error {
	if !fileName(alias) {
		return &FileError{Path: fmt.Sprintf("%q", alias), Problem: "is not the name of a profile", Remedy: "see what there is: ringlet profiles list"}
	}
	for _, dir := range []string{s.Dir, s.tokenDir()} {
		if err := safefile.CheckDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// TokenSums are the SHA-256 sums, in hexadecimal, of the local tokens that are
// valid for a profile; none where it has no token. That of a previous one says
// until when: "9f86d081… until 2026-11-27T10:00:00Z".
func (s *Store) TokenSums(alias string) ([]string, error) {
	token, err := s.Token(alias)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	sums := []string{SumHex(token)}
	previous, err := s.PreviousToken(alias)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case SumHex(previous.Token) != sums[0]: // the same after a crash in the midst of a rotation
		sum := SumHex(previous.Token)
		if !previous.Until.IsZero() {
			sum += " " + untilWord + previous.Until.UTC().Format(time.RFC3339)
		}
		sums = append(sums, sum)
	}
	return sums, nil
}

// MakeToken makes sure that a profile has a local token.
func (s *Store) MakeToken(alias string) error {
	_, _, err := s.EnsureToken(alias)
	return err
}

// Sum is the SHA-256 of a token: what the engine knows of it.
func Sum(token Secret) [32]byte { return sha256.Sum256([]byte(token.Reveal())) }

// SumHex is Sum in hexadecimal, as config.yaml carries it.
func SumHex(token Secret) string {
	sum := Sum(token)
	return hex.EncodeToString(sum[:])
}
