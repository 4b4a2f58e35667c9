package profiles

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

// Preview is to the letter what Create writes, the token's sum aside, and
// writes nothing by itself.
func TestPreviewIsWhatCreateWrites(t *testing.T) {
	s, _ := open(t)
	create(t, s, "first") // has the first port
	p := Profile{Alias: "work", Agent: "claude", Provider: "acme", Model: "plain", IsolateHome: true,
		Proxy: Proxy{Enabled: true, Rules: []routes.Rule{{Name: "default", Condition: "always", Target: "acme/big"}}}}
	before := tree(t, s)
	preview, err := s.Preview(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	after := tree(t, s)
	for path := range after {
		if before[path] != after[path] {
			t.Errorf("Preview wrote %s", path)
		}
	}
	_, c, err := s.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	made := tree(t, s)
	if preview.Port != c.Port || preview.Config != c.ConfigPath {
		t.Errorf("port %d and %s; created were %d and %s", preview.Port, preview.Config, c.Port, c.ConfigPath)
	}
	rel := func(path string) string {
		r, err := filepath.Rel(s.dirs.Home, path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if got, want := string(preview.Profile), made[rel(preview.Path)]; got != want {
		t.Errorf("the profile is\n%s\nwritten was\n%s", got, want)
	}
	sums := "token_sha256:\n    - " + strings.Repeat("ab", 32)
	if got, want := string(preview.Text), strings.ReplaceAll(made[rel(preview.Config)], sums, "token_sha256: []"); got != want {
		t.Errorf("config.yaml is\n%s\nwritten was\n%s", got, want)
	}
	var exists *ExistsError
	if _, err := s.Preview(t.Context(), p); !errors.As(err, &exists) {
		t.Errorf("a second time: %v", err)
	}
}

func TestPreviewWithoutProxy(t *testing.T) {
	s, _ := open(t)
	preview, err := s.Preview(t.Context(), Profile{Alias: "work", Agent: "claude", Provider: "acme"})
	if err != nil || preview.Port != 0 || preview.Config != "" || len(preview.Profile) == 0 {
		t.Errorf("%+v, %v", preview, err)
	}
	if _, err := s.Preview(t.Context(), Profile{Alias: "work", Agent: "claude", Provider: "nobody"}); err == nil {
		t.Error("an unknown provider is taken")
	}
	if got := tree(t, s); len(got) != 0 {
		t.Errorf("something was written: %v", got)
	}
}
