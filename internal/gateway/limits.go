package gateway

import "time"

// The engine's limits. Sizes are in bytes.
const (
	// maxBody is the largest request body. Long sessions with images outgrow 32 MB.
	maxBody = 64 << 20
	// bodyBudget bounds all request bodies in memory together where the options do
	// not say it; the unit's MemoryMax is 512 MiB.
	bodyBudget = 192 << 20
	// budgetWait is how long a request waits for its share of the budget.
	budgetWait = 10 * time.Second
	// firstPiece of a body is charged and read before the rest: a client that
	// announces 64 MiB and sends nothing holds this much, not all.
	firstPiece = 256 << 10
	// bodyStall is how long a client may take to send the next byte of its body,
	// bodyTotal how long for all of it.
	bodyStall = 30 * time.Second
	bodyTotal = 10 * time.Minute
	// writeStall is how long a client may take to read what is written to it.
	writeStall = 5 * time.Minute
	// headerTimeout is how long a client may take to send a request's headers.
	headerTimeout = 10 * time.Second
	// idleTimeout of client connections is longer than that of the agents' HTTP
	// libraries, so that the client closes first and no request crosses a close.
	idleTimeout = 10 * time.Minute
	// maxHeader bounds a request's headers.
	maxHeader = 256 << 10

	// dialTimeout and responseTimeout bound the wait for an upstream's connection
	// and for its response headers. Whole-message answers of large models take
	// minutes before the first byte. A stream that runs has no timeout.
	dialTimeout     = 10 * time.Second
	responseTimeout = 600 * time.Second
	// errorBodyTimeout bounds the reading of an error's body.
	errorBodyTimeout = 10 * time.Second

	// maxHeld bounds what is held back of one answer before its first content. A
	// stream beyond it is passed on, and so cannot fall back any more.
	maxHeld = 1 << 20
	// maxEvent bounds one event of a stream. A longer one is passed on in pieces.
	maxEvent = 4 << 20
	// maxErrorBody bounds an upstream's error body that is kept while other
	// targets are tried.
	maxErrorBody = 1 << 20

	// pingAfter is the silence after which a client hears from us.
	pingAfter = 10 * time.Second
	// promiseAfter is how long the status is kept open while no upstream has answered.
	promiseAfter = 60 * time.Second
	// silenceLimit is how long a target of a stream may send nothing at all before
	// its first content, where another target is left.
	silenceLimit = 120 * time.Second
	// countTimeout is how long a target may take to count a prompt's tokens; then
	// they are estimated.
	countTimeout = 10 * time.Second
	// tailWait is how long a stream may stay open after its last event.
	tailWait = 2 * time.Second
)
