package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// Question is one request for [Ask]: a whole answer is asked for, not a stream.
type Question struct {
	Format string // one that the provider speaks
	Model  string
	Body   func(model string) []byte // the request's, with the model's name as the provider has it
}

// Answered is what a provider said to a [Question].
type Answered struct {
	URL       string
	KeySource string // where the key was found; "" where none is needed
	Status    int
	Body      []byte // bounded
	Took      time.Duration
}

// AskError says why there is no answer.
type AskError struct {
	Reason string // for people: "the name api.example.com could not be resolved"
	NoKey  bool   // nothing was sent, for want of a key
}

func (e *AskError) Error() string { return e.Reason }

// Ask sends one request to a provider exactly as an engine with that
// configuration would, and waits for the whole answer. An error is an *AskError.
func Ask(ctx context.Context, id string, p routes.Upstream, keys KeySource, q Question) (Answered, error) {
	transport := newTransport()
	defer transport.CloseIdleConnections()
	u := newUpstream(id, p, keys)
	out := Answered{KeySource: u.source}
	if u.keyErr != nil {
		return out, &AskError{u.keyErr.Error(), true}
	}
	call := &dialect.Call{Format: q.Format, Model: u.dialect.Model(q.Format, q.Model)}
	client := &http.Request{URL: &url.URL{}, Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"ringlet"}}}
	req, _, fail := u.request(ctx, client, call, wholeBody(q.Body(call.Model)))
	if fail != nil {
		return out, &AskError{fail.reason, fail.rank == rankNoKey}
	}
	out.URL = req.URL.String()
	start := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return out, &AskError{transportFailure(err).reason, false}
	}
	defer resp.Body.Close()
	gunzip(resp)
	u.dialect.Answer(*call, resp)
	out.Status = resp.StatusCode
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	out.Took = time.Since(start)
	if key := u.key.reveal(); key != "" { // some upstreams repeat it in their errors
		out.Body = bytes.ReplaceAll(out.Body, []byte(key), []byte("<secret>"))
	}
	if err != nil {
		return out, &AskError{transportFailure(err).reason, false}
	}
	return out, nil
}
