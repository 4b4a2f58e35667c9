package gateway

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/routes"
)

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	wholeMessage = `{"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":3}}`
	wholeChat    = `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":3}}`
)

// TestCompressedAnswers: an upstream compresses although identity was asked for.
func TestCompressedAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, encoding, accept string
		format                 string
		status                 int
		body                   []byte
		want                   string // in the body that the client gets
		left                   string // the encoding that it gets
		usage, problem         string
	}{
		{"gzip", "gzip", "", routes.Messages, 200, zipped(t, wholeMessage), wholeMessage, "", "7", ""},
		{"gzip under its old name", "X-GZIP", "gzip", routes.Messages, 200, zipped(t, wholeMessage), wholeMessage, "", "7", ""},
		{"gzip, translated", "gzip", "", routes.Chat, 200, zipped(t, wholeChat), `"text":"hi"`, "", "7", ""},
		{"an error", "gzip", "", routes.Messages, 400, zipped(t, `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`), `"message":"no"`, "", "", "refused"},
		{"an error, translated", "gzip", "", routes.Chat, 400, zipped(t, `{"error":{"message":"no such thing"}}`), "no such thing", "", "", "refused"},
		{"brotli, which the client takes", "br", "gzip, deflate, br, zstd", routes.Messages, 200, []byte("not looked at"), "not looked at", "br", "", "compressed as br"},
		{"brotli, which it does not take", "br", "gzip, br;q=0", routes.Messages, 200, []byte("x"), "compressed as br", "", "", "compressed as br"},
		{"brotli, to be translated", "br", "br", routes.Chat, 200, []byte("x"), "compressed as br", "", "", "compressed as br"},
		{"identity", "identity", "", routes.Messages, 200, []byte(wholeMessage), wholeMessage, "identity", "7", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "identity" {
					t.Errorf("asked for %q", r.Header.Get("Accept-Encoding"))
				}
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", tt.encoding)
				w.WriteHeader(tt.status)
				_, _ = w.Write(tt.body)
			}))
			defer up.Close()
			c := testConfig(nil, "always -> a/m")
			c.Ringlet.Providers["a"] = routes.Upstream{Formats: map[string]string{tt.format: up.URL}, AuthHeader: "bearer", KeyEnv: "KEY_A"}
			g := start(t, c)
			g.client = &http.Client{Transport: &http.Transport{DisableCompression: true}}
			a := g.post(ask("m", false), "Accept-Encoding", tt.accept)
			if a.err != nil || !strings.Contains(a.body, tt.want) || a.header.Get("Content-Encoding") != tt.left {
				t.Errorf("%+v", a)
			}
			r := g.record()
			if r["RINGLET_INPUT_TOKENS"] != tt.usage || !strings.Contains(r["RINGLET_PROBLEM"], tt.problem) || tt.problem == "" && r["RINGLET_PROBLEM"] != "" {
				t.Errorf("the record has %v", r)
			}
		})
	}
}

// TestCompressedStream: an event that was compressed and flushed is there at once.
func TestCompressedStream(t *testing.T) {
	more := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		send := func(text string) {
			_, _ = io.WriteString(z, text)
			_ = z.Flush()
			w.(http.Flusher).Flush()
		}
		send("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n")
		<-more
		send("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
		_ = z.Close()
	}))
	defer up.Close()
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	resp, err := g.client.Do(g.request("/v1/messages", ask("m", true)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for line := ""; !strings.Contains(line, "content_block_start"); {
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	close(more) // not before what came first was seen
	rest, err := io.ReadAll(in)
	if err != nil || !strings.Contains(string(rest), "message_stop") || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v: %q, %v", err, rest, resp.Header)
	}
}

// TestUpstreamIsWhoItSays: a certificate that nobody vouches for gets no request,
// and a redirect no second one: keys belong to one host.
func TestUpstreamIsWhoItSays(t *testing.T) {
	asked := make(chan string, 8)
	note := func(name string) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { asked <- name }
	}
	selfSigned := httptest.NewUnstartedServer(note("self-signed"))
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	elsewhere := httptest.NewServer(note("elsewhere"))
	defer elsewhere.Close()
	redirects := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirects.Close()
	for base, says := range map[string]string{selfSigned.URL: "its TLS certificate is not valid", redirects.URL: "a redirect (307), which is not followed"} {
		g := start(t, testConfig(map[string]string{"a": base}, "always -> a/m"))
		if a := g.post(ask("m", false)); a.status != http.StatusBadGateway || !strings.Contains(a.body, says) {
			t.Errorf("%+v; want %q", a, says)
		}
		g.stop()
	}
	select {
	case name := <-asked:
		t.Errorf("%s was asked", name)
	default:
	}
}

// TestClientThatReadsNothing is let go, whereas one whose stream is silent for
// longer than that is not.
func TestClientThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe() // its deadlines follow the bubble's clock, and it buffers nothing
		defer client.Close()
		begin := time.Now()
		w := &writer{ResponseWriter: &piped{ResponseRecorder: httptest.NewRecorder(), conn: server}, e: &engine{}, start: begin}
		read := make(chan error, 1)
		go func() {
			for range 3 {
				if _, err := client.Read(make([]byte, 10)); err != nil {
					read <- err
					return
				}
			}
			read <- nil // and nothing more
		}()
		for range 3 {
			if _, err := fmt.Fprint(w, "event"); err != nil {
				t.Fatalf("after %v: %v", time.Since(begin), err)
			}
			time.Sleep(3 * writeStall)
		}
		if err := <-read; err != nil {
			t.Fatal(err)
		}
		begin = time.Now()
		_, err := fmt.Fprint(w, "event")
		if took := time.Since(begin); err == nil || took > writeStall || took < writeStall/2 {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// piped writes to a connection.
type piped struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (p *piped) Write(b []byte) (int, error)         { return p.conn.Write(b) }
func (p *piped) SetWriteDeadline(at time.Time) error { return p.conn.SetWriteDeadline(at) }
