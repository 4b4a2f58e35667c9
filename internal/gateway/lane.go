package gateway

import (
	"net/http"

	"github.com/ringlet/ringlet/routes"
)

// lane is a wire format as the engine passes it on: what its events mean, and
// the forms in which it says what the engine itself has to say. It knows nothing
// of translating, which package wire does.
type lane interface {
	// format is routes.Messages, routes.Chat or routes.Responses.
	format() string
	// mark says what an event of a stream means, and takes the usage that it
	// reports. passing tells that content went out before it.
	mark(e sseEvent, passing bool, u *usage) mark
	// failure reads an error event: the HTTP status that goes with it, and the body
	// of an error answer that says the same; nil where it cannot be had.
	failure(data []byte) (status int, body []byte)
	// whole reads an answer in one piece that came with the status 200: the status
	// and the body of the error in it, or 0.
	whole(body []byte, u *usage) (status int, failure []byte)
	// errorBody is the body of an error answer of our own.
	errorBody(e *apiError) []byte
	// errorEvent makes an error answer's body the event that ends a stream.
	errorEvent(body []byte) []byte
	// ping is what breaks a silence; begun tells that events went out before it.
	ping(client http.Header, begun bool) string
}

// mark is what an event means for its stream, in the order in which a stream has them.
type mark int

const (
	nothing mark = iota // no content yet; or a ping, or a comment
	content             // the answer has begun
	enough              // the answer is complete, and more may be told about it
	last                // nothing follows
	broken              // an error
)

// laneOf is the lane of a wire format.
func laneOf(format string) lane {
	switch format {
	case routes.Chat:
		return chatLane{}
	case routes.Responses:
		return responsesLane{}
	}
	return messagesLane{}
}

// laneOfPath is the lane of a request; nil where the path is none. Clients whose
// base URL ends in /v1 add less to it than those whose base URL does not, so both
// are taken: Anthropic's libraries add /v1/messages, the AI SDK's /messages.
func laneOfPath(path string) (l lane, count bool) {
	switch path {
	case "/v1/messages", "/messages":
		return messagesLane{}, false
	case "/v1/messages/count_tokens", "/messages/count_tokens":
		return messagesLane{}, true
	case "/v1/chat/completions", "/chat/completions":
		return chatLane{}, false
	case "/v1/responses", "/responses":
		return responsesLane{}, false
	}
	return nil, false
}
