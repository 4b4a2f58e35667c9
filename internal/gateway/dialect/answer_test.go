package dialect

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/ringlet/ringlet/routes"
)

// frame encodes one message of Bedrock's stream.
func frame(t testing.TB, payload string, headers ...string) []byte {
	t.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for i := 0; i < len(headers); i += 2 {
		m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(t testing.TB, event string) []byte {
	return frame(t, `{"bytes":"`+base64.StdEncoding.EncodeToString([]byte(event))+`","p":"abcdef"}`,
		":message-type", "event", ":event-type", "chunk", ":content-type", "application/json")
}

func streamed(body io.Reader) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}, "Content-Length": {"5"}}, ContentLength: 5, Body: io.NopCloser(body)}
}

const (
	start  = `{"type":"message_start","message":{"id":"msg_bdrk_1"}}`
	delta  = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"häh\n"}}`
	stopEv = `{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":3}}`
)

func TestBedrockStream(t *testing.T) {
	whole := append(append(chunk(t, start), chunk(t, delta)...), chunk(t, stopEv)...)
	want := "event: message_start\ndata: " + start + "\n\nevent: content_block_delta\ndata: " + delta + "\n\nevent: message_stop\ndata: " + stopEv + "\n\n"
	throttled := frame(t, `{"message":"Too many tokens"}`, ":message-type", "exception", ":exception-type", "throttlingException", ":content-type", "application/json")
	broken := frame(t, "", ":message-type", "error", ":error-code", "InternalFailure", ":error-message", "It broke")
	later := frame(t, `{}`, ":message-type", "event", ":event-type", "of-a-later-version")
	for _, tt := range []struct {
		name string
		body []byte
		want string
		err  error
	}{
		{"whole", whole, want, nil},
		{"empty", nil, "", nil},
		{"an exception", append(chunk(t, start), throttled...), "event: message_start\ndata: " + start + "\n\nevent: error\ndata: " +
			`{"type":"error","error":{"type":"rate_limit_error","message":"Too many tokens"}}` + "\n\n", nil},
		{"an error", broken, `event: error` + "\ndata: " + `{"type":"error","error":{"type":"api_error","message":"It broke"}}` + "\n\n", nil},
		{"an unknown event", append(later, whole...), want, nil},
		{"cut within a frame", whole[:len(whole)-7], want[:strings.Index(want, "event: message_stop")], io.ErrUnexpectedEOF},
	} {
		for name, read := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "with data and error": iotest.DataErrReader} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				resp := streamed(read(bytes.NewReader(tt.body)))
				New(routes.Upstream{Dialect: "bedrock"}).Answer(Call{Format: routes.Messages, Stream: true}, resp)
				got, err := io.ReadAll(resp.Body)
				if string(got) != tt.want || !errors.Is(err, tt.err) {
					t.Errorf("%v\ngot  %q\nwant %q", err, got, tt.want)
				}
				if resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || resp.Header.Get("Content-Length") != "" || resp.ContentLength != -1 {
					t.Errorf("%v", resp.Header)
				}
			})
		}
	}
	t.Run("a frame whose checksum is wrong", func(t *testing.T) {
		bad := bytes.Clone(whole)
		bad[40] ^= 1
		resp := streamed(bytes.NewReader(bad))
		New(routes.Upstream{Dialect: "bedrock"}).Answer(Call{Format: routes.Messages, Stream: true}, resp)
		if got, err := io.ReadAll(resp.Body); err == nil || len(got) > 0 {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestBedrockStreamDoesNotWait: an event is there as soon as its frame is.
func TestBedrockStreamDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	resp := streamed(r)
	New(routes.Upstream{Dialect: "bedrock"}).Answer(Call{Format: routes.Messages, Stream: true}, resp)
	go func() { _, _ = w.Write(chunk(t, start)) }() // and no more
	want := "event: message_start\ndata: " + start + "\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	_ = w.Close()
}

func TestErrorAnswers(t *testing.T) {
	for _, tt := range []struct {
		dialect string
		status  int
		body    string
		want    string
	}{
		{"bedrock", 400, `{"message":"prompt is too long: 5 tokens > 4 maximum"}`, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 5 tokens > 4 maximum"}}`},
		{"bedrock", 403, `{"Message":"User: arn is not authorized"}`, `{"type":"error","error":{"type":"permission_error","message":"User: arn is not authorized"}}`},
		{"bedrock", 429, `{"message":"Too many requests"}`, `{"type":"error","error":{"type":"rate_limit_error","message":"Too many requests"}}`},
		{"bedrock", 503, `not JSON`, `not JSON`},
		{"vertex", 404, `{"error":{"code":404,"message":"Publisher Model was not found","status":"NOT_FOUND"}}`, `{"type":"error","error":{"type":"not_found_error","message":"Publisher Model was not found"}}`},
		{"vertex", 429, `[{"error":{"code":429,"message":"Quota exceeded"}}]`, `{"type":"error","error":{"type":"rate_limit_error","message":"Quota exceeded"}}`},
		{"vertex", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"r"}`, `{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"r"}`},
		{"", 400, `{"message":"as it came"}`, `{"message":"as it came"}`},
	} {
		resp := &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(tt.body))}
		New(routes.Upstream{Dialect: tt.dialect}).Answer(Call{Format: routes.Messages}, resp)
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != tt.want {
			t.Errorf("%s %d: %v\ngot  %s\nwant %s", tt.dialect, tt.status, err, got, tt.want)
		}
	}
}

func TestErrorsOfGoogleInChat(t *testing.T) {
	for _, tt := range []struct{ dialect, body, want string }{
		{"gemini", `[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]`, `{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}`},
		{"vertex", `{"error":{"message":"x"}}`, `{"error":{"message":"x"}}`},
		{"", `[{"error":{"message":"as it came"}}]`, `[{"error":{"message":"as it came"}}]`},
	} {
		resp := &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tt.body))}
		New(routes.Upstream{Dialect: tt.dialect}).Answer(Call{Format: routes.Chat}, resp)
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v", tt.dialect, got, err)
		}
	}
}

func TestBedrockCountAnswer(t *testing.T) {
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"inputTokens":42}`))}
	New(routes.Upstream{Dialect: "bedrock"}).Answer(Call{Format: routes.Messages, Count: true}, resp)
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != `{"input_tokens":42}` {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(append(chunk(f, start), chunk(f, stopEv)...))
	f.Add(frame(f, `{"message":"x"}`, ":message-type", "exception", ":exception-type", "validationException"))
	f.Add([]byte("\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := io.ReadAll(newFrames(io.NopCloser(bytes.NewReader(data))))
		if len(got) > 0 && !bytes.HasSuffix(got, []byte("\n\n")) {
			t.Errorf("half an event, %v: %q", err, got)
		}
	})
}
