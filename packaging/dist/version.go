package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// version is a commit as git describe names it: v1.2.3, v1.2.3-rc.1,
// v1.2.3-5-gabc1234 (five commits later), abc1234 (no tag yet), each with
// "-dirty" behind it where it is not quite that commit.
type version struct {
	described string
	release   string // 1.2.3; "" before the first tag
	candidate string // rc.1
	ahead     string // how many commits later
	commit    string // which one; "" for the tag's own
	dirty     bool
}

var (
	tagged   = regexp.MustCompile(`^v?(\d+(?:\.\d+)*)(?:-((?:alpha|beta|rc)\.?\d*))?(?:-(\d+)-g([0-9a-f]+))?$`)
	notWords = regexp.MustCompile(`[^0-9A-Za-z]+`)
)

func parseVersion(described string) version {
	v := version{described: described}
	clean, dirty := strings.CutSuffix(described, "-dirty")
	v.dirty = dirty
	if m := tagged.FindStringSubmatch(clean); m != nil && strings.Contains(clean, ".") {
		v.release, v.candidate, v.ahead, v.commit = m[1], m[2], m[3], m[4]
	} else {
		v.commit = notWords.ReplaceAllString(clean, ".")
	}
	return v
}

// String is the version as the binary says it.
func (v version) String() string { return v.described }

// tag is the tag that the version is, or "".
func (v version) tag() string {
	if v.release == "" || v.commit != "" || v.dirty {
		return ""
	}
	return v.described
}

// file is the version in the name of a file.
func (v version) file() string { return strings.TrimPrefix(v.described, "v") }

// debian is the version for deb and rpm, which order alike: "~" sorts before
// nothing and "+" after it (deb-version(7), rpm-version(7)). Before the first tag
// the commit's time has to order it.
func (v version) debian(at time.Time) string {
	s := v.release
	switch {
	case v.release == "":
		s = "0~" + at.Format("20060102.150405") + "." + v.commit
	case v.candidate != "":
		s += "~" + v.candidate
	}
	if v.ahead != "" {
		s += fmt.Sprintf("+%s.g%s", v.ahead, v.commit)
	}
	if v.dirty {
		s += "+dirty"
	}
	return s
}

// alpine is the version for apk, whose grammar has no free text: a number, then
// _rc and the like (before it) or _git (after it), each with a number (apk-package(5)).
func (v version) alpine(at time.Time) string {
	s := v.release
	if s == "" {
		return "0_git" + at.Format("20060102150405")
	}
	if v.candidate != "" {
		s += "_" + strings.ReplaceAll(v.candidate, ".", "")
	}
	if v.ahead != "" {
		s += "_git" + v.ahead
	}
	return s
}
