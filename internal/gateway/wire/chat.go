package wire

// chatCodec speaks OpenAI Chat Completions, and what the many providers that
// are "OpenAI-compatible" make of it:
// https://platform.openai.com/docs/api-reference/chat
//
// Reading is lenient, as providers differ; writing keeps to what all of them
// take, and to the exceptions in chat_quirks.go.
type chatCodec struct{}

func (chatCodec) DecodeRequest(body []byte) (*Request, error) { return chatDecodeRequest(body) }

func (chatCodec) EncodeRequest(r *Request, t Target, drops *Drops) ([]byte, error) {
	return chatEncodeRequest(r, t, drops)
}

func (chatCodec) DecodeResponse(body []byte) (*Response, error) { return chatDecodeResponse(body) }

func (chatCodec) EncodeResponse(resp *Response, r *Request) ([]byte, error) {
	return chatEncodeResponse(resp, r), nil
}

func (chatCodec) DecodeError(status int, body []byte) *Error { return chatDecodeError(status, body) }

func (chatCodec) EncodeError(e *Error) (int, []byte) { return chatEncodeError(e) }

func (chatCodec) NewStreamDecoder() StreamDecoder { return &chatStreamDecoder{usage: NoUsage()} }

func (chatCodec) NewStreamEncoder(r *Request) StreamEncoder {
	return &chatStreamEncoder{chatClient: chatClientOf(r), usage: NoUsage()}
}
