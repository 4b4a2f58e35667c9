package routes

// Inputs are what a strategy goes by beside the facts of the request. All of it
// is given: this package knows no clock, no chance and no history. With the zero
// value nothing has been seen yet.
type Inputs struct {
	// Seed is the same for all requests of a conversation, and as good as random
	// between conversations: weighted draws by it.
	Seed uint64
	// At is the target that the conversation is on; the zero Target for none.
	At Target
	// Prices are those that are known, by target ("provider/model").
	Prices map[string]Price
	// Seen tells what is known of a target; nil: nothing of any.
	Seen func(Target) Seen
}

// Seen is what is known of a target from earlier requests.
type Seen struct {
	// Cached is how many tokens of this conversation's prompt the target has in
	// its prompt cache; 0 where it is cold.
	Cached int
	// Output is how long an answer is to be expected, in tokens; 0 for unknown.
	Output int
	// Expected is how long a request is expected to wait for the first byte, in seconds,
	// failures included; AtBest is what it may be, for all that is known: where
	// little is, it is much less.
	Expected, AtBest float64
	// Answers and Failures are how many led to that, those of long ago counted for less.
	Answers, Failures float64
	// Down says why the target should not be asked now, "cooling" or "open"; ""
	// where nothing is known against it.
	Down string
}

// look is in.Seen, which may be nil.
func (in Inputs) look(t Target) Seen {
	if in.Seen == nil {
		return Seen{}
	}
	return in.Seen(t)
}
