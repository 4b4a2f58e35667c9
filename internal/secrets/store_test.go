package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
)

const (
	own   = "https://api.example.com"
	other = "https://evil.example.net"
)

// store is an empty one whose only built-in provider is "acme" at own.
func store(t *testing.T, env map[string]string) *Store {
	t.Helper()
	return &Store{
		Dir:     filepath.Join(t.TempDir(), "credentials"),
		Getenv:  func(k string) string { return env[k] },
		BuiltIn: func(provider, origin string) bool { return provider == "acme" && origin == own },
	}
}

func write(t *testing.T, path, text string, perm os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), perm); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
}

func TestPutGetDelete(t *testing.T) {
	s := store(t, nil)
	if err := s.Put("acme", NewSecret(plain), own+"/v1", own, "http://127.0.0.1:9100/x"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.Path("acme"))
	if err != nil {
		t.Fatal(err)
	}
	if want := plain + "\n# for http://127.0.0.1:9100\n# for " + own + "\n"; string(data) != want {
		t.Errorf("the file is\n%s\nwant\n%s", data, want)
	}
	for path, want := range map[string]fs.FileMode{s.Path("acme"): 0o600, s.Dir: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
	e, err := s.Get("acme")
	if err != nil || e.Key.Reveal() != plain || len(e.Origins) != 2 {
		t.Errorf("got %+v, %v", e, err)
	}
	if removed, err := s.Delete("acme"); !removed || err != nil {
		t.Errorf("delete: %v, %v", removed, err)
	}
	if removed, err := s.Delete("acme"); removed || err != nil {
		t.Errorf("delete again: %v, %v", removed, err)
	}
	if _, err := s.Get("acme"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get after delete: %v", err)
	}
}

func TestPutRefuses(t *testing.T) {
	s := store(t, nil)
	for name, tt := range map[string]struct{ provider, key, base string }{
		"empty":               {"acme", "", own},
		"only space":          {"acme", " \t", own},
		"space around":        {"acme", " s3cret", own},
		"two lines":           {"acme", "s3cret\nother", own},
		"ends in a line":      {"acme", "s3cret\n", own},
		"not ASCII":           {"acme", "kéy", own},
		"control character":   {"acme", "k\x00y", own},
		"not UTF-8":           {"acme", "k\xffy", own},
		"too long":            {"acme", strings.Repeat("k", 8<<10), own},
		"plain http":          {"acme", "s3cret", "http://api.example.com"},
		"no host":             {"acme", "s3cret", ""},
		"a path as provider":  {"../x", "s3cret", own},
		"the tokens' folder":  {"local", "s3cret", own},
		"upper case":          {"Acme", "s3cret", own},
		"no provider":         {"", "s3cret", own},
		"a hidden file":       {".acme", "s3cret", own},
		"a long name":         {strings.Repeat("a", 64), "s3cret", own},
		"a slash in the name": {"a/b", "s3cret", own},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Put(tt.provider, NewSecret(tt.key), tt.base); err == nil {
				t.Error("it was accepted")
			} else if strings.TrimSpace(tt.key) != "" && strings.Contains(err.Error(), tt.key) {
				t.Errorf("the error gives the key away: %v", err)
			}
		})
	}
	if err := s.Put("acme", NewSecret("s3cret")); err == nil {
		t.Error("a key for no host was accepted")
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a refused key left something on the disk")
	}
	if err := s.Put("acme", NewSecret(strings.Repeat("k", 8<<10-1)), own); err != nil {
		t.Errorf("the longest key: %v", err)
	}
}

func TestKeyOrder(t *testing.T) {
	env := map[string]string{"ACME_KEY": "from-env"}
	s := store(t, env)
	expect := func(key, source string) {
		t.Helper()
		k, from, err := s.Key("acme", "ACME_KEY", own)
		if err != nil || k != key || from != source {
			t.Errorf("got %q from %q, %v; want %q from %q", k, from, err, key, source)
		}
	}
	expect("from-env", FromEnvironment)
	if err := s.Put("acme", NewSecret("from-file"), own); err != nil {
		t.Fatal(err)
	}
	expect("from-file", FromFile)
	s.CredentialsDirectory = t.TempDir()
	expect("from-file", FromFile)
	write(t, filepath.Join(s.CredentialsDirectory, "ACME_KEY"), "from-systemd\n", 0o400)
	expect("from-systemd", FromSystemd)
}

func TestKeyMissing(t *testing.T) {
	s := store(t, map[string]string{"EMPTY": "  "})
	for _, env := range []string{"ACME_KEY", "EMPTY", ""} {
		_, _, err := s.Key("acme", env, own)
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Provider != "acme" || missing.Env != env {
			t.Fatalf("env %q: got %v", env, err)
		}
		if want := "ringlet providers login acme"; !strings.Contains(fault.Hint(err), want) {
			t.Errorf("hint %q lacks %q", fault.Hint(err), want)
		}
	}
	s.Getenv = nil
	if _, _, err := s.Key("acme", "ACME_KEY", own); err == nil {
		t.Error("without an environment there is no key")
	}
}

