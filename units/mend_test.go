package units

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// What is softened is byte for byte what would have been written for a machine
// without user namespaces, or without some of the sandbox.
func TestSoften(t *testing.T) {
	for _, name := range []string{"namespaces", "namespaces_nasty", "systemd257"} {
		spec := readSpec(t, filepath.Join("testdata", name, "spec.json"))
		spec.Namespaces, spec.Refused = true, nil
		render := func(namespaces bool, refused ...string) []byte {
			t.Helper()
			s := spec
			s.Namespaces, s.Refused = namespaces, refused
			set, err := Systemd(s)
			if err != nil {
				t.Fatal(err)
			}
			return set.Service.Content
		}
		full := render(true)
		for what, want := range map[string]struct {
			content    []byte
			namespaces bool
			refused    []string
		}{
			"all":  {render(false), false, nil},
			"some": {render(true, "ProtectKernelLogs", "ProcSubset"), true, []string{"ProtectKernelLogs", "ProcSubset"}},
			"none": {full, true, nil},
		} {
			got, err := Soften(full, want.namespaces, want.refused)
			if err != nil || !bytes.Equal(got, want.content) {
				t.Errorf("%s, %s: %v\n%s", name, what, err, got)
			}
			if soft := Softer(got, full); soft != (what != "none") {
				t.Errorf("%s, %s: softer: %t", name, what, soft)
			}
		}
		if Softer(full, render(false)) || Softer(bytes.Replace(render(false), []byte("UMask=0077"), []byte("UMask=0022"), 1), full) {
			t.Errorf("%s: what is no softer version counts as one", name)
		}
	}
}

// What somebody edited stays edited, and stays.
func TestSoftenEdited(t *testing.T) {
	spec := testSpec()
	spec.Namespaces = true
	set, err := Systemd(spec)
	if err != nil {
		t.Fatal(err)
	}
	edited := bytes.Replace(set.Service.Content, []byte("MemoryMax=512M"), []byte("MemoryMax=2G"), 1)
	got, err := Soften(edited, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Inspect(got)
	if err != nil || !o.Edited || !strings.Contains(string(got), "MemoryMax=2G") || strings.Contains(string(got), "PrivateUsers") {
		t.Errorf("%+v, %v\n%s", o, err, got)
	}
	if _, err := Soften([]byte("[Service]\nPrivateUsers=yes\n"), false, nil); err == nil {
		t.Error("a file that is not ringlet's was changed")
	}
}

// Whatever a file holds: softening leaves known as edited what was, and nothing
// to take off a second time.
func FuzzSoften(f *testing.F) {
	spec := testSpec()
	spec.Namespaces = true
	set, err := Systemd(spec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set.Service.Content)
	f.Add([]byte(markStart + "\n[Service]\nPrivateUsers=yes\n" + hashKey + "=\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		soft, err := Soften(content, false, nil)
		if err != nil {
			return
		}
		before, _ := Inspect(content)
		after, err := Inspect(soft)
		if err != nil || before.Edited != after.Edited {
			t.Errorf("edited %t, then %t, %v: %q", before.Edited, after.Edited, err, soft)
		}
		if again, err := Soften(soft, false, nil); err != nil || !bytes.Equal(again, soft) {
			t.Errorf("%q is softened to %q, %v", soft, again, err)
		}
	})
}
