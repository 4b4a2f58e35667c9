package routes

import (
	"strings"
	"testing"
)

func TestParseToken(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for text, want := range map[string]string{
		sum: "", sum + " until 2026-11-27T10:00:00Z": "2026-11-27T10:00:00Z", sum + " until 2026-11-27T10:00:00+01:00": "2026-11-27T09:00:00Z",
		"": "no", "ab": "no", sum + "ab": "no", sum + " until": "no", sum + " until tomorrow": "no", sum + " until 0001-01-01T00:00:00Z": "no", sum + " until 9999-12-31T23:59:59-01:00": "no", strings.Repeat("xy", 32): "no",
	} {
		got, err := ParseToken(text)
		switch {
		case want == "no" && err == nil, want != "no" && err != nil:
			t.Errorf("%q: %v", text, err)
		case err == nil && want == "" && (!got.Until.IsZero() || got.String() != text):
			t.Errorf("%q: %v", text, got)
		case err == nil && want != "" && got.String() != sum+" until "+want:
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(strings.Repeat("ab", 32) + " until 2026-11-27T10:00:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err != nil {
			return
		}
		if again, err := ParseToken(token.String()); err != nil || !again.Until.Equal(token.Until.Truncate(1e9)) || again.SHA256 != token.SHA256 {
			t.Errorf("%q became %q (%v)", text, token, err)
		}
	})
}
