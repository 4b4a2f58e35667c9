package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestTransportFailure(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, tc := range []struct {
		err    error
		status int
		words  string
	}{
		{dial(&os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED}), 502, "it cannot be reached: connection refused"},
		{dial(os.ErrDeadlineExceeded), 502, "it cannot be reached: the connection timed out"},
		{dial(&net.DNSError{Name: "api.example.com", Err: "no such host"}), 502, "the name api.example.com could not be resolved"},
		{&net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, 502, "the HTTP proxy of the environment"},
		{fmt.Errorf("tls: %w", x509.UnknownAuthorityError{}), 502, "its TLS certificate is not valid"},
		{context.DeadlineExceeded, 504, "it did not answer in time"},
		{io.EOF, 502, "it closed the connection without an answer"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, 502, "it closed the connection without an answer"},
		{errors.New(`malformed HTTP response "UPSTREAMSAYS"`), 502, "the request failed"},
	} {
		f := transportFailure(tc.err)
		if f.status != tc.status || !strings.Contains(f.reason, tc.words) || strings.Contains(f.reason, "UPSTREAMSAYS") || f.rank != rankNoAnswer {
			t.Errorf("%v: %+v", tc.err, f)
		}
	}
}

func TestMeansModel(t *testing.T) {
	for body, want := range map[string]bool{
		`{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}`:                        true,
		`{"type":"error","error":{"type":"not_found_error","message":"There is no claude-x here"}}`:              true,
		`{"type":"error","error":{"type":"not_found_error","message":"There is no claude-x-mini or yclaude-x"}}`: false,
		`{"type":"error","error":{"type":"not_found_error","message":"Not found"}}`:                              false,
		`{"error":{"code":"model_not_found","message":"?"}}`:                                                     true,
		`{"error":{"type":"invalid_request_error","message":"model: claude-x"}}`:                                 false,
		`<html>claude-x</html>`: false,
		``:                      false,
	} {
		if got := meansModel([]byte(body), "claude-x"); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestStatusOfEventErrors(t *testing.T) {
	for kind, want := range map[string]int{invalidRequest: 400, authentication: 401, permission: 403, notFound: 404, tooLarge: 413, "rate_limit_error": 429,
		apiFailure: 500, "something_new": 500, timedOut: 504, overloaded: 529} {
		if got := statusOf(kind); got != want {
			t.Errorf("%s: %d", kind, got)
		}
	}
}

// What the next target says after the client was promised a stream goes into that stream.
func TestAnswersAfterAPing(t *testing.T) {
	response := func(status int, kind, text string) *http.Response {
		return &http.Response{StatusCode: status, ContentLength: -1, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(text))}
	}
	bad := "{\"type\":\"error\",\n\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long\"}}"
	for _, tc := range []struct {
		name   string
		second *http.Response
		want   string
	}{
		{"a 400", response(400, "application/json", bad), "event: error\ndata: " + strings.Replace(bad, "\n", "\ndata: ", 1) + "\n\n"},
		{"an unreadable 503", response(503, "text/html", "<html>"), `event: error` + "\n" + `data: {"type":"error","error":{"type":"api_error","message":"a/m2: it answered with the status 503`},
		{"a whole message", response(200, "application/json", `{"type":"message"}`), `"message":"a/m1: its stream ended before any content`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1", "always -> a/m2"), upstreamFunc(func(*http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return sseResponse(piece{11 * time.Second, evStart, nil}), nil
					}
					return tc.second, nil
				}))
				c, aborted := e.testRequest(t, nil)
				if !aborted || !strings.HasPrefix(c.Body.String(), pingComment) || !strings.Contains(c.Body.String(), tc.want) || strings.Count(c.Body.String(), "event: error") != 1 {
					t.Errorf("client heard %q, aborted %v", c.Body, aborted)
				}
			})
		})
	}
}

// An error's body that never ends does not hold up the next target.
func TestStalledErrorBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1", "always -> a/m2"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			if n++; n == 1 {
				r := sseResponse(piece{0, "half", nil}, piece{time.Hour, "", nil})
				r.StatusCode = 529
				return r, nil
			}
			return sseResponse(piece{0, evContent + evStop, nil}), nil
		}))
		begin := time.Now()
		c, aborted := e.testRequest(t, nil)
		if took := time.Since(begin); took != errorBodyTimeout || aborted || c.Body.String() != evContent+evStop {
			t.Errorf("after %v: %q, aborted %v", took, c.Body, aborted)
		}
	})
}

func TestLostRecordsAreCounted(t *testing.T) {
	hang, writing := make(chan struct{}), make(chan struct{}, 1)
	j := &journalLog{}
	r := newRecorder(Options{ConfigPath: t.TempDir() + "/config.yaml", Journal: func(m string, p int, f map[string]string) error {
		select {
		case writing <- struct{}{}:
		default:
		}
		<-hang
		return j.send(m, p, f)
	}})
	r.event(priInfo, "work", "x")
	<-writing
	for range queueLength + 10 { // the queue is full, ten are lost
		r.event(priInfo, "work", "x")
	}
	close(hang)
	r.close()
	if !strings.Contains(j.text(), "10 log records were lost") {
		t.Errorf("%d records, and no word of the lost ones", len(j.entries))
	}
}
