package main

import (
	"os/exec"
	"testing"
	"time"
)

// commitTime is the time of every commit here.
var commitTime = time.Date(2026, 11, 26, 20, 37, 14, 0, time.UTC)

func TestVersions(t *testing.T) {
	for _, c := range []struct{ described, tag, file, debian, alpine string }{
		{"v1.2.3", "v1.2.3", "1.2.3", "1.2.3", "1.2.3"},
		{"v1.2.3-rc.1", "v1.2.3-rc.1", "1.2.3-rc.1", "1.2.3~rc.1", "1.2.3_rc1"},
		{"v1.2.3-5-g6be74d3", "", "1.2.3-5-g6be74d3", "1.2.3+5.g6be74d3", "1.2.3_git5"},
		{"v1.2.3-rc.1-5-g6be74d3", "", "1.2.3-rc.1-5-g6be74d3", "1.2.3~rc.1+5.g6be74d3", "1.2.3_rc1_git5"},
		{"v1.2.3-dirty", "", "1.2.3-dirty", "1.2.3+dirty", "1.2.3"},
		{"6be74d3", "", "6be74d3", "0~20261126.203714.6be74d3", "0_git20261126203714"},
		{"1234567", "", "1234567", "0~20261126.203714.1234567", "0_git20261126203714"},
		{"6be74d3-dirty", "", "6be74d3-dirty", "0~20261126.203714.6be74d3+dirty", "0_git20261126203714"},
		{"dev", "", "dev", "0~20261126.203714.dev", "0_git20261126203714"},
	} {
		v := parseVersion(c.described)
		for what, got := range map[string][2]string{"tag": {v.tag(), c.tag}, "file": {v.file(), c.file},
			"debian": {v.debian(commitTime), c.debian}, "alpine": {v.alpine(commitTime), c.alpine}} {
			if got[0] != got[1] {
				t.Errorf("%s of %s is %q, not %q", what, c.described, got[0], got[1])
			}
		}
	}
}

// TestVersionsAreInOrder: dpkg takes each for newer than the one before.
func TestVersionsAreInOrder(t *testing.T) {
	list := []string{"6be74d3", "v0.1.0-rc.1", "v0.1.0-rc.1-2-gabc1234", "v0.1.0", "v0.1.0-3-gabc1234", "v0.1.0-12-gabc1234", "v0.2.0"}
	for i := 1; i < len(list); i++ {
		older, newer := parseVersion(list[i-1]).debian(commitTime), parseVersion(list[i]).debian(commitTime)
		if err := exec.Command("dpkg", "--compare-versions", older, "lt", newer).Run(); err != nil {
			t.Errorf("%s is not older than %s: %v", older, newer, err)
		}
	}
}