// TestKeyIsBoundToItsHost is the guard against a provider definition that
// points a key elsewhere.
func TestKeyIsBoundToItsHost(t *testing.T) {
	for _, tt := range []struct {
		name, provider, file, base string
		ok                         bool
	}{
		{"its own host", "acme", "key\n# for " + own + "\n", own + "/v2", true},
		{"another host", "acme", "key\n# for " + own + "\n", other, false},
		{"another port", "acme", "key\n# for " + own + "\n", own + ":8443", false},
		{"another scheme", "acme", "key\n# for https://localhost\n", "http://localhost", false},
		{"the same port written out", "acme", "key\n# for " + own + ":443\n", own, true},
		{"entered for both", "acme", "key\n# for " + own + "\n# for " + other + "\n", other, true},
		{"by hand, built-in host", "acme", "key\n", own, true},
		{"by hand, other host", "acme", "key", other, false},
		{"by hand, provider of the user's", "gateway", "key", own, false},
		{"a binding excludes the built-in host", "acme", "key\n# for " + other + "\n", own, false},
		{"a comment is no binding", "acme", "key\n# bought in May\n\n", own, true},
		{"Windows line ends", "acme", "key\r\n# for " + own + "\r\n", own, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store(t, map[string]string{"ACME_KEY": "must not be used instead"})
			write(t, s.Path(tt.provider), tt.file, 0o600)
			key, source, err := s.Key(tt.provider, "ACME_KEY", tt.base)
			if tt.ok {
				if err != nil || key != "key" || source != FromFile {
					t.Errorf("got %q, %q, %v", key, source, err)
				}
				return
			}
			var bound *BoundError
			if !errors.As(err, &bound) || key != "" || !strings.Contains(fault.Hint(err), "providers login "+tt.provider) {
				t.Errorf("got %q, %v; want a *BoundError", key, err)
			}
		})
	}
}

func TestKeyFilesThatAreNotUsed(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		make      func(t *testing.T, path string)
	}{
		{"readable by others", "others can read", func(t *testing.T, p string) { write(t, p, plain, 0o644) }},
		{"writable by others", "written by others", func(t *testing.T, p string) { write(t, p, plain, 0o620) }},
		{"empty", "no usable key", func(t *testing.T, p string) { write(t, p, "", 0o600) }},
		{"two keys", "line 2", func(t *testing.T, p string) { write(t, p, plain+"\n"+plain, 0o600) }},
		{"bad binding", "line 3", func(t *testing.T, p string) { write(t, p, plain+"\n#\n# for http://"+plain, 0o600) }},
		{"a link", "symbolic link", func(t *testing.T, p string) {
			write(t, p+"-real", plain, 0o600)
			if err := os.Symlink(p+"-real", p); err != nil {
				t.Fatal(err)
			}
		}},
		{"a folder", "not a regular file", func(t *testing.T, p string) { write(t, p+"/x", "", 0o600) }},
		{"its folder is open", "written by others", func(t *testing.T, p string) {
			write(t, p, plain, 0o600)
			if err := os.Chmod(filepath.Dir(p), 0o777); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store(t, map[string]string{"ACME_KEY": "must not be used instead"})
			tt.make(t, s.Path("acme"))
			key, _, err := s.Key("acme", "ACME_KEY", own)
			if err == nil || key != "" || !strings.Contains(err.Error(), tt.why) {
				t.Fatalf("got %q, %v; want %q", key, err, tt.why)
			}
			if strings.Contains(err.Error()+fault.Hint(err), "hunter2") {
				t.Errorf("the error gives the key away: %v", err)
			}
			var trust *safefile.TrustError
			var file *FileError
			if fault.Hint(err) == "" || !errors.As(err, &trust) && !errors.As(err, &file) {
				t.Errorf("%T %v: want a typed error with a hint", err, err)
			}
		})
	}
}

func TestBadKeysOfOtherSources(t *testing.T) {
	s := store(t, map[string]string{"ACME_KEY": "two\nlines"})
	if _, _, err := s.Key("acme", "ACME_KEY", own); err == nil || strings.Contains(err.Error(), "lines\"") {
		t.Errorf("environment: %v", err)
	}
	s.CredentialsDirectory = t.TempDir()
	write(t, filepath.Join(s.CredentialsDirectory, "ACME_KEY"), "", 0o400)
	if _, _, err := s.Key("acme", "ACME_KEY", own); err == nil {
		t.Error("an empty credential was passed over")
	}
	for _, env := range []string{"../ACME_KEY", "a b", "1A", "ACME-KEY"} {
		if _, _, err := s.Key("acme", env, own); err == nil {
			t.Errorf("the name %q was looked up", env)
		}
	}
}

func FuzzKeyFile(f *testing.F) {
	f.Add("key\n# for https://api.example.com\n")
	f.Add("key\r\n#\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseEntry("path", "acme", []byte(text))
		if err != nil {
			if first, _, _ := strings.Cut(text, "\n"); len(first) > 20 && strings.Contains(err.Error(), first) {
				t.Errorf("the error gives the key away: %v", err)
			}
			return
		}
		if err := CheckKey(e.Key.Reveal()); err != nil {
			t.Errorf("%q was read as a key: %v", text, err)
		}
	})
}
