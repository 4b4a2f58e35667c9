package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// tree is what a home holds: for each path its mode and, of a file, the sum of
// its content or, of a link, where it points.
type tree map[string]string

// snapshot looks at the session's home. A home that is not there is an empty tree.
func snapshot(ts *testscript.TestScript) tree {
	out := tree{}
	home := filepath.Join(ts.Getenv("WORK"), "home")
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return gone(err)
		}
		name, err := filepath.Rel(home, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return gone(err)
		}
		if d.IsDir() && (d.Name() == "logs" || d.Name() == "usage" || d.Name() == "state") && filepath.Base(filepath.Dir(path)) == ".ultrallm" {
			return filepath.SkipDir // an engine that is ending still writes there; no command does
		}
		out[name] = info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				delete(out, name)
				return gone(err)
			}
			out[name] += fmt.Sprintf(" %d bytes %x", len(content), sha256.Sum256(content))
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				delete(out, name)
				return gone(err)
			}
			out[name] += " -> " + to
		}
		return nil
	})
	ts.Check(err)
	return out
}

// gone takes an error that says that something is not there any more for none: what
// runs in the background writes as well, and what it renames was there a moment ago.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// diff names what differs in a later tree, a line each; "" where nothing does.
func (t tree) diff(later tree) string {
	all := maps.Clone(t)
	maps.Copy(all, later)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		was, before := t[path]
		is, after := later[path]
		switch {
		case !before:
			out = append(out, "made "+path+" "+is)
		case !after:
			out = append(out, "removed "+path)
		case was != is:
			out = append(out, "changed "+path+": "+was+" to "+is)
		}
	}
	return strings.Join(out, "\n")
}
