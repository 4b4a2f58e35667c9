package routes

import "strings"

// Strategy says how the targets of matching rules are used.
type Strategy string

// The strategies, as typed. Only those that Available lists are built.
const (
	Simple      Strategy = "simple"      // the first matching target; its error goes to the client
	Conditional Strategy = "conditional" // the first matching target, then the next ones, in order
	Weighted    Strategy = "weighted"
	LowestCost  Strategy = "lowest-cost"
	Adaptive    Strategy = "adaptive"
)

// Available lists the strategies that this engine applies.
func Available() []Strategy { return []Strategy{Simple, Conditional} }

// ParseStrategy reads a strategy's name, in either case ("Conditional",
// "LowestCost", "lowest-cost"). A strategy that the engine does not apply is
// refused: stored but not applied it would be a lie.
func ParseStrategy(s string) (Strategy, error) {
	hint := "choose simple or conditional, for example: ringlet proxy strategy work conditional"
	switch name := Strategy(strings.ReplaceAll(strings.ToLower(s), "_", "-")); name {
	case Simple, Conditional:
		return name, nil
	case Weighted, LowestCost, "lowestcost", Adaptive:
		return "", &SyntaxError{What: "strategy", Input: s, Problem: "the engine of this version cannot apply it yet", Remedy: hint}
	default:
		return "", &SyntaxError{What: "strategy", Input: s, Problem: "there is no such strategy", Remedy: hint}
	}
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
