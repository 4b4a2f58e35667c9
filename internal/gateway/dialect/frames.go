package dialect

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream/eventstreamapi"
	"github.com/tidwall/gjson"
)

// frames reads InvokeModelWithResponseStream's answer as server-sent events:
// each chunk is one event of the Messages stream, in base64.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html
type frames struct {
	body    io.ReadCloser
	from    *bufio.Reader
	decoder *eventstream.Decoder
	payload []byte // reused from frame to frame
	out     []byte // what is left of the event that was made last
	event   []byte // reused from event to event
	err     error
}

func newFrames(body io.ReadCloser) *frames {
	return &frames{body: body, from: bufio.NewReaderSize(body, 16<<10), decoder: eventstream.NewDecoder()}
}

func (f *frames) Close() error { return f.body.Close() }

// Read gives what is there of one event; it never waits for a second one.
func (f *frames) Read(p []byte) (int, error) {
	for len(f.out) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if err := f.next(); err != nil {
			f.err = err
		}
	}
	n := copy(p, f.out)
	f.out = f.out[n:]
	return n, nil
}

// next makes the next frame an event.
func (f *frames) next() error {
	// A stream ends between two frames; within one it was cut.
	if _, err := f.from.Peek(1); err != nil {
		return err
	}
	m, err := f.decoder.Decode(f.from, f.payload[:0])
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read Bedrock's event stream: %w", err)
	}
	f.payload = m.Payload
	switch header(m, eventstreamapi.MessageTypeHeader) {
	case eventstreamapi.EventMessageType:
		if header(m, eventstreamapi.EventTypeHeader) != "chunk" {
			return nil // an event of a later version of the API
		}
		return f.chunk(m.Payload)
	case eventstreamapi.ExceptionMessageType:
		f.fail(header(m, eventstreamapi.ExceptionTypeHeader), gjson.GetBytes(m.Payload, "message").String())
	case eventstreamapi.ErrorMessageType:
		f.fail(header(m, eventstreamapi.ErrorCodeHeader), header(m, eventstreamapi.ErrorMessageHeader))
	}
	return nil
}

func (f *frames) chunk(payload []byte) error {
	encoded := gjson.GetBytes(payload, "bytes").String()
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("read Bedrock's event stream: a chunk is no base64")
	}
	event := gjson.GetBytes(data, "type").String()
	if strings.ContainsAny(event, "\r\n") {
		return fmt.Errorf("read Bedrock's event stream: a chunk is no event of Messages")
	}
	for i, c := range data { // a line break within JSON is a space, within an event it would end it
		if c == '\n' || c == '\r' {
			data[i] = ' '
		}
	}
	f.sse(event, data)
	return nil
}

// fail makes an exception the error event of the Messages stream.
func (f *frames) fail(kind, message string) {
	status := 500
	switch kind {
	case "throttlingException":
		status = 429
	case "validationException":
		status = 400
	case "modelTimeoutException":
		status = 408
	case "serviceUnavailableException":
		status = 503
	}
	if message == "" {
		message = kind
	}
	f.sse("error", errorJSON(errorKind(status), message))
}

func (f *frames) sse(event string, data []byte) {
	f.event = append(f.event[:0], "event: "...)
	f.event = append(append(append(f.event, event...), "\ndata: "...), data...)
	f.event = append(f.event, "\n\n"...)
	f.out = f.event
}

func header(m eventstream.Message, name string) string {
	if v, ok := m.Headers.Get(name).(eventstream.StringValue); ok {
		return string(v)
	}
	return ""
}
