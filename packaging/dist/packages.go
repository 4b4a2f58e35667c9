package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// pack makes a Linux package by nfpm, of a folder that is laid out as the package
// is installed. packaging/nfpm.yaml has the rest.
func (r release) pack(ctx context.Context, common, binary, goarch, format string) error {
	root, err := os.MkdirTemp(filepath.Dir(common), format+"-")
	if err != nil {
		return err
	}
	version, revision := r.version.debian(r.time), ""
	switch format {
	case "rpm":
		revision = "1"
	case "apk":
		version, revision = r.version.alpine(r.time), "r0"
	}
	files, err := r.installed(common, format, version)
	if err != nil {
		return err
	}
	for name, source := range map[string]string{"bin/ringlet": binary, "../scripts/postinstall": "packaging/scripts/postinstall", "../scripts/preremove": "packaging/scripts/preremove"} {
		if files[name], err = os.ReadFile(source); err != nil {
			return err
		}
	}
	if err := writeFiles(filepath.Join(root, "usr"), files); err != nil {
		return err
	}
	if err := r.settle(root); err != nil {
		return err
	}
	var paths [3]string // nfpm runs in that folder
	for i, path := range []string{r.nfpm, "packaging/nfpm.yaml", r.out} {
		if paths[i], err = filepath.Abs(path); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, paths[0], "package", "--config", paths[1], "--packager", format, "--target", paths[2])
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAINTAINER="+maintainer, "DESCRIPTION="+description(format), "ARCH="+goarch, "VERSION="+version, "REVISION="+revision,
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10))
	_, err = output(cmd)
	return err
}

// description is what a package says of itself: a line, and a paragraph where the
// format has a place for it. Alpine's .PKGINFO is read line by line.
func description(format string) string {
	const short = "local LLM routing proxy per coding-agent profile"
	if format == "apk" {
		return short
	}
	return short + `
ringlet gives every profile of a coding agent (Claude Code, Codex, OpenCode,
Droid, Grok) its own local proxy, which sends requests to one model provider
or another by rules, and falls back when one is down. The proxies are user
services of systemd.`
}

// settle gives all below root the modes and the time that they have in the
// package: for apk, nfpm takes these from the files.
func (r release) settle(root string) error {
	for _, program := range []string{"usr/bin/ringlet", "scripts/postinstall", "scripts/preremove"} {
		if err := os.Chmod(filepath.Join(root, program), 0o755); err != nil {
			return err
		}
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755) // whatever the umask
		}
		if err != nil {
			return err
		}
		return os.Chtimes(path, r.time, r.time)
	})
}

// installed are the files below /usr, besides the binary, as the distributions of
// a format want them.
func (r release) installed(common, format, version string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(common, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(common, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		switch {
		case strings.HasPrefix(name, "share/man/"):
			name += ".gz"
			text, err = zipped(text)
		case name == "share/"+zshCompletion && format == "deb":
			name = "share/zsh/vendor-completions/_ringlet"
		case strings.HasPrefix(name, "share/"):
		case format == "deb" && (name == "LICENSE" || name == "CHANGELOG.md"):
			return nil // in Debian's own form below
		case name == "LICENSE", name == "THIRD-PARTY-LICENSES" && format != "deb":
			name = "share/licenses/ringlet/" + name
		default:
			name = "share/doc/ringlet/" + name
		}
		files[name] = text
		return err
	})
	if err != nil || format != "deb" {
		return files, err
	}
	return files, r.debian(common, version, files)
}

// debian adds what Debian's policy asks for: a changelog and a copyright file of
// its own forms.
func (r release) debian(common, version string, files map[string][]byte) error {
	changes, err := os.ReadFile(filepath.Join(common, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	entry, err := debianChangelog(string(changes), version, r.time)
	if err != nil {
		return err
	}
	if files["share/doc/ringlet/changelog.gz"], err = zipped([]byte(entry)); err != nil {
		return err
	}
	licence, err := os.ReadFile(filepath.Join(common, "LICENSE"))
	if err != nil {
		return err
	}
	files["share/doc/ringlet/copyright"] = []byte(copyright(string(licence)))
	files["share/lintian/overrides/ringlet"], err = os.ReadFile("packaging/lintian-overrides")
	return err
}

// copyright is LICENSE in Debian's machine-readable form
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/).
func copyright(licence string) string {
	var out strings.Builder
	out.WriteString("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n" +
		"Upstream-Name: ringlet\nSource: https://github.com/ringlet/ringlet\n" +
		"Comment: The licences of the modules that are linked into the binary are in\n /usr/share/doc/ringlet/THIRD-PARTY-LICENSES.\n\nFiles: *\n")
	_, rest, _ := strings.Cut(licence, "Copyright (c) ")
	owner, terms, _ := strings.Cut(rest, "\n")
	fmt.Fprintf(&out, "Copyright: %s\nLicense: Expat\n", owner)
	for line := range strings.Lines(strings.TrimSpace(terms) + "\n") {
		if line == "\n" {
			line = ".\n"
		}
		out.WriteString(" " + line)
	}
	return out.String()
}

// zipped is gzip without a name and a time, as gzip -9n makes it.
func zipped(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
