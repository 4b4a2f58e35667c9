package gatewaytest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// AWSKeyID and AWSSecret are the only AWS credentials that the upstream takes.
const (
	AWSKeyID  = "AKIDSCRIPTED"
	AWSSecret = "scripted-secret"
)

// Sent is a request to a cloud as it arrived, before it was read as one of the
// Messages format.
type Sent struct {
	Path   string // escaped, as it came
	Header http.Header
	Body   []byte
}

// cloudCall is what a request to Bedrock or Vertex is in the Messages format.
type cloudCall struct {
	path    string
	header  http.Header
	body    []byte
	bedrock bool
	stream  bool
	count   bool
}

// refusedByCloud is an answer in the cloud's own words.
func refusedByCloud(bedrock bool, status int, text string) *Reply {
	body := mustJSON(map[string]any{"error": map[string]any{"code": status, "message": text, "status": "FAILED"}})
	if bedrock {
		body = mustJSON(map[string]any{"message": text})
	}
	p := Reply{Status: status, Body: body}
	return &p
}

// cloud reads a request to Bedrock's InvokeModel or to Vertex's rawPredict as
// strictly as they do; nil, nil where it is neither.
func cloud(r *http.Request, body []byte) (*cloudCall, *Reply) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/model/"); ok {
		model, verb, _ := strings.Cut(rest, "/")
		c := &cloudCall{bedrock: true, stream: verb == "invoke-with-response-stream", count: verb == "count-tokens"}
		if text := awsRefuses(r, body); text != "" {
			return nil, refusedByCloud(true, http.StatusForbidden, text)
		}
		if c.count {
			var wrapped struct {
				Input struct {
					InvokeModel struct {
						Body []byte `json:"body"`
					} `json:"invokeModel"`
				} `json:"input"`
			}
			if err := json.Unmarshal(body, &wrapped); err != nil {
				return nil, refusedByCloud(true, 400, err.Error())
			}
			body = wrapped.Input.InvokeModel.Body
		} else if verb != "invoke" && !c.stream {
			return nil, refusedByCloud(true, 404, "UnknownOperationException")
		}
		return c.read(r, model, body, "bedrock-2023-05-31", "model", "stream")
	}
	switch {
	case strings.HasPrefix(r.Host, "bedrock-runtime."):
		if text := awsRefuses(r, body); text != "" {
			return nil, refusedByCloud(true, http.StatusForbidden, text)
		}
	case strings.HasSuffix(r.Host, ".azure.com") && (r.Header.Get("Api-Key") == "" || r.Header.Get("Authorization") != ""):
		return nil, refusedByCloud(false, http.StatusUnauthorized, "Access denied due to invalid subscription key or wrong API endpoint.")
	}
	_, rest, ok := strings.Cut(path, "/publishers/anthropic/models/")
	if !ok {
		return nil, nil
	}
	model, verb, _ := strings.Cut(rest, ":")
	c := &cloudCall{stream: verb == "streamRawPredict", count: model == "count-tokens"}
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ya29."):
		return nil, refusedByCloud(false, 401, "Request had invalid authentication credentials.")
	case verb != "rawPredict" && !c.stream:
		return nil, refusedByCloud(false, 404, "Not found")
	case c.count:
		return c.read(r, "", body, "")
	}
	return c.read(r, model, body, "vertex-2023-10-16", "model")
}

