package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/markdown"
)

// TestDocsLinks: what a document links to in this repository is there, the
// heading included.
func TestDocsLinks(t *testing.T) {
	for _, file := range documents(t) {
		for _, link := range markdown.Links(readText(t, file)) {
			if strings.Contains(link.Text, "://") {
				continue
			}
			path, heading, _ := strings.Cut(link.Text, "#")
			target := filepath.Join(filepath.Dir(file), path)
			if path == "" {
				target = file
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s:%d: %v", file, link.Line, err)
				continue
			}
			if heading != "" && !hasHeading(readText(t, target), heading) {
				t.Errorf("%s:%d: %s has no heading %q", file, link.Line, target, heading)
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// hasHeading looks for a heading by the anchor that forges make of it.
func hasHeading(text, anchor string) bool {
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); title != line {
			title = notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			if strings.ReplaceAll(title, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}
