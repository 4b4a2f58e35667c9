package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// Google gives requests an access token made from application default
// credentials: a file, gcloud's login, the metadata service.
// https://cloud.google.com/docs/authentication/application-default-credentials
type Google struct {
	File string // "" for the usual places

	mu     sync.Mutex
	source oauth2.TokenSource // caches and renews
	failed failed
}

// scope is the one that Vertex AI asks for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// Authorize puts a token into req. Its errors are *Error.
func (g *Google) Authorize(_ context.Context, req *http.Request, _ string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.failed.now(); err != nil {
		return err
	}
	// The token outlives the request that fetched it, so it is not fetched in
	// that request's context, but by a client that gives up by itself.
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: lookupTimeout})
	if g.source == nil {
		found, err := g.find(ctx)
		if err != nil {
			return g.missing(err)
		}
		g.source = found.TokenSource
	}
	token, err := g.source.Token()
	if err != nil {
		return g.missing(err)
	}
	token.SetAuthHeader(req)
	return nil
}

func (g *Google) find(ctx context.Context) (*google.Credentials, error) {
	if g.File == "" {
		return google.FindDefaultCredentials(ctx, scope)
	}
	data, err := os.ReadFile(g.File)
	if err != nil {
		return nil, err
	}
	var head struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%s: %w", g.File, err)
	}
	return google.CredentialsFromJSONWithType(ctx, data, head.Type, scope)
}

func (g *Google) missing(err error) error {
	where := ""
	if g.File != "" {
		where = " in " + g.File
	}
	out := &Error{Problem: "there are no usable Google credentials" + where, Remedy: "log in: gcloud auth application-default login", Err: err}
	g.failed.note(out)
	return out
}
