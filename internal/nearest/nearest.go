// Package nearest finds what a mistyped name may have meant.
package nearest

import (
	"cmp"
	"slices"
	"strings"
)

// Names returns at most limit of the names in have, the most similar to want
// first, in an order that depends on the names only. It always answers when
// have is not empty: in a short list the user recognises what was meant even
// where no name is close.
func Names(want string, have []string, limit int) []string {
	type scored struct {
		name  string
		score int
	}
	list := make([]scored, 0, len(have))
	w := strings.ToLower(want)
	for _, name := range have {
		n := strings.ToLower(name)
		score := 2 * distance(w, n)
		// "sonnet" means "claude-sonnet-4-6" more than a short name that shares nothing.
		if w != "" && (strings.Contains(n, w) || strings.Contains(w, n)) {
			score -= len(n) + len(w)
		}
		list = append(list, scored{name, score})
	}
	slices.SortFunc(list, func(a, b scored) int {
		if c := cmp.Compare(a.score, b.score); c != 0 {
			return c
		}
		return cmp.Compare(a.name, b.name)
	})
	out := make([]string, 0, limit)
	for _, s := range list[:min(limit, len(list))] {
		out = append(out, s.name)
	}
	return out
}

// maxLength bounds the work on hostile input, in bytes; names are far shorter.
const maxLength = 256

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	a, b = a[:min(len(a), maxLength)], b[:min(len(b), maxLength)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, diag+1, row[j]+1)
		}
	}
	return row[len(b)]
}
