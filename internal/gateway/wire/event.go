package wire

// EventKind says what happened in a stream.
type EventKind int

// The kinds of events, in the order in which a stream has them:
//
//	Start (PartStart PartDelta* [PartSign] PartEnd)* [UsageReport] Finish
//
// Parts do not overlap in what encoders get: a decoder whose format interleaves
// them (parallel calls in Chat) puts them in order or keeps later ones until
// the earlier have ended. Usage may be reported more than once. A Failure may stand
// anywhere and ends the stream.
const (
	Start       EventKind = iota + 1 // ID, Model, Usage
	PartStart                        // Index, Part: its kind, and for a ToolCall ID and Name (Input is empty)
	PartDelta                        // Index, Text: more of the text, the thinking, or a call's input
	PartSign                         // Index, Text: the signature of thinking; SignedBy in Part
	PartEnd                          // Index, Part: where the decoder knows it, the whole part
	UsageReport                      // Usage
	Finish                           // Stop, Usage
	Failure                          // Err
)

// Event is one thing that happened. What it points to belongs to the decoder
// and holds until the next call.
type Event struct {
	Kind  EventKind
	ID    string
	Model string
	Index int // of the part, from 0, rising
	Part  *Part
	Text  string
	Usage Usage
	Stop  Stop
	Err   *Error
}
