package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
)

// PreviousTokens is the folder of the tokens that were replaced, a file per profile.
// No alias begins with a dot, so that no profile's own token lies there.
func (s *Store) PreviousTokens() string { return filepath.Join(s.tokenDir(), ".previous") }

// previousPath is where a profile's token is kept that is being replaced.
func (s *Store) previousPath(alias string) string {
	return filepath.Join(s.PreviousTokens(), alias)
}

// Previous is a token that was replaced.
type Previous struct {
	Token Secret
	Until time.Time // the end of its validity; zero while nobody has said it
	Ended bool      // the rotation was ended: the agent's settings have the new one
}

// What follows the token in its file.
const (
	untilWord = "until "
	endedWord = "ended"
)

// PreviousToken is the token that was replaced, and is or was valid still;
// fs.ErrNotExist where there is none.
func (s *Store) PreviousToken(alias string) (Previous, error) {
	if err := s.checkToken(alias); err != nil {
		return Previous{}, err
	}
	path := s.previousPath(alias)
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return Previous{}, err
	}
	token, rest, err := s.readTokenFile(alias, path)
	if err != nil {
		return Previous{}, err
	}
	p := Previous{Token: token}
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		end, limited := strings.CutPrefix(line, untilWord)
		switch {
		case line == endedWord:
			p.Ended = true
		case limited:
			if p.Until, err = time.Parse(time.RFC3339, end); err != nil {
				return p, &FileError{Path: path, Problem: fmt.Sprintf("says that the token is valid until %q", end), Remedy: "remove it; the token before is refused then", Err: err}
			}
		}
	}
	return p, nil
}

// RotateToken gives a profile a new token, and keeps the old one as the previous
// one, valid until the given time. A rotation that was begun and not ended is gone
// on with: the token is then new already. One that was ended is no hindrance; its
// previous token is given up. A profile without a token is fs.ErrNotExist.
func (s *Store) RotateToken(alias string, until time.Time) error {
	old, err := s.Token(alias)
	if err != nil {
		return err
	}
	previous, err := s.PreviousToken(alias)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && !previous.Ended && previous.Token.Reveal() != old.Reveal():
		previous.Until = until
		return s.writePrevious(alias, previous)
	default:
		// First the copy: whatever is interrupted, the old one is never gone while it
		// is the only one that an engine knows.
		if err := s.writePrevious(alias, Previous{Token: old, Until: until}); err != nil {
			return err
		}
	}
	if err := safefile.Write(s.TokenPath(alias), []byte(newToken()+"\n"), 0o600); err != nil {
		return fmt.Errorf("store the local token of %q: %w", alias, err)
	}
	s.debug("file written", s.TokenPath(alias))
	return nil
}

// EndRotation notes that nobody needs the previous token to begin with any more.
// It stays valid for those who have it, until its end.
func (s *Store) EndRotation(alias string) error {
	previous, err := s.PreviousToken(alias)
	if err != nil || previous.Ended {
		return err
	}
	previous.Ended = true
	return s.writePrevious(alias, previous)
}

func (s *Store) writePrevious(alias string, p Previous) error {
	text := p.Token.Reveal() + "\n"
	if !p.Until.IsZero() {
		text += untilWord + p.Until.UTC().Format(time.RFC3339) + "\n"
	}
	if p.Ended {
		text += endedWord + "\n"
	}
	if err := safefile.Write(s.previousPath(alias), []byte(text), 0o600); err != nil {
		return fmt.Errorf("keep the local token of %q: %w", alias, err)
	}
	s.debug("file written", s.previousPath(alias))
	return nil
}

// DropPreviousToken takes the previous token's validity; where there is none it
// does nothing.
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
