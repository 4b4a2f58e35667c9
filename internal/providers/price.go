package providers

import "charm.land/catwalk/pkg/catwalk"

// cachePrices reads catwalk's two prices of a cache, whose names do not say
// which is which: by its own rule (CRUSH.md in catwalk) "in cached" is the write
// and "out cached" the read, and so its generators fill them for OpenRouter and
// Vercel; those for OpenCode, io.net, Avian, Chutes and Neuralwatt do it the other
// way round, and its hand-written lists do either. The numbers themselves tell:
// reading a cache is cheaper than the input that it saves, and writing costs the
// input and a premium (1.25 × at Anthropic, Amazon, Google, OpenAI and MiniMax; at most 2 ×,
// for an hour, platform.claude.com/docs/en/about-claude/pricing). What fits neither is
// something else (Gemini's storage per hour, a copy of the input's price) and counts as unknown.
//
// Where a price is unknown, the input's takes its place: without a discount
// cached tokens cost what all do, and no bill is understated.
func cachePrices(m catwalk.Model) (read, write float64) {
	read, write = m.CostPer1MIn, m.CostPer1MIn
	for _, v := range []float64{m.CostPer1MInCached, m.CostPer1MOutCached} {
		switch {
		case v <= 0 || v == m.CostPer1MOut:
		case v <= m.CostPer1MIn/2:
			read = min(read, v)
		case v > m.CostPer1MIn && v <= 2*m.CostPer1MIn:
			write = v
		}
	}
	return read, write
}
