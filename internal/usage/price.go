package usage

// Price is what a target's tokens cost, in US dollars per million.
type Price struct{ Input, Output, CacheRead, CacheWrite float64 }

// cost is what the record's tokens cost at p, in US dollars; nil where the price
// is not known (p is nil) or the upstream reported no tokens.
//
// A cache that is written for an hour costs more than one for five minutes at
// some providers; upstreams report both in one figure, and the price of the
// short one is used.
func (r Record) cost(p *Price) *float64 {
	if p == nil || !r.Reported() {
		return nil
	}
	var sum float64
	for _, part := range []struct {
		tokens *int64
		price  float64
	}{{r.Input, p.Input}, {r.Output, p.Output}, {r.CacheRead, p.CacheRead}, {r.CacheWrite, p.CacheWrite}} {
		if part.tokens != nil {
			sum += float64(*part.tokens) * part.price / 1e6
		}
	}
	return &sum
}

// Priced is the record with its cost at p, which may be nil.
func (r Record) Priced(p *Price) Record {
	r.Cost = r.cost(p)
	return r
}

// Tokens is a reported number of tokens; a negative one was not reported.
func Tokens(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}
