package wire

import "fmt"

// Format names a wire format, in the words of config.yaml.
type Format string

// The formats.
const (
	Messages  Format = "messages"  // Anthropic Messages
	Chat      Format = "chat"      // OpenAI Chat Completions
	Responses Format = "responses" // OpenAI Responses
)

// Target is what an encoder must know of the model that it encodes for.
type Target struct {
	Model     string // as its provider calls it
	Provider  string // the provider's id, for quirks that are documented for it
	MaxOutput int    // the model's own output cap in tokens; 0: not known
}

// Codec reads and writes one format. Implementations have no state and are safe
// for concurrent use. Errors that a client can mend are *[Error].
type Codec interface {
	// DecodeRequest reads a client's body. Unknown fields are noted in
	// Request.Drops; what cannot be understood is an *Error of KindInvalid.
	DecodeRequest(body []byte) (*Request, error)
	// EncodeRequest writes the body for an upstream and adds to drops what the
	// format cannot say. What must not be dropped is an *Error of KindInvalid.
	EncodeRequest(r *Request, t Target, drops *Drops) ([]byte, error)

	// DecodeResponse reads an upstream's whole answer (status 200).
	DecodeResponse(body []byte) (*Response, error)
	// EncodeResponse writes the answer for the client whose request was r: model
	// name, namespaces and freeform calls are as that client knows them.
	EncodeResponse(resp *Response, r *Request) ([]byte, error)

	// DecodeError reads an upstream's error answer, whatever it is: it never fails.
	// status is HTTP's, or 0 for an error in a stream.
	DecodeError(status int, body []byte) *Error
	// EncodeError writes an error for a client: the HTTP status and the body.
	EncodeError(e *Error) (status int, body []byte)

	// NewStreamDecoder reads one stream of an upstream.
	NewStreamDecoder() StreamDecoder
	// NewStreamEncoder writes one stream for the client whose request was r.
	NewStreamEncoder(r *Request) StreamEncoder
}

// StreamDecoder turns an upstream's events into neutral ones.
type StreamDecoder interface {
	// Event takes one event, its name ("" where the format has none) and its data,
	// and calls yield for each neutral event in it, maybe none. An event that is
	// not what the format says is an error; unknown kinds of events are not.
	Event(name string, data []byte, yield func(*Event)) error
	// Close tells that the upstream ended. What was still held back comes out; the
	// error says that the stream was not complete.
	Close(yield func(*Event)) error
}

// StreamEncoder turns neutral events into the client's.
type StreamEncoder interface {
	// Append adds the bytes of the client's events, framing included, to dst.
	// A Failure becomes the format's error event; nothing may follow it. It never invents
	// an ending: without Finish or Failure the stream stays open.
	Append(dst []byte, e *Event) []byte
}

// For is the codec of a format. An unknown format is a mistake of the program.
func For(f Format) (Codec, error) {
	switch f {
	case Messages:
		return messagesCodec{}, nil
	case Chat:
		return chatCodec{}, nil
	case Responses:
		return responsesCodec{}, nil
	}
	return nil, fmt.Errorf("there is no wire format %q", f)
}
