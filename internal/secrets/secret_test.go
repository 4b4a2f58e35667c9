package secrets

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const plain = "sk-hunter2-0123456789"

// TestNothingPrintsASecret tries every way out that the standard library and
// our encoders have, at the top and inside other values, exported and not.
func TestNothingPrintsASecret(t *testing.T) {
	s := NewSecret(plain)
	type inner struct{ s Secret }
	type outer struct {
		Key Secret `json:"key" yaml:"key"`
		in  inner
		ptr *Secret
		any any
	}
	o := outer{s, inner{s}, &s, s}
	var out bytes.Buffer
	for _, v := range []any{s, &s, o, &o, []Secret{s}, map[string]Secret{"k": s}, Entry{Key: s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%c", "%U", "%e", "%p", "%t", "%10.3v", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
	}
	for _, v := range []any{s, o, map[string]Secret{"k": s}} {
		j, err := json.Marshal(v)
		y, err2 := yaml.Marshal(v)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		out.Write(j)
		out.Write(y)
	}
	x, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(x)
	fmt.Fprintln(&out, fmt.Errorf("wrapped: %w, %v", &InvalidError{"p"}, s))
	for _, leak := range []string{plain, "hunter2", fmt.Sprintf("%x", plain), fmt.Sprintf("%X", plain), "115 107 45"} {
		if i := strings.Index(out.String(), leak); i >= 0 {
			t.Errorf("the secret came out as %q: …%s…", leak, out.String()[max(0, i-60):i+20])
		}
	}
	if n := strings.Count(out.String(), hidden); n < 40 {
		t.Errorf("%q came out only %d times: is anything printed at all?", hidden, n)
	}
}

func TestSecretKeepsItsText(t *testing.T) {
	if got := NewSecret(plain).Reveal(); got != plain {
		t.Errorf("got %q", got)
	}
	var zero Secret
	if !zero.Empty() || zero.Reveal() != "" || NewSecret(plain).Empty() {
		t.Error("the zero secret is the empty one")
	}
	if !NewSecret("a").Equal(NewSecret("a")) || NewSecret("a").Equal(NewSecret("b")) || zero.Equal(NewSecret("a")) {
		t.Error("Equal compares the texts")
	}
}
