package gateway

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

const claudeOfBedrock = "us.anthropic.claude-opus-5"

// cloudConfig routes to Bedrock first, then to a plain provider.
func cloudConfig(first string) *routes.Config {
	c := testConfig(map[string]string{"plain": "https://plain.example.com"}, "always -> "+first, "always -> plain/m")
	c.Ringlet.Providers["bedrock"] = routes.Upstream{Dialect: "bedrock", AuthHeader: "aws", KeyEnv: "K", Region: "us-east-1",
		Formats:      map[string]string{routes.Messages: "https://bedrock-runtime.us-east-1.amazonaws.com", routes.Chat: "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1"},
		ModelFormats: []routes.ModelFormats{{Models: "*claude-*", Formats: []string{routes.Messages}}, {Models: "*", Formats: []string{routes.Chat}}}}
	c.Ringlet.Providers["vertexai"] = routes.Upstream{Dialect: "vertex", AuthHeader: "google", CredentialsFile: "/nonexistent/adc.json",
		Formats: map[string]string{routes.Messages: "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models"}}
	return c
}

// scripted answers by the strict stand-in, without a network.
func scripted(up http.Handler) upstreamFunc {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		in := r.Clone(r.Context())
		in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
		up.ServeHTTP(w, in)
		return w.Result(), nil
	}
}

func cloudUpstream(t *testing.T) *gatewaytest.Upstream {
	t.Helper()
	return gatewaytest.New(t, nil)
}

func TestBedrockThroughTheEngine(t *testing.T) {
	up := cloudUpstream(t)
	var log journalLog
	e := bare(t, cloudConfig("bedrock/"+claudeOfBedrock), scripted(up), &log)
	got, aborted := e.testRequest(t, nil)
	text := got.Body.String()
	if aborted || got.Code != 200 || !strings.HasPrefix(text, "event: message_start\ndata: {") || !strings.HasSuffix(text, "\n\n") || !strings.Contains(text, "event: message_stop") {
		t.Fatalf("aborted %v, %d\n%s", aborted, got.Code, text)
	}
	if kind := got.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		t.Errorf("the client was told %q", kind)
	}
	reqs := up.Requests()
	if len(reqs) != 1 || reqs[0].Model != claudeOfBedrock || reqs[0].Sent.Path != "/model/"+claudeOfBedrock+"/invoke-with-response-stream" ||
		reqs[0].Sent.Header.Get("Authorization") != "Bearer key-of-bedrock" {
		t.Errorf("%+v", reqs[0].Sent)
	}
	eventually(t, "it was recorded", func() bool { return len(log.requests()) == 1 })
	if r := log.requests(); r[0]["RINGLET_OUTPUT_TOKENS"] == "" || r[0]["RINGLET_OUTPUT_TOKENS"] == "0" {
		t.Errorf("the usage was not read off the frames: %v", log.requests())
	}
}

func TestBedrockCountsTokens(t *testing.T) {
	up := cloudUpstream(t)
	e := bare(t, cloudConfig("bedrock/"+claudeOfBedrock), scripted(up))
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:8081/v1/messages/count_tokens?beta=true", strings.NewReader(`{"model":"x","messages":[{"role":"user","content":"hi"}]}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", testToken)
	e.ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"input_tokens":`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestBedrockFallsBack: what Bedrock says within its stream before the first
// content is a reason for the next target, as an error event is.
func TestBedrockFallsBack(t *testing.T) {
	up := cloudUpstream(t)
	var frame bytes.Buffer
	m := eventstream.Message{Payload: []byte(`{"message":"Too many tokens, please wait"}`)}
	m.Headers.Set(":message-type", eventstream.StringValue("exception"))
	m.Headers.Set(":exception-type", eventstream.StringValue("throttlingException"))
	if err := eventstream.NewEncoder().Encode(&frame, m); err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]func() *http.Response{
		"an exception": func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}}, Body: io.NopCloser(bytes.NewReader(frame.Bytes()))}
		},
		"a cut": func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}}, Body: io.NopCloser(bytes.NewReader(frame.Bytes()[:20]))}
		},
		"a status": func() *http.Response {
			return &http.Response{StatusCode: 429, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"Too many requests"}`))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := bare(t, cloudConfig("bedrock/"+claudeOfBedrock), upstreamFunc(func(r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Host, "bedrock") {
					_, _ = io.Copy(io.Discard, r.Body)
					_ = r.Body.Close()
					return answer(), nil
				}
				return scripted(up)(r)
			}))
			got, aborted := e.testRequest(t, nil)
			if aborted || got.Code != 200 || !strings.Contains(got.Body.String(), "message_stop") || strings.Contains(got.Body.String(), "Too many") {
				t.Errorf("aborted %v, %d\n%s", aborted, got.Code, got.Body)
			}
		})
	}
}

// TestWithoutCloudCredentials: the next target answers; where there is none, the
// client hears what to do.
func TestWithoutCloudCredentials(t *testing.T) {
	up := cloudUpstream(t)
	c := cloudConfig("vertexai/claude-opus-5")
	e := bare(t, c, scripted(up))
	if got, _ := e.testRequest(t, nil); got.Code != 200 || !strings.Contains(got.Body.String(), "message_stop") {
		t.Errorf("%d\n%s", got.Code, got.Body)
	}
	c.Router.Rules = c.Router.Rules[:1]
	e = bare(t, c, scripted(up))
	got, _ := e.testRequest(t, nil)
	if got.Code != 401 || !strings.Contains(got.Body.String(), "gcloud auth application-default login") {
		t.Errorf("%d\n%s", got.Code, got.Body)
	}
}

// TestBedrockModelsOfOthers do not speak Messages there, but Chat.
func TestBedrockModelsOfOthers(t *testing.T) {
	up := cloudUpstream(t)
	e := bare(t, cloudConfig("bedrock/openai.gpt-oss-120b"), scripted(up))
	if got, _ := e.testRequest(t, nil); got.Code != 200 {
		t.Errorf("%d\n%s", got.Code, got.Body)
	}
	if reqs := up.Requests(); len(reqs) != 1 || !strings.HasSuffix(reqs[0].Path, "/chat/completions") || reqs[0].Host == "plain.example.com" {
		t.Errorf("%d requests, the first to %s%s", len(reqs), reqs[0].Host, reqs[0].Path)
	}
}

// TestCloudsInOtherFormats: the dialect of a cloud is put on top of the translation.
func TestCloudsInOtherFormats(t *testing.T) {
	up := cloudUpstream(t)
	var log journalLog
	e := bare(t, cloudConfig("bedrock/"+claudeOfBedrock), scripted(up), &log)
	for _, k := range talks()[1:] {
		for _, stream := range []bool{true, false} {
			got, aborted := e.testPost(t, pathOf(k.format), k.ask("x", stream, []turn{{user: "hi"}}), nil)
			if s := k.hear(t, answerOf(got)); aborted || !strings.Contains(s.text, "model "+claudeOfBedrock) || !s.ended {
				t.Errorf("%s, stream %v: aborted %v, %d\n%s", k.format, stream, aborted, got.Code, got.Body)
			}
		}
	}
	for _, r := range up.Requests() {
		if !strings.HasPrefix(r.Sent.Path, "/model/"+claudeOfBedrock+"/invoke") {
			t.Errorf("upstream got %s", r.Sent.Path)
		}
	}
}
