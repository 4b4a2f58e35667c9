package agentstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
)

func pointEmpty(t *testing.T, a agents.Agent, _ Fixture) {
	p := newPlace(t, a)
	p.pointed(urlA, tokenA, false)
	p.restore() // nothing to do
	p.point(urlA, tokenA)
	p.private()
	p.pointed(urlB, tokenA, false)
	p.pointed(urlA, tokenB, false)
	text := p.text()
	if !strings.Contains(text, urlA) || !strings.Contains(text, tokenA) {
		t.Errorf("neither address nor token in the settings:\n%s", text)
	}
	p.restore()
	p.gone()
	p.restore()
	p.gone()
}

func pointRestore(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			for _, perm := range []os.FileMode{0o644, 0o600, 0o664} {
				p := newPlace(t, a)
				p.put(text, perm)
				p.point(urlA, tokenA)
				p.private()
				if got := f.Edit(p.text()); got == p.text() {
					t.Error("the fixture's edit changes nothing in the pointed settings")
				}
				p.restore()
				p.is(text, perm)
				p.noRecord()
				p.restore()
				p.is(text, perm)
			}
		})
	}
}

func pointAgain(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, a)
			p.put(text, 0o644)
			p.point(urlA, tokenA)
			first := p.text()
			p.point(urlA, tokenA)
			p.is(first, 0o600)
			p.point(urlB, tokenB)
			p.point(urlB, tokenA)
			p.private()
			if strings.Contains(p.text(), urlA) || strings.Contains(p.text(), tokenB) {
				t.Errorf("an old value is left:\n%s", p.text())
			}
			p.restore()
			p.is(text, 0o644)
			p.noRecord()
		})
	}
	p := newPlace(t, a)
	p.point(urlA, tokenA)
	p.point(urlB, tokenB)
	p.restore()
	p.gone()
}

func edited(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, a)
			p.put(text, 0o644)
			p.point(urlA, tokenA)
			p.put(f.Edit(p.text()), 0o600)
			p.restore()
			p.is(f.Edit(text), 0o644)
			p.noRecord()
		})
	}
}

func editedThenPointed(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, a)
			p.put(text, 0o644)
			p.point(urlA, tokenA)
			p.put(f.Edit(p.text()), 0o600)
			p.point(urlB, tokenB)
			p.point(urlB, tokenB)
			p.restore()
			p.is(f.Edit(text), 0o644)
			p.noRecord()
		})
	}
}

// interrupted is each place at which a crash can leave the two files.
func interrupted(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			for step, crash := range map[string]func(p place){
				"point, before the settings are written":       func(p place) { p.point(urlA, tokenA); p.put(text, 0o644) },
				"point again, before the settings are written": func(p place) { p.point(urlA, tokenA); old := p.text(); p.point(urlB, tokenB); p.put(old, 0o600) },
				"restore, before the record is removed":        func(p place) { p.point(urlA, tokenA); p.put(text, 0o644) },
			} {
				for _, again := range []bool{false, true} {
					p := newPlace(t, a)
					p.put(text, 0o644)
					crash(p)
					if again {
						p.point(urlA, tokenB)
					}
					p.restore()
					p.is(text, 0o644)
					p.noRecord()
					if t.Failed() {
						t.Fatalf("after a crash in %s (pointed again: %v)", step, again)
					}
				}
			}
		})
	}
	// The file of an empty home, removed by restore, and the record not yet.
	p := newPlace(t, a)
	p.point(urlA, tokenA)
	if err := os.Remove(a.SettingsPath(p.home)); err != nil {
		t.Fatal(err)
	}
	p.restore()
	p.gone()
}

// recordLost: ringlet's own values must not be taken for the user's.
func recordLost(t *testing.T, a agents.Agent, _ Fixture) {
	p := newPlace(t, a)
	p.point(urlA, tokenA)
	if err := os.RemoveAll(p.dir); err != nil {
		t.Fatal(err)
	}
	p.point(urlA, tokenA)
	p.point(urlB, tokenB)
	p.restore()
	p.noRecord()
	if text := p.text(); strings.Contains(text, "127.0.0.1") || strings.Contains(text, tokenA) || strings.Contains(text, tokenB) {
		t.Errorf("restored to a proxy:\n%s", text)
	}
}

func broken(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Broken {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, a)
			p.put(text, 0o644)
			err := a.Point(t.Context(), p.options(urlA, tokenA))
			refused(t, err, a.SettingsPath(p.home)+":")
			p.is(text, 0o644)
			p.noRecord()
			_, err = a.Pointed(t.Context(), p.options(urlA, tokenA))
			refused(t, err, a.SettingsPath(p.home)+":")

			// Broken after it was pointed: nothing is lost, and mending it is enough.
			p = newPlace(t, a)
			p.point(urlA, tokenA)
			good := p.text()
			p.put(text, 0o600)
			o := agents.RestoreOptions{Home: p.home, RestoreDir: p.dir}
			refused(t, a.Restore(t.Context(), o), a.SettingsPath(p.home)+":")
			p.is(text, 0o600)
			p.put(good, 0o600)
			p.restore()
			p.gone()
		})
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || fault.Hint(err) == "" {
		t.Fatalf("error %v, hint %q; want one that says %q", err, fault.Hint(err), says)
	}
	noToken(t, err.Error(), fault.Hint(err))
}

func untrusted(t *testing.T, a agents.Agent, f Fixture) {
	p := newPlace(t, a)
	path := a.SettingsPath(p.home)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "dotfiles")
	if err := os.WriteFile(target, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	refused(t, a.Point(t.Context(), p.options(urlA, tokenA)), "symbolic link")
	if b, err := os.ReadFile(target); err != nil || string(b) != "{}" {
		t.Errorf("the link's target was changed: %q, %v", b, err)
	}
	p.noRecord()

	p = newPlace(t, a)
	path = a.SettingsPath(p.home)
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, a.Point(t.Context(), p.options(urlA, tokenA)), "not a regular file")
	p.noRecord()
}
