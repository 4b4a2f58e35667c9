package routes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Basis is why a candidate stands where it stands.
type Basis string

// The reasons.
const (
	ByOrder    Basis = "order"    // precedence
	ByAlias    Basis = "alias"    // the requested model has an alias
	ByProvider Basis = "provider" // the profile's own provider comes last
	ByStay     Basis = "stays"    // the conversation is on it
	ByDraw     Basis = "drawn"    // by weight
	ByCost     Basis = "cost"     // by price
	BySeen     Basis = "seen"     // by what is expected of it
	ByTrial    Basis = "best"     // because it may be the best
)

// Why is the reason in words, with the figures that led to it.
func (c Candidate) Why() string {
	var why string
	switch c.Basis {
	case ByAlias:
		why = "the alias of the requested model"
	case ByProvider:
		why = "the profile's own provider, after all else"
	case ByStay:
		why = "the conversation is on it"
	case ByDraw:
		why = fmt.Sprintf("drawn with weight %d of %d", c.Weight, c.of)
	case ByCost:
		why = "by its cost"
	case BySeen:
		why = "by what was seen"
	case ByTrial:
		why = "the best for all that is known"
	default:
		why = "by the rules' order"
	}
	if c.Basis == ByCost || c.Basis == ByStay && c.Cost != (Estimate{}) {
		why += ", " + c.Cost.String()
	}
	if c.timed {
		why += fmt.Sprintf(", %.1f s expected", c.Seen.Expected)
		if c.Seen.Answers+c.Seen.Failures == 0 {
			why += " (it was never asked)"
		} else {
			why += fmt.Sprintf(" (by %.1f answers and %.1f failures)", c.Seen.Answers, c.Seen.Failures)
		}
	}
	if c.Seen.Down != "" {
		why += "; last, because it is " + c.Seen.Down
	}
	return why
}

// String is the estimate in words.
func (e Estimate) String() string {
	if !e.Known {
		return "its price is not known"
	}
	s := fmt.Sprintf("about $%.4f for %d tokens in", e.USD, e.Input)
	if e.Cached > 0 {
		s += fmt.Sprintf(" (%d of them cached)", e.Cached)
	}
	return s + fmt.Sprintf(" and %d out", e.Output)
}

// arrange puts what was found into the strategy's order, in place. It reports
// whether the strategy chose, and so keeps the conversation on its choice.
func (t *Table) arrange(found []Candidate, byCondition bool, r Request, in Inputs) bool {
	at := slices.IndexFunc(found, func(c Candidate) bool { return c.Kind == FromAlias })
	if at >= 0 && !byCondition {
		alias := found[at]
		copy(found[1:at+1], found[:at])
		found[0] = alias
		return false
	}
	// The matching rules first; of the rest there are two at most.
	n, rest := 0, make([]Candidate, 0, 2)
	for _, c := range found {
		if c.Kind == FromRule {
			found[n] = c
			n++
		} else {
			rest = append(rest, c)
		}
	}
	copy(found[n:], rest)
	pool := found[:n]
	switch t.strategy {
	case Weighted:
		draw(pool, in.Seed)
		stay(pool, in.At)
	case LowestCost:
		byCost(pool, r, in)
	case Adaptive:
		bySeen(pool, in)
	}
	return n > 0
}

// elsewhere is 0 for the target that the conversation is on, else 1.
func elsewhere(c *Candidate, at Target) int {
	if c.Target == at {
		return 0
	}
	return 1
}

// sortBy sorts the pool, keeping the order of equals. Places are sorted, not the
// candidates themselves, which are large.
func sortBy(pool []Candidate, compare func(a, b *Candidate) int) {
	places := make([]int, len(pool))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(i, j int) int {
		if c := compare(&pool[i], &pool[j]); c != 0 {
			return c
		}
		return cmp.Compare(i, j)
	})
	sorted := make([]Candidate, len(pool))
	for to, from := range places {
		sorted[to] = pool[from]
	}
	copy(pool, sorted)
}

// draw orders the pool as if drawn by weight, one after the other: each rule gets
// an exponentially distributed time with its weight as the rate, and the
// earliest comes first. The times hang on the seed and the rule's name alone, so
// that a conversation draws the same again, and changes its target only when
// its rule goes or another one wins.
// (Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006.)
func draw(pool []Candidate, seed uint64) {
	total := 0
	for _, c := range pool {
		total += c.Weight
	}
	for i := range pool {
		c := &pool[i]
		c.of = total
		c.Basis, c.score = ByDraw, -math.Log(uniform(seed, c.Rule))/float64(c.Weight)
	}
	sortBy(pool, byScore)
}

// uniform is a number between 0 and 1, both excluded, as random as the seed.
func uniform(seed uint64, name string) float64 {
	h := uint64(14695981039346656037) // FNV-1a, then the finalizer of SplitMix64, which FNV's high bits need
	for i := range 8 {
		h = (h ^ seed>>(8*i)&0xff) * 1099511628211
	}
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	h ^= h >> 31
	return (float64(h>>11) + 0.5) / (1 << 53)
}

// stay brings the conversation's target to the front.
func stay(pool []Candidate, at Target) {
	i := slices.IndexFunc(pool, func(c Candidate) bool { return c.Target == at })
	if i < 0 {
		return
	}
	c := pool[i]
	c.Basis = ByStay
	copy(pool[1:i+1], pool[:i])
	pool[0] = c
}

// byCost orders by what the request costs at each target, unknown prices last.
// The figure of a target whose cache is warm has the cached part at the price of
// reading it, that of any other at the full price; so a conversation leaves its
// target only where that saves more, in this very request, than reading the
// prefix again costs. At the same cost it stays.
func byCost(pool []Candidate, r Request, in Inputs) {
	for i := range pool {
		c := &pool[i]
		c.Basis, c.Cost = ByCost, in.Estimate(r, c.Target)
	}
	sortBy(pool, func(a, b *Candidate) int {
		if a.Cost.Known != b.Cost.Known {
			if a.Cost.Known {
				return -1
			}
			return 1
		}
		if c := cmp.Compare(a.Cost.USD, b.Cost.USD); c != 0 {
			return c
		}
		return cmp.Compare(elsewhere(a, in.At), elsewhere(b, in.At))
	})
	if len(pool) > 0 && pool[0].Target == in.At {
		pool[0].Basis = ByStay
	}
}
