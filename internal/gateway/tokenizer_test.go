package gateway

import (
	"sync"
	"testing"

	"github.com/tiktoken-go/tokenizer"
)

// o200k is the tokenizer that the estimates are measured against: public, in
// wide use (GPT-4o and later), and embedded in its module, so that no test needs
// a network. It is built once, and only where a test asks: that takes 0.2 s.
var o200k = sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(tokenizer.O200kBase) })

// trueTokens is how many tokens o200k makes of a text.
func trueTokens(t testing.TB, text string) int {
	t.Helper()
	codec, err := o200k()
	if err != nil {
		t.Fatal(err)
	}
	n, err := codec.Count(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The module counts as OpenAI's own tiktoken does; the figures are those of its
// documentation: https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
func TestTokenizer(t *testing.T) {
	for text, want := range map[string]int{"antidisestablishmentarianism": 6, "2 + 2 = 4": 7, "お誕生日おめでとう": 8} {
		if got := trueTokens(t, text); got != want {
			t.Errorf("%q: %d tokens, want %d", text, got, want)
		}
	}
}
