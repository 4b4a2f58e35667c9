package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/secrets"
)

// An engine may prove itself by a replaced token for as long as it may not know the
// new one yet, and not for as long as agents may use the old one.
func TestAReplacedTokenProvesNoEngine(t *testing.T) {
	store := &secrets.Store{Dir: filepath.Join(t.TempDir(), "credentials")}
	first, _, err := store.EnsureToken("work")
	if err != nil {
		t.Fatal(err)
	}
	asks := func(previous string) {
		t.Helper()
		token, err := store.Token("work")
		if err != nil {
			t.Fatal(err)
		}
		c, err := healthClient(store, 8081, "work", token)
		if err != nil || c.Token != token.Reveal() || c.Previous != previous {
			t.Errorf("a client with %t as the token before (%v)", c.Previous == first.Reveal(), err)
		}
	}
	asks("")
	if err := store.RotateToken("work", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	asks(first.Reveal())
	if err := store.EndRotation("work"); err != nil {
		t.Fatal(err)
	}
	asks("")
}
