package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// Send sends one request to a provider as an attempt does, for tests that drive
// the whole catalogue.
func Send(ctx context.Context, rt http.RoundTripper, id string, p routes.Upstream, keys KeySource, client *http.Request, call dialect.Call, body []byte) (*http.Response, error) {
	u := newUpstream(id, p, keys)
	if u.keyErr != nil {
		return nil, u.keyErr
	}
	req, _, fail := u.request(ctx, client, &call, wholeBody(body))
	if fail != nil {
		return nil, errors.New(fail.reason)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	u.dialect.Answer(call, resp)
	return resp, nil
}
