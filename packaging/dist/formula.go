package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"
)

// releases is where a tag's files are, once they were uploaded there.
const releases = "https://github.com/ringlet/ringlet/releases/download/"

// formula is what packaging/brew/ringlet.rb.tmpl asks for.
type formula struct{ r release }

// Version is the tag without its v.
func (f formula) Version() string { return f.r.version.file() }

// URL is where a platform's archive will be.
func (f formula) URL(goos, goarch string) string {
	return releases + f.r.version.tag() + "/" + f.r.archiveName(goos, goarch)
}

// Sum is the SHA-256 of a platform's archive as it was built.
func (f formula) Sum(goos, goarch string) (string, error) {
	return sumOf(filepath.Join(f.r.out, f.r.archiveName(goos, goarch)))
}

// brew writes the Homebrew formula of a tagged version. Without a tag there can
// be no release to download from, and without all archives no sums.
func (r release) brew() error {
	if r.version.tag() == "" {
		fmt.Fprintf(os.Stderr, "dist: no Homebrew formula: %s is no tag\n", r.version)
		return nil
	}
	t, err := template.ParseFiles("packaging/brew/ringlet.rb.tmpl")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, formula{r}); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the formula needs the archives of all platforms: %w", err)
		}
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "ringlet.rb"), out.Bytes(), 0o644)
}
