package profiles

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

func TestParseAlias(t *testing.T) {
	for _, good := range []string{"work", "my-work", "a", "0", "a.b_c-d", "v1.2", "work.", "a..b", "service", "json", strings.Repeat("a", 63)} {
		if a, err := ParseAlias(good); err != nil || a.String() != good {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                      "empty",
		"Work":                  "column 1",
		"woRk":                  "column 3",
		"-work":                 "column 1",
		".work":                 "column 1",
		"..":                    "column 1",
		"_x":                    "column 1",
		"a b":                   "column 2",
		"a/b":                   "column 2",
		"a@b":                   "column 2",
		"a%i":                   "column 2",
		"a\\x2d":                "column 2",
		"a\nb":                  "column 2",
		"caf\u00e9":             "column 4",
		"a\xff":                 "column 2",
		"work.service":          "column 5",
		"work.socket":           "other files and units",
		"ringlet.target":        "other files and units",
		"a.d":                   "other files and units",
		"x.json":                "other files and units",
		"x.lock":                "other files and units",
		strings.Repeat("a", 64): "longer than 63",
	} {
		_, err := ParseAlias(bad)
		var ae *AliasError
		if !errors.As(err, &ae) || !strings.Contains(err.Error(), want) || fault.ExitCode(err) != 2 || fault.Hint(err) == "" {
			t.Errorf("%q: %v; want %q", bad, err, want)
		}
	}
}

func FuzzParseAlias(f *testing.F) {
	for _, seed := range []string{"work", "a.service", "..", "a/b", ""} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAlias(s)
		if err != nil {
			return
		}
		if !shape.MatchString(s) || string(a) != s {
			t.Fatalf("%q was accepted", s)
		}
		if filepath.Base(s+".json") != s+".json" || filepath.Clean("/p/"+s) != "/p/"+s {
			t.Errorf("%q is not one name in a path", s)
		}
	})
}
