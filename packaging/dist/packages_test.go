//go:build dist

package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var nfpm = flag.String("nfpm", "", "nfpm's binary; make test-host builds it")

// TestPackages makes each package twice: the bytes are the same, and a deb has
// what it should.
func TestPackages(t *testing.T) {
	r := inRoot(t)
	r.nfpm = *nfpm
	var made [2]map[string][]byte
	for i := range made {
		common, binary := fakes(t, r, time.Unix(int64(1000*i), 0))
		r.out = t.TempDir()
		for _, format := range []string{"deb", "rpm", "apk"} {
			if err := r.pack(t.Context(), common, binary, "arm64", format); err != nil {
				t.Fatal(err)
			}
		}
		made[i] = map[string][]byte{}
		entries, err := os.ReadDir(r.out)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(r.out, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			made[i][e.Name()] = data
		}
	}
	for _, name := range []string{"ringlet_1.2.3_arm64.deb", "ringlet-1.2.3-1.aarch64.rpm", "ringlet_1.2.3-r0_aarch64.apk"} {
		if made[0][name] == nil || !bytes.Equal(made[0][name], made[1][name]) {
			t.Errorf("two builds of %s differ, or it is not there", name)
		}
	}
	info, err := output(exec.Command("tar", "--warning=no-unknown-keyword", "-xzOf", filepath.Join(r.out, "ringlet_1.2.3-r0_aarch64.apk"), ".PKGINFO"))
	if err != nil || !strings.Contains(info, "pkgver = 1.2.3-r0\n") {
		t.Errorf("%v: %s", err, info)
	}
	for line := range strings.Lines(info) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, " = ") {
			t.Errorf("a line of .PKGINFO that is none: %q", line)
		}
	}
	deb := filepath.Join(r.out, "ringlet_1.2.3_arm64.deb")
	list, err := output(exec.Command("dpkg-deb", "--contents", deb))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"-rwxr-xr-x root/root", "./usr/bin/ringlet\n", "./usr/share/man/man1/ringlet.1.gz\n", "./usr/share/doc/ringlet/copyright\n",
		"./usr/share/doc/ringlet/changelog.gz\n", "./usr/share/doc/ringlet/THIRD-PARTY-LICENSES\n", "./usr/share/zsh/vendor-completions/_ringlet\n",
		"./usr/share/bash-completion/completions/ringlet\n", "./usr/share/fish/vendor_completions.d/ringlet.fish\n"} {
		if !strings.Contains(list, line) {
			t.Errorf("%q is not in\n%s", line, list)
		}
	}
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "d") && !strings.HasPrefix(line, "drwxr-xr-x root/root") {
			t.Errorf("a folder that not all can read: %s", line)
		}
	}
	for _, word := range []string{"systemd", "/etc/", "./home"} {
		if strings.Contains(list, word) {
			t.Errorf("%q has no place in\n%s", word, list)
		}
	}
}
