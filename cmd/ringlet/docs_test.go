package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/markdown"
)

// repository is the top of the repository, from this package's folder.
const repository = "../.."

// guides are the documents whose console blocks are run, in the order in which
// a new user meets them.
func guides(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("docs: %v, %v", docs, err)
	}
	return append([]string{filepath.Join(repository, "README.md")}, docs...)
}

// documents are the guides and the texts for who works on ringlet.
func documents(t *testing.T) []string {
	t.Helper()
	out := guides(t)
	for _, pattern := range []string{"*.md", "packaging/*/*.md"} {
		more, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range more {
			if !slices.Contains(out, file) {
				out = append(out, file)
			}
		}
	}
	return out
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocsBlocksAreRunOrNamed: a block of shell commands is a console block,
// which TestDocs runs in a real systemd; every other one says what it is.
func TestDocsBlocksAreRunOrNamed(t *testing.T) {
	run := 0
	for _, file := range documents(t) {
		blocks, err := markdown.Blocks(readText(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, b := range blocks {
			switch b.Lang {
			case "console":
				if len(b.Commands()) == 0 {
					t.Errorf("%s:%d: a console block without a line that begins with %q", file, b.Line, "$ ")
				}
				run += len(b.Commands())
			case "", "sh", "bash", "shell", "text":
				t.Errorf("%s:%d: a block of language %q is never run; make it console, or say what it is", file, b.Line, b.Lang)
			}
		}
	}
	if run < 30 {
		t.Errorf("the documentation has only %d commands that are run", run)
	}
}

// TestDocsProvider: the documented example of a provider of one's own is read
// as it stands.
func TestDocsProvider(t *testing.T) {
	home := t.TempDir()
	found := 0
	for _, file := range guides(t) {
		blocks, err := markdown.Blocks(readText(t, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			if b.Lang != "yaml" || !strings.HasPrefix(b.Lines[0], "id: ") {
				continue
			}
			found++
			id := strings.TrimPrefix(b.Lines[0], "id: ")
			dir := filepath.Join(home, ".config", "ringlet", "providers.d")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(strings.Join(b.Lines, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("ringlet", "profiles", "create", "claude", "with-"+id, "-p", id)
			cmd.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + t.TempDir(), "GORACE=atexit_sleep_ms=0"}
			if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), id+".yaml") {
				t.Errorf("%s:%d: %v\n%s", file, b.Line, err, out)
			}
		}
	}
	if found == 0 {
		t.Error("the documentation has no example of a provider")
	}
	if _, err := os.Stat(filepath.Join(home, ".config", "systemd")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a profile without a proxy has units: %v", err)
	}
}
