package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A rotation has two tokens until it ends; what was interrupted is gone on with.
func TestRotateToken(t *testing.T) {
	s := &Store{Dir: filepath.Join(t.TempDir(), "credentials")}
	if err := s.RotateToken("work"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a profile without a token: %v", err)
	}
	first, _, err := s.EnsureToken("work")
	if err != nil {
		t.Fatal(err)
	}
	sums := func(want ...Secret) {
		t.Helper()
		got, err := s.TokenSums("work")
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d sums, %v; want %d", len(got), err, len(want))
		}
		for i := range want {
			if got[i] != SumHex(want[i]) {
				t.Errorf("sum %d is not the wanted token's", i)
			}
		}
	}
	sums(first)
	// Interrupted after the first of the two writes.
	if err := os.MkdirAll(filepath.Dir(s.previousPath("work")), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.previousPath("work"), []byte(first.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sums(first)
	for range 2 { // the second time goes on with the first
		if err := s.RotateToken("work"); err != nil {
			t.Fatal(err)
		}
	}
	second, err := s.Token("work")
	if err != nil || second.Reveal() == first.Reveal() {
		t.Fatalf("the token is as it was, %v", err)
	}
	sums(second, first)
	info, err := os.Stat(s.previousPath("work"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for range 2 {
		if err := s.DropPreviousToken("work"); err != nil {
			t.Fatal(err)
		}
	}
	sums(second)
	if err := s.RotateToken("work"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveToken("work"); err != nil {
		t.Fatal(err)
	}
	sums()
	if _, err := s.PreviousToken("work"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed profile's previous token: %v", err)
	}
}
