package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A rotation has two tokens until it ends; what was interrupted is gone on with.
func TestRotateToken(t *testing.T) {
	until := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	s := &Store{Dir: filepath.Join(t.TempDir(), "credentials")}
	if err := s.RotateToken("work", until); !errors.Is(err, fs.ErrNotExist) {
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
			if sum, _, _ := strings.Cut(got[i], " "); sum != SumHex(want[i]) {
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
		if err := s.RotateToken("work", until.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	second, err := s.Token("work")
	if err != nil || second.Reveal() == first.Reveal() {
		t.Fatalf("the token is as it was, %v", err)
	}
	sums(second, first)
	if got, err := s.TokenSums("work"); err != nil || !strings.HasSuffix(got[1], " until 2026-11-27T11:00:00Z") {
		t.Errorf("%v, %v", got, err)
	}
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
	// One that has ended makes way for the next.
	for range 2 {
		if err := errors.Join(s.RotateToken("work", until), s.EndRotation("work")); err != nil {
			t.Fatal(err)
		}
		third, err := s.Token("work")
		if err != nil || third.Reveal() == second.Reveal() {
			t.Fatalf("the token is as it was, %v", err)
		}
		sums(third, second)
		previous, err := s.PreviousToken("work")
		if err != nil || !previous.Ended || !previous.Until.Equal(until) {
			t.Errorf("%+v, %v", previous, err)
		}
		second = third
	}
	// What was begun long ago, and interrupted before the new token was written.
	if err := s.writePrevious("work", Previous{Token: second, Until: until.AddDate(-1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := s.RotateToken("work", until); err != nil {
		t.Fatal(err)
	}
	if previous, err := s.PreviousToken("work"); err != nil || previous.Token.Reveal() != second.Reveal() || !previous.Until.Equal(until) {
		t.Errorf("%+v, %v", previous, err)
	}
	if err := os.WriteFile(s.previousPath("work"), []byte(first.Reveal()+"\nuntil doomsday\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.TokenSums("work"); !errors.As(err, new(*FileError)) {
		t.Errorf("a time that is none: %v", err)
	}
	if err := s.DropPreviousToken("work"); err != nil {
		t.Fatal(err)
	}
	if err := s.RotateToken("work", until); err != nil {
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
