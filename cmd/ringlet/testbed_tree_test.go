//go:build testbed

package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the bed's files, lock files and what engines write aside, by path relative to the
// home: mode and content. Folders have no content.
func (b *bed) tree() map[string]string {
	b.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(b.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(b.home, path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(name, ".config/ringlet/lock") || strings.HasSuffix(name, "/logs") ||
			strings.HasSuffix(name, ".ultrallm/usage") || strings.HasSuffix(name, ".ultrallm/state") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text := ""
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(data)
		}
		out[name] = fmt.Sprintf("%v\n%s", info.Mode(), text)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// same fails when the bed's files are not what they were.
func (b *bed) same(before map[string]string, after string) {
	b.t.Helper()
	now := b.tree()
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if text, there := now[name]; !there {
			b.t.Errorf("after %s %s is gone", after, name)
		} else if text != before[name] {
			b.t.Errorf("after %s %s has changed from\n%s\nto\n%s", after, name, before[name], text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, there := before[name]; !there {
			b.t.Errorf("after %s there is %s", after, name)
		}
	}
}
