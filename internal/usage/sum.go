package usage

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// By is what records are grouped by.
type By string

// The groups.
const (
	ByProfile By = "profile"
	ByTarget  By = "target"
	ByModel   By = "model" // as asked for
	ByRule    By = "rule"
	ByDay     By = "day" // local time
)

// Groups are all of them, as a user types them.
func Groups() []string {
	return []string{string(ByTarget), string(ByModel), string(ByRule), string(ByDay), string(ByProfile)}
}

// ParseBy reads a group's name.
func ParseBy(s string) (By, error) {
	if !slices.Contains(Groups(), s) {
		return "", fmt.Errorf("there is no group %q", s)
	}
	return By(s), nil
}

// key is the group that a record belongs to; "" for none, as of a request that
// was sent to no target.
func (by By) key(r Record) string {
	switch by {
	case ByProfile:
		return r.Profile
	case ByTarget:
		return r.Target
	case ByModel:
		return r.Model
	case ByRule:
		return r.Rule
	}
	return r.Time.Local().Format(time.DateOnly)
}

// Sum is what a group of requests adds up to.
type Sum struct {
	Key      string
	Requests int64
	Failed   int64 // see [Record.Failed]

	Input, Output, CacheRead, CacheWrite int64 // tokens that were reported

	Cost     float64 // US dollars, of the requests whose cost is known
	Priced   int64   // how many those are
	Unpriced int64   // requests with reported tokens whose cost is not known

	first []int64 // times to the first byte of requests that did not fail, in milliseconds
}

// In is all tokens in, those read from and written to a cache included.
func (s *Sum) In() int64 { return s.Input + s.CacheRead + s.CacheWrite }

// FirstByte is the median and the 95th percentile of the time to the first byte,
// in milliseconds, of requests that did not fail; ok is false where none is
// known.
func (s *Sum) FirstByte() (median, p95 int64, ok bool) {
	if len(s.first) == 0 {
		return 0, 0, false
	}
	slices.Sort(s.first)
	at := func(percent int) int64 { // nearest rank
		return s.first[(len(s.first)*percent+99)/100-1]
	}
	return at(50), at(95), true
}

func (s *Sum) add(r Record) {
	s.Requests++
	if r.Failed() {
		s.Failed++
	} else if r.FirstByte != nil {
		s.first = append(s.first, *r.FirstByte)
	}
	for _, part := range []struct {
		into *int64
		n    *int64
	}{{&s.Input, r.Input}, {&s.Output, r.Output}, {&s.CacheRead, r.CacheRead}, {&s.CacheWrite, r.CacheWrite}} {
		if part.n != nil {
			*part.into += *part.n
		}
	}
	switch {
	case r.Cost != nil:
		s.Cost += *r.Cost
		s.Priced++
	case r.Reported():
		s.Unpriced++
	}
}

// Sums adds records up, by group and all together. Make it by [NewSums].
type Sums struct {
	by       By
	groups   map[string]*Sum
	Total    Sum
	unpriced map[string]bool
}

// NewSums groups by by.
func NewSums(by By) *Sums {
	return &Sums{by: by, groups: map[string]*Sum{}, unpriced: map[string]bool{}}
}

// Add takes a record in. Requests that are not for an answer of a model are left out.
func (s *Sums) Add(r Record) {
	if !r.Generates() {
		return
	}
	s.group(s.by.key(r)).add(r)
	s.Total.add(r)
	if r.Cost == nil && r.Reported() {
		s.unpriced[r.Target] = true
	}
}

func (s *Sums) group(key string) *Sum {
	g := s.groups[key]
	if g == nil {
		g = &Sum{Key: key}
		s.groups[key] = g
	}
	return g
}

// Groups are the sums: days in order, everything else by requests, most first.
func (s *Sums) Groups() []*Sum {
	var out []*Sum
	for _, g := range s.groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *Sum) int {
		if s.by != ByDay && a.Requests != b.Requests {
			return int(b.Requests - a.Requests)
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

// Unpriced names the targets of which some tokens have no known price, sorted.
func (s *Sums) Unpriced() []string {
	var out []string
	for t := range s.unpriced {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}
