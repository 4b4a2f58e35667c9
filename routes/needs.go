package routes

import (
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// sizes is what a condition makes of the prompt's size.
type sizes struct {
	asked bool // it has the fact tokens
	// open says that tokens is held against something else than constants.
	open bool
	// at are the sizes at which the answer may change, in order: between two of them it is
	// the same.
	at []int
}

// sizesOf reads them off a condition.
func sizesOf(node *ast.Node) sizes {
	v := &sizeVisitor{}
	ast.Walk(node, v)
	v.asked = v.all > 0
	v.open = v.all != v.held
	slices.Sort(v.at)
	v.at = slices.Compact(v.at)
	return v.sizes
}

type sizeVisitor struct {
	sizes
	all, held int // how often tokens stands there, and of that, against constants
}

func (v *sizeVisitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "tokens" {
			v.all++
		}
	case *ast.BinaryNode:
		left, right := isTokens(n.Left), isTokens(n.Right)
		if left && v.constant(n.Right) || right && v.constant(n.Left) {
			v.held++
		}
	}
}

func isTokens(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "tokens"
}

// constant takes note of the numbers of a constant; false for what is none.
func (v *sizeVisitor) constant(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IntegerNode:
		v.at = append(v.at, n.Value, n.Value+1)
	case *ast.FloatNode:
		if math.Abs(n.Value) < 1<<52 {
			v.at = append(v.at, int(math.Floor(n.Value)), int(math.Floor(n.Value))+1)
		}
	case *ast.ArrayNode:
		for _, e := range n.Nodes {
			if !v.constant(e) {
				return false
			}
		}
	default:
		return false
	}
	return true
}

// NeedsTokens reports whether the decision about a request may hang on its Tokens, of
// which it has at most most. Where it does not, Decide comes to the same with any
// value up to that: to estimate a long prompt costs more than all else that is decided.
func (t *Table) NeedsTokens(r Request, most int) bool {
	if t.strategy == LowestCost {
		return true
	}
	if most < t.leastSize {
		return false
	}
	for i := range t.rules {
		if t.rules[i].cond.needsTokens(r, most) {
			return true
		}
	}
	return false
}

// UsesTokens reports whether any decision of the table may hang on a request's Tokens.
func (t *Table) UsesTokens() bool { return t.strategy == LowestCost || t.leastSize < math.MaxInt }

func (c Condition) needsTokens(r Request, most int) bool {
	switch {
	case !c.sizes.asked:
		return false
	case c.sizes.open:
		return true
	case len(c.sizes.at) == 0 || c.sizes.at[0] > most:
		return false // the same for all sizes that it may have
	}
	r.Tokens = 0
	first, err := c.Match(r)
	if err != nil {
		return true
	}
	for _, r.Tokens = range c.sizes.at {
		if r.Tokens < 0 || r.Tokens > most {
			continue
		}
		if again, err := c.Match(r); err != nil || again != first {
			return true
		}
	}
	return false
}

// leastSize is the smallest prompt whose size can make a difference to a rule.
func leastSize(rules []compiledRule) int {
	least := math.MaxInt
	for i := range rules {
		s := &rules[i].cond.sizes
		if !s.asked {
			continue
		}
		if s.open {
			return 0
		}
		if len(s.at) > 0 {
			least = min(least, max(0, s.at[0]))
		}
	}
	return least
}
