package routes

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Token is a local token as config.yaml has it.
type Token struct {
	SHA256 [32]byte
	Until  time.Time // not valid any more from then on; zero for no end
}

// tokenUntil stands between a token's sum and the end of its validity.
const tokenUntil = " until "

// ParseToken reads a SHA-256 sum in hexadecimal, "9f86d081…" or, of a token that
// was replaced, "9f86d081… until 2026-11-27T10:00:00Z".
func ParseToken(text string) (Token, error) {
	var t Token
	sum, end, limited := strings.Cut(text, tokenUntil)
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != len(t.SHA256) {
		return t, fmt.Errorf("%q is not a SHA-256 sum in hexadecimal", sum)
	}
	t.SHA256 = [32]byte(raw)
	if limited {
		t.Until, err = time.Parse(time.RFC3339, end)
		// The year 1 would be "no end", and one of five digits cannot be read again.
		if year := t.Until.UTC().Year(); err != nil || year < 1970 || year > 9999 {
			return Token{}, fmt.Errorf("%q is no time", end)
		}
	}
	return t, nil
}

// String is the text that [ParseToken] reads.
func (t Token) String() string {
	text := hex.EncodeToString(t.SHA256[:])
	if !t.Until.IsZero() {
		text += tokenUntil + t.Until.UTC().Format(time.RFC3339)
	}
	return text
}
