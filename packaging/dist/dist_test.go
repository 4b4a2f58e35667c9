package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/ringlet/ringlet/internal/cli"
)

// TestEveryCommandHasItsPage, with nothing lost of what stands in angle brackets.
func TestEveryCommandHasItsPage(t *testing.T) {
	pages, err := manPages(cli.Command(), "v1.2.3", commitTime)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		n++
		name := strings.ReplaceAll(c.CommandPath(), " ", "-")
		page := string(pages["man/man1/"+name+".1"])
		if !strings.Contains(page, `"ringlet v1.2.3"`) || !strings.Contains(page, "Nov 2026") {
			t.Errorf("%s.1 should be of version v1.2.3 and November 2026:\n%.200s", name, page)
		}
		for _, word := range strings.Fields(c.UseLine()) {
			if strings.HasPrefix(word, "<") && !strings.Contains(page, word) {
				t.Errorf("%s.1 has lost %q:\n%.600s", name, word, page)
			}
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				walk(sub)
			}
		}
	}
	walk(cli.Command())
	if len(pages) != n || n < 50 {
		t.Errorf("there are %d pages for %d commands", len(pages), n)
	}
	for _, word := range []string{".SH FILES", ".SH EXIT STATUS", "ringlet providers login anthropic"} {
		if !strings.Contains(string(pages["man/man1/ringlet.1"]), word) {
			t.Errorf("ringlet.1 has no %q:\n%s", word, pages["man/man1/ringlet.1"])
		}
	}
}

func TestManText(t *testing.T) {
	got := manText("A <thing> and max_tokens.\nTyped:\n  ringlet init\n\nAfter.")
	want := "A \\<thing> and max\\_tokens.\nTyped:\n\n    ringlet init\n\n\nAfter."
	if got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestDebianChangelog(t *testing.T) {
	text := "# Changelog\n\n## Unreleased\n\nThe first one.\n\n- A point that is long enough to be broken into two lines, which is the case\n  with this one.\n- Another.\n\n## 0.1\n\n- Old.\n"
	got, err := debianChangelog(text, "0.2.0", commitTime)
	want := `ringlet (0.2.0) unstable; urgency=medium

  * The first one.
  * A point that is long enough to be broken into two lines, which is the case
    with this one.
  * Another.

 -- The ringlet authors <ringlet@users.noreply.github.com>  Thu, 26 Nov 2026 20:37:14 +0000
`
	if err != nil || got != want {
		t.Errorf("%v\n%s\nnot\n%s", err, got, want)
	}
	if _, err := debianChangelog("# Changelog\n", "1", commitTime); err == nil {
		t.Error("an empty changelog should be refused")
	}
}

// inRoot works at the top of the repository, as make does.
func inRoot(t *testing.T) release {
	t.Helper()
	t.Chdir("../..")
	return release{version: parseVersion("v1.2.3"), time: commitTime, out: t.TempDir(), platforms: platforms(), formats: formats()}
}

// common are the files of a release with a program that is none.
func fakes(t *testing.T, r release, at time.Time) (common, binary string) {
	t.Helper()
	common = filepath.Join(t.TempDir(), "common")
	if err := r.common(t.Context(), common); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(t.TempDir(), "ringlet")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho I am ringlet\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{binary, filepath.Join(common, "LICENSE")} {
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return common, binary
}

// TestArchivesAreReproducible: neither the time nor the place of building is in them.
func TestArchivesAreReproducible(t *testing.T) {
	r := inRoot(t)
	var made [2][]byte
	for i := range made {
		common, binary := fakes(t, r, time.Unix(int64(1000*i), 0))
		r.out = t.TempDir()
		if err := r.archive(common, binary, "linux", "arm64"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(r.out, "ringlet-1.2.3-linux-arm64.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		made[i] = data
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two builds of one commit differ")
	}
	names := map[string]int64{}
	zipped, err := gzip.NewReader(bytes.NewReader(made[0]))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(zipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(commitTime) || h.Uid != 0 {
			t.Errorf("%s is of %v and uid %d", h.Name, h.ModTime, h.Uid)
		}
		names[h.Name] = h.Mode
	}
	for name, mode := range map[string]int64{"bin/ringlet": 0o755, "LICENSE": 0o644, "README.md": 0o644, "THIRD-PARTY-LICENSES": 0o644, "docs/services.md": 0o644,
		"share/man/man1/ringlet-proxy-status.1": 0o644, "share/" + bashCompletion: 0o644, "share/" + zshCompletion: 0o644, "share/" + fishCompletion: 0o644} {
		if names["ringlet-1.2.3-linux-arm64/"+name] != mode {
			t.Errorf("%s should be in it, with mode %o; there is %v", name, mode, names)
		}
	}
}

// TestLicences: of everything that is linked, and of Go.
func TestLicences(t *testing.T) {
	t.Chdir("../..")
	text, err := thirdParty(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"The Go standard library", "github.com/spf13/cobra v", "github.com/coreos/go-systemd/v22 v", "howett.net/plist v", "Apache License"} {
		if !strings.Contains(string(text), word) {
			t.Errorf("%q is not in it", word)
		}
	}
	if strings.Contains(string(text), "goleak") {
		t.Error("what only tests use is in it")
	}
}

// TestFormula: with the sums of what was built, and of a tag only.
func TestFormula(t *testing.T) {
	r := inRoot(t)
	if err := r.brew(); err == nil || !strings.Contains(err.Error(), "all platforms") {
		t.Errorf("a formula without archives: %v", err)
	}
	for _, p := range platforms() {
		goos, goarch, _ := strings.Cut(p, "/")
		if err := os.WriteFile(filepath.Join(r.out, r.archiveName(goos, goarch)), []byte(p), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.brew(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(r.out, "ringlet.rb"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("packaging/dist/testdata/ringlet.rb")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; it is\n%s", err, got)
	}
	if err := r.sums(); err != nil {
		t.Fatal(err)
	}
	check := exec.Command("sha256sum", "--check", "SHA256SUMS")
	check.Dir = r.out
	if out, err := check.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("ringlet.rb: OK")) {
		t.Errorf("%v: %s", err, out)
	}
	r.out, r.version = t.TempDir(), parseVersion("v1.2.3-4-gabcdef0")
	if err := r.brew(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.out, "ringlet.rb")); err == nil {
		t.Error("there is a formula for what cannot be downloaded")
	}
}

// TestBinaryHasNoDocumentation: what makes man pages costs the command no start.
func TestBinaryHasNoDocumentation(t *testing.T) {
	t.Chdir("../..")
	list, err := output(exec.Command("go", "list", "-deps", "./cmd/ringlet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spf13/cobra/doc", "go-md2man", "blackfriday"} {
		if strings.Contains(list, name) {
			t.Errorf("the binary is linked with %s", name)
		}
	}
}
