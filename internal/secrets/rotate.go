package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/safefile"
)

// previousPath is where a profile's token is kept that is being replaced. No alias
// begins with a dot, so that no profile's own token lies there.
func (s *Store) previousPath(alias string) string {
	return filepath.Join(s.tokenDir(), ".previous", alias)
}

// PreviousToken is the token that is being replaced and valid still; fs.ErrNotExist
// where there is none, which is nearly always.
func (s *Store) PreviousToken(alias string) (Secret, error) {
	if err := s.checkToken(alias); err != nil {
		return Secret{}, err
	}
	if err := safefile.CheckDir(filepath.Dir(s.previousPath(alias))); err != nil {
		return Secret{}, err
	}
	return s.readToken(alias, s.previousPath(alias))
}

// RotateToken gives a profile a new token, and keeps the old one as the previous
// one. A rotation that was begun and not ended is gone on with: the token is
// then new already. A profile without a token is fs.ErrNotExist.
func (s *Store) RotateToken(alias string) error {
	old, err := s.Token(alias)
	if err != nil {
		return err
	}
	previous, err := s.PreviousToken(alias)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && previous.Reveal() != old.Reveal():
		return nil
	case err != nil:
		// First the copy: whatever is interrupted, the old one is never gone while it
		// is the only one that an engine knows.
		if err := safefile.Write(s.previousPath(alias), []byte(old.Reveal()+"\n"), 0o600); err != nil {
			return fmt.Errorf("keep the local token of %q: %w", alias, err)
		}
		s.debug("file written", s.previousPath(alias))
	}
	if err := safefile.Write(s.TokenPath(alias), []byte(newToken()+"\n"), 0o600); err != nil {
		return fmt.Errorf("store the local token of %q: %w", alias, err)
	}
	s.debug("file written", s.TokenPath(alias))
	return nil
}

// DropPreviousToken ends a rotation; where there is none it does nothing.
func (s *Store) DropPreviousToken(alias string) error {
	if err := s.checkToken(alias); err != nil {
		return err
	}
	if err := safefile.Remove(s.previousPath(alias)); err != nil {
		return err
	}
	s.debug("file removed", s.previousPath(alias))
	return nil
}
