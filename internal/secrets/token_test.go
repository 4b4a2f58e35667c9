package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func TestToken(t *testing.T) {
	s := store(t, nil)
	if _, err := s.Token("work"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before there is one: %v", err)
	}
	if sums, err := s.TokenSums("work"); err != nil || len(sums) != 0 {
		t.Fatalf("sums before there is one: %v, %v", sums, err)
	}
	token, created, err := s.EnsureToken("work")
	if err != nil || !created {
		t.Fatalf("%v, %v", created, err)
	}
	if !regexp.MustCompile(`^ringlet-[0-9a-f]{64}$`).MatchString(token.Reveal()) {
		t.Errorf("a token of another shape")
	}
	again, created, err := s.EnsureToken("work")
	if err != nil || created || !again.Equal(token) {
		t.Errorf("again: %v, %v, the same: %v", created, err, again.Equal(token))
	}
	for path, want := range map[string]fs.FileMode{s.TokenPath("work"): 0o600, s.tokenDir(): 0o700, s.Dir: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
	sum := sha256.Sum256([]byte(token.Reveal()))
	if sums, err := s.TokenSums("work"); err != nil || len(sums) != 1 || sums[0] != hex.EncodeToString(sum[:]) || sums[0] != SumHex(token) {
		t.Errorf("sums: %v, %v", sums, err)
	}
	other, _, err := s.EnsureToken("home")
	if err != nil || other.Equal(token) {
		t.Errorf("two profiles have the same token, or %v", err)
	}
	for range 2 {
		if err := s.RemoveToken("work"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Token("work"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after removal: %v", err)
	}
}

func TestTokenIsMadeOnce(t *testing.T) {
	s := store(t, nil)
	tokens := make([]Secret, 20)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			token, _, err := s.EnsureToken("work")
			if err != nil {
				t.Error(err)
			}
			tokens[i] = token
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if !token.Equal(tokens[0]) {
			t.Fatal("callers at once got different tokens")
		}
	}
	entries, err := os.ReadDir(s.tokenDir())
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// What a killed command left between making its temporary file and linking it
// holds a token too.
func TestWhatAKilledCommandLeftGoesWithTheToken(t *testing.T) {
	s := store(t, nil)
	if _, _, err := s.EnsureToken("work"); err != nil {
		t.Fatal(err)
	}
	left, err := os.CreateTemp(s.tokenDir(), ".work*")
	if err != nil {
		t.Fatal(err)
	}
	left.Close()
	if err := s.RemoveToken("work"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(s.tokenDir()); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestTokenFilesThatAreNotUsed(t *testing.T) {
	s := store(t, nil)
	good := "ringlet-" + strings.Repeat("ab", 32)
	for name, tt := range map[string]struct {
		text string
		perm os.FileMode
		why  string
	}{
		"empty":              {"", 0o600, "no local token"},
		"cut short":          {good[:40], 0o600, "no local token"},
		"no prefix":          {strings.Repeat("ab", 32), 0o600, "no local token"},
		"readable by others": {good, 0o640, "others can read"},
	} {
		write(t, s.TokenPath("work"), tt.text, tt.perm)
		_, err := s.Token("work")
		if err == nil || !strings.Contains(err.Error(), tt.why) || strings.Contains(err.Error(), "abab") {
			t.Errorf("%s: %v", name, err)
		}
		if _, created, err := s.EnsureToken("work"); created || err == nil {
			t.Errorf("%s: it was replaced", name)
		}
	}
	for _, alias := range []string{"", "..", "../acme", "a/b"} {
		if _, err := s.Token(alias); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the alias %q: %v", alias, err)
		}
	}
}
