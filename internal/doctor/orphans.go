package doctor

import (
	"cmp"
	"context"
	"slices"
)

// Orphan is something of a deleted profile's.
type Orphan struct {
	Alias  string
	What   string // "the port 8081 in ports.json"
	Remove func(context.Context) error
}

// OrphanFinder looks for what is left of deleted profiles. It lists only what
// ringlet wrote.
type OrphanFinder interface {
	Orphans(ctx context.Context) ([]Orphan, error)
}

// Orphans is about deleted profiles.
type Orphans struct{ Find OrphanFinder }

// Name implements [Check].
func (Orphans) Name() string { return "orphans" }

// Run implements [Check].
func (o Orphans) Run(ctx context.Context) []Finding {
	list, err := o.Find.Orphans(ctx)
	slices.SortStableFunc(list, func(a, b Orphan) int { return cmp.Compare(a.Alias, b.Alias) })
	var out []Finding
	for _, orphan := range list {
		out = append(out, warning(orphan.Alias, "ringlet doctor --fix", "there is no such profile, and still %s", orphan.What).by(func(ctx context.Context) (string, error) {
			return "removed it", orphan.Remove(ctx)
		}))
	}
	if err != nil {
		out = append(out, problem("", err))
	}
	if out == nil {
		return []Finding{ok("", "nothing is left of deleted profiles")}
	}
	return out
}
