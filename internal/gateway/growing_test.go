package gateway

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

// A conversation that grows, as agents' do: once an upstream has reported a size,
// the next estimate is within 2% of what the upstream will report, whatever its
// tokenizer counts and however long the conversation becomes.
func TestEstimateGrowing(t *testing.T) {
	pick := func(patterns ...string) []string {
		texts := corpus(t, patterns...)
		var out []string
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for n := range texts {
				if !yield(n) {
					return
				}
			}
		}) {
			out = append(out, texts[name])
		}
		return out
	}
	for name, tc := range map[string]struct {
		texts  []string
		factor float64 // of the upstream's tokenizer to o200k
		start  int     // bytes of the system prompt
	}{
		"code":                {pick("*.go", "wire/*.go"), 1.25, 30_000},
		"prose":               {pick("../../docs/*.md", "testdata/tokens/english-*.txt"), 1.1, 30_000},
		"Chinese":             {pick("testdata/tokens/cjk-*.txt"), 0.9, 12_000},
		"everything, long":    {pick("*.go", "../../docs/*.md", "testdata/tokens/*.txt"), 1.2, 60_000},
		"a small system text": {pick("*.go"), 1.2, 8_000},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			quote := func(s string) string {
				b, err := json.Marshal(strings.ToValidUTF8(s, ""))
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			all := strings.Join(tc.texts, "\n")
			system := strings.ToValidUTF8(strings.Repeat(all, tc.start/len(all)+1)[:tc.start], "")
			tokens := trueTokens(t, system)
			var messages []string
			conv := &conversation{}
			worst := 0.0
			for turn := range 60 {
				text := tc.texts[random.IntN(len(tc.texts))]
				text = strings.ToValidUTF8(text[:min(len(text), 200+random.IntN(tc.start/10))], "")
				messages = append(messages, `{"role":"`+[]string{"user", "assistant"}[turn%2]+`","content":[{"type":"text","text":`+quote(text)+`}]}`)
				tokens += trueTokens(t, text) + 3
				body := fmt.Sprintf(`{"model":"m","system":%s,"messages":[%s]}`, quote(system), strings.Join(messages, ","))
				f, bad := inspect(routes.Messages, []byte(body))
				if bad != nil {
					t.Fatal(bad)
				}
				f.measure([]byte(body))
				reported := float64(tokens) * tc.factor
				if turn > 0 {
					off := float64(conv.correct(f.Tokens))/reported - 1
					if worst = max(worst, off, -off); off > 0.02 || off < -0.02 {
						t.Errorf("turn %d: %d tokens, the upstream reports %.0f (%+.1f%%)", turn, conv.correct(f.Tokens), reported, 100*off)
					}
				}
				conv.learn(f.Tokens, int64(reported))
			}
			t.Logf("%.0f tokens at the end, at most %.1f%% off", float64(tokens)*tc.factor, 100*worst)
		})
	}
}
