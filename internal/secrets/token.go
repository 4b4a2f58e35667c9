package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/internal/safefile"
)

const tokenPrefix = "ringlet-"

// Tokens keeps one local token per profile: credentials/local/<alias>, 0600.
type Tokens struct{ Dir string }

// Path is the token file of a profile.
func (t Tokens) Path(alias string) string { return filepath.Join(t.Dir, alias) }

// Get reads a profile's token. A missing one is an error that matches
// fs.ErrNotExist; one that cannot be used is a *FileError or a *safefile.TrustError.
func (t Tokens) Get(alias string) (Secret, error) {
	if err := t.check(alias); err != nil {
		return Secret{}, err
	}
	path := t.Path(alias)
	data, err := safefile.Read(path, true)
	var trust *safefile.TrustError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &trust):
		return Secret{}, err
	case err != nil:
		return Secret{}, &FileError{Path: path, Problem: "cannot be read: " + rootCause(err), Remedy: "make it yours again, or remove it: ringlet proxy enable makes a new token", Err: err}
	}
	text := strings.TrimSpace(string(data))
	raw, err := hex.DecodeString(strings.TrimPrefix(text, tokenPrefix))
	if err != nil || len(raw) != 32 || !strings.HasPrefix(text, tokenPrefix) {
		return Secret{}, &FileError{Path: path, Problem: "holds no local token", Remedy: "remove it, then run: ringlet proxy enable " + alias}
	}
	return New(text), nil
}

// Ensure reads a profile's token and makes one where there is none: 32 random
// bytes. Of two callers at once both get the same one.
func (t Tokens) Ensure(alias string) (token Secret, created bool, err error) {
	token, err = t.Get(alias)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, false, err
	}
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return Secret{}, false, fmt.Errorf("make a local token: %w", err)
	}
	text := tokenPrefix + hex.EncodeToString(raw[:])
	switch err := t.create(alias, text); {
	case errors.Is(err, fs.ErrExist):
		token, err = t.Get(alias)
		return token, false, err
	case err != nil:
		return Secret{}, false, fmt.Errorf("store the local token of %q: %w", alias, err)
	}
	return New(text), true, nil
}

// create makes the token file complete or not at all, and never replaces one:
// a hard link fails where the name is taken, a rename would not.
func (t Tokens) create(alias, text string) error {
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(t.Dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := tmp.WriteString(text + "\n"); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), t.Path(alias)); err != nil {
		return err
	}
	return safefile.SyncDir(t.Dir)
}

// Remove deletes a profile's token; a missing one is no error.
func (t Tokens) Remove(alias string) error {
	if err := t.check(alias); err != nil {
		return err
	}
	return safefile.Remove(t.Path(alias))
}

func (t Tokens) check(alias string) error {
	if !fileName(alias) {
		return &FileError{Path: fmt.Sprintf("%q", alias), Problem: "is not the name of a profile", Remedy: "see what there is: ringlet profiles list"}
	}
	return safefile.CheckDir(t.Dir)
}

// Sum is the SHA-256 of a token: what the engine knows of it.
func Sum(token Secret) [32]byte { return sha256.Sum256([]byte(token.Reveal())) }

// SumHex is Sum in hexadecimal, as config.yaml carries it.
func SumHex(token Secret) string {
	sum := Sum(token)
	return hex.EncodeToString(sum[:])
}