// read puts the model back into the body, after it was held against what the
// cloud takes.
func (c *cloudCall) read(r *http.Request, model string, body []byte, version string, forbidden ...string) (*cloudCall, *Reply) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, refusedByCloud(c.bedrock, 400, "Malformed input request")
	}
	for _, name := range forbidden {
		if fields[name] != nil {
			return nil, refusedByCloud(c.bedrock, 400, name+": Extra inputs are not permitted")
		}
	}
	if got := string(fields["anthropic_version"]); got != fmt.Sprintf("%q", version) && version != "" {
		return nil, refusedByCloud(c.bedrock, 400, "anthropic_version: Input should be "+version)
	}
	var betas []string
	_ = json.Unmarshal(fields["anthropic_beta"], &betas) // left out means none
	for _, beta := range append(betas, strings.Split(r.Header.Get("Anthropic-Beta"), ",")...) {
		if strings.HasPrefix(strings.TrimSpace(beta), "claude-code-") {
			return nil, refusedByCloud(c.bedrock, 400, "invalid beta flag")
		}
	}
	delete(fields, "anthropic_version")
	delete(fields, "anthropic_beta")
	c.path = "/v1/messages"
	if c.count {
		c.path += "/count_tokens"
		delete(fields, "max_tokens")
	}
	if model != "" || fields["model"] == nil {
		name, err := url.PathUnescape(model)
		if err != nil || name == "" {
			name = "counted"
		}
		fields["model"] = mustJSON(name)
	}
	if c.stream {
		fields["stream"] = json.RawMessage("true")
	} else if string(fields["stream"]) == "true" {
		return nil, refusedByCloud(c.bedrock, 400, "stream: use streamRawPredict")
	}
	c.body = mustJSON(fields)
	c.header = r.Header.Clone()
	c.header.Set("Content-Type", "application/json")
	c.header.Set("Anthropic-Version", "2023-06-01")
	c.header.Set("X-Api-Key", "cloud")
	return c, nil
}

// awsRefuses checks a Bedrock API key's presence, or a signature by signing the
// same request again.
func awsRefuses(r *http.Request, body []byte) string {
	auth := r.Header.Get("Authorization")
	if strings.HasPrefix(auth, "Bearer ") && len(auth) > 7 {
		return ""
	}
	_, signed, ok := strings.Cut(auth, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if !ok || err != nil || !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential="+AWSKeyID+"/") {
		return "The security token included in the request is invalid."
	}
	region := strings.Split(r.Host, ".")
	if len(region) < 2 || region[0] != "bedrock-runtime" {
		return "Credential should be scoped to a valid region."
	}
	again, err := http.NewRequestWithContext(context.Background(), r.Method, "https://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	for name := range strings.SplitSeq(signed, ";") {
		if v := r.Header.Values(name); len(v) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = v
		}
	}
	again.Header.Del("X-Amz-Date")
	credentials := aws.Credentials{AccessKeyID: AWSKeyID, SecretAccessKey: AWSSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, again, sum(body), "bedrock", region[1], at); err != nil {
		return err.Error()
	}
	if again.Header.Get("Authorization") != auth {
		return "The request signature we calculated does not match the signature you provided."
	}
	return ""
}

// framed writes server-sent events as Bedrock's event stream.
type framed struct {
	http.ResponseWriter
	rest []byte
}

func (f *framed) WriteHeader(status int) {
	if status == http.StatusOK && strings.HasPrefix(f.Header().Get("Content-Type"), "text/event-stream") {
		f.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	}
	f.ResponseWriter.WriteHeader(status)
}

func (f *framed) Write(p []byte) (int, error) {
	if f.Header().Get("Content-Type") != "application/vnd.amazon.eventstream" {
		return f.ResponseWriter.Write(p)
	}
	f.rest = append(f.rest, p...)
	for {
		event, after, ok := bytes.Cut(f.rest, []byte("\n\n"))
		if !ok {
			return len(p), nil
		}
		f.rest = after
		_, data, ok := strings.Cut(string(event), "data: ")
		if !ok || strings.HasPrefix(string(event), "event: ping") {
			continue
		}
		m := eventstream.Message{Payload: mustJSON(map[string]string{"bytes": base64.StdEncoding.EncodeToString([]byte(data)), "p": "abcdefghijk"})}
		for name, value := range map[string]string{":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"} {
			m.Headers.Set(name, eventstream.StringValue(value))
		}
		if err := eventstream.NewEncoder().Encode(f.ResponseWriter, m); err != nil {
			return 0, err
		}
	}
}

// Unwrap lets http.ResponseController find the flusher.
func (f *framed) Unwrap() http.ResponseWriter { return f.ResponseWriter }
