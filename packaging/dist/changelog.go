package main

import (
	"fmt"
	"strings"
	"time"
)

// maintainer stands in the packages.
const maintainer = "The ringlet authors <ringlet@users.noreply.github.com>"

// debianChangelog makes of the newest section of CHANGELOG.md what Debian
// packages have (deb-changelog(5)): one entry, for the version that is packaged.
func debianChangelog(text, version string, at time.Time) (string, error) {
	var points []string
	sections := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		switch {
		case strings.HasPrefix(line, "## "):
			sections++
		case sections != 1 || line == "":
		case strings.HasPrefix(line, "- "):
			points = append(points, line[2:])
		case strings.HasPrefix(line, "  ") && len(points) > 0:
			points[len(points)-1] += " " + strings.TrimSpace(line)
		default:
			points = append(points, line)
		}
	}
	if len(points) == 0 {
		return "", fmt.Errorf("CHANGELOG.md has no section with anything in it")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "ringlet (%s) unstable; urgency=medium\n\n", version)
	for _, p := range points {
		out.WriteString(wrap(p, "  * ", "    "))
	}
	fmt.Fprintf(&out, "\n -- %s  %s\n", maintainer, at.Format(time.RFC1123Z))
	return out.String(), nil
}

// wrap breaks a paragraph into lines of at most 78 characters where it can.
func wrap(text, first, rest string) string {
	var out strings.Builder
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 78:
			out.WriteString(line + "\n")
			line = rest + word
		default:
			line += " " + word
		}
	}
	return out.String() + line + "\n"
}
