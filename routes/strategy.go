package routes

import "strings"

// Strategy says how the targets of matching rules are used.
type Strategy string

// The strategies, as typed.
const (
	Simple      Strategy = "simple"      // the first matching target; its error goes to the client
	Conditional Strategy = "conditional" // the first matching target, then the next ones, in order
	Weighted    Strategy = "weighted"    // random by weight among the matching, kept for the conversation
	LowestCost  Strategy = "lowest-cost" // the cheapest of the matching for this request, then the next cheapest
	Adaptive    Strategy = "adaptive"    // the best of the matching by what was seen, then the next best
)

// Available lists the strategies, all of which the engine applies.
func Available() []Strategy { return []Strategy{Simple, Weighted, LowestCost, Adaptive, Conditional} }

// ParseStrategy reads a strategy's name, in either case ("Conditional",
// "LowestCost", "lowest-cost").
func ParseStrategy(s string) (Strategy, error) {
	name := Strategy(strings.ReplaceAll(strings.ToLower(s), "_", "-"))
	if name == "lowestcost" {
		name = LowestCost
	}
	var names []string
	for _, have := range Available() {
		if name == have {
			return name, nil
		}
		names = append(names, string(have))
	}
	hint := "choose " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1] + ", for example: ringlet proxy strategy work conditional"
	return "", &SyntaxError{What: "strategy", Input: s, Problem: "there is no such strategy", Remedy: hint}
}

// Title is the strategy as it is printed: "Conditional", "LowestCost".
func (s Strategy) Title() string {
	var b strings.Builder
	for word := range strings.SplitSeq(string(s), "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
