package units

import (
	"bytes"
	"errors"
	"testing"
)

func TestInspect(t *testing.T) {
	spec := testSpec()
	spec.ConfigPath = `/home/u/a "b" \ 100% $HOME/config.yaml`
	set, err := Systemd(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files() {
		o, err := Inspect(f.Content)
		if err != nil || o.Edited {
			t.Errorf("%s: %+v, %v", f.Name, o, err)
		}
		if f.Name != Target && o.ConfigPath != spec.ConfigPath {
			t.Errorf("%s: configuration %q", f.Name, o.ConfigPath)
		}
	}
	if o, _ := Inspect(set.Socket.Content); o.Listen != "127.0.0.1:8081" {
		t.Errorf("the socket listens on %q", o.Listen)
	}
}

// What an older ringlet wrote is of format 0; a newer one's says so.
func TestInspectFormat(t *testing.T) {
	set, err := Systemd(testSpec())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files() {
		if o, err := Inspect(f.Content); err != nil || o.Format != Format {
			t.Errorf("%s: %+v, %v", f.Name, o, err)
		}
	}
	line := []byte(formatKey + "=1\n")
	for text, want := range map[string]Origin{"": {Format: 0}, formatKey + "=7\n": {Format: 7}, formatKey + "=new\n": {Edited: true}} {
		content := Sealed(bytes.Replace(set.Socket.Content, line, []byte(text), 1))
		o, err := Inspect(content)
		if err != nil || o.Format != want.Format || o.Edited != want.Edited {
			t.Errorf("%q: %+v, %v", text, o, err)
		}
	}
}

func TestInspectProgram(t *testing.T) {
	for _, exe := range []string{"/usr/bin/ringlet", "/home/a b/100%/$x/ringlet"} {
		spec := testSpec()
		spec.Exe = exe
		set, err := Systemd(spec)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := Inspect(set.Service.Content); err != nil || o.Program != exe {
			t.Errorf("of %q the service starts %q, %v", exe, o.Program, err)
		}
		if o, err := Inspect(set.Socket.Content); err != nil || o.Program != "" {
			t.Errorf("the socket starts %q, %v", o.Program, err)
		}
	}
	for _, line := range []string{``, `"`, `/bin/sh -c x`, `"/bin/sh`, `"/a%b" x`, `"a\b" x`} {
		if got := unquoteExe(line); got != "" {
			t.Errorf("%q starts %q", line, got)
		}
	}
}

func TestInspectEdited(t *testing.T) {
	set, err := Systemd(testSpec())
	if err != nil {
		t.Fatal(err)
	}
	content := set.Service.Content
	for name, edited := range map[string][]byte{
		"value changed": bytes.Replace(content, []byte("MemoryMax=512M"), []byte("MemoryMax=2G"), 1),
		"line added":    append(bytes.Clone(content), "Environment=A=b\n"...),
		"line removed":  bytes.Replace(content, []byte("KillMode=mixed\n"), nil, 1),
		"hash removed":  bytes.Replace(content, []byte(hashKey+"="), []byte("X-Other="), 1),
		"hash twice":    bytes.Replace(content, []byte(hashKey+"="), []byte(hashKey+"=x\n"+hashKey+"="), 1),
		"cut off":       content[:len(content)-1],
		"path broken":   bytes.Replace(content, []byte(configKey+`="`), []byte(configKey+`=`), 1),
	} {
		if o, err := Inspect(edited); err != nil || !o.Edited {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestInspectForeign(t *testing.T) {
	for _, content := range []string{"", "[Unit]\nDescription=mine\n", "\n# Written by ringlet\n", "# by hand\n" + hashKey + "=sha256:00\n"} {
		if _, err := Inspect([]byte(content)); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func FuzzInspect(f *testing.F) {
	set, err := Systemd(testSpec())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set.Service.Content)
	f.Add([]byte(markStart + "\n" + configKey + `="\` + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		o, err := Inspect(content)
		// What counts as untouched must be what render would write: the hash is in it once.
		if err == nil && !o.Edited && !bytes.Contains(content, []byte(hashKey+"=sha256:")) {
			t.Errorf("untouched without a hash: %q", content)
		}
	})
}
