package routes

import "strings"

// Strategy says how the targets of matching rules are used.
type Strategy string

// The strategies, as typed. Only those that Available lists are built.
const (
	Simple      Strategy = "simple"      // the first matching target; its error goes to the client
	Conditional Strategy = "conditional" // the first matching target, then the next ones, in order
	Weighted    Strategy = "weighted"    // random by weight among the matching, kept for the conversation
	LowestCost  Strategy = "lowest-cost" // the cheapest of the matching for this request, then the next cheapest
	Adaptive    Strategy = "adaptive"    // the best of the matching by what was seen, then the next best
)

// Available lists the strategies that this engine applies.
func Available() []Strategy { return []Strategy{Simple, Weighted, LowestCost, Conditional} }

// ParseStrategy reads a strategy's name, in either case ("Conditional",
// "LowestCost", "lowest-cost"). A strategy that the engine does not apply is
// refused: stored but not applied it would be a lie.
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
	problem := "there is no such strategy"
	if name == Adaptive {
		problem = "the engine of this version cannot apply it yet"
	}
	return "", &SyntaxError{What: "strategy", Input: s, Problem: problem, Remedy: hint}
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
