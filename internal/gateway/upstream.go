package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/cloud"
	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// upstream is a provider as requests reach it.
type upstream struct {
	provider string
	config   routes.Upstream
	dialect  *dialect.Upstream
	key      secret
	source   string
	keyErr   error
	// account authorizes requests where there is no key but a cloud account; else nil.
	account cloud.Credentials
	tokens  localTokens // the local ones, which never go out
	// chatgpt is where Responses go that come with a ChatGPT login; nil but for self.
	chatgpt *upstream
}

// Where the credentials of a cloud account come from, in the words of /health.
const (
	fromAWS    = "AWS credentials"
	fromGoogle = "Google credentials"
)

func newUpstream(id string, p routes.Upstream, keys KeySource) *upstream {
	u := &upstream{provider: id, config: p, dialect: dialect.New(p)}
	switch p.AuthHeader {
	case "none":
		return u
	case "client":
		u.addChatGPT()
		return u
	case "google":
		u.account, u.source = &cloud.Google{File: p.CredentialsFile}, fromGoogle
		return u
	}
	u.key, u.source, u.keyErr = u.findKey(keys)
	if p.AuthHeader == "aws" && u.keyErr != nil && errors.Is(u.keyErr, fs.ErrNotExist) {
		u.account, u.source, u.keyErr = &cloud.AWS{Service: "bedrock", Region: p.Region, Profile: p.AWSProfile}, fromAWS, nil
	}
	return u
}

// noKey says that no place has a key.
type noKey struct{ provider string }

func (e *noKey) Error() string {
	return fmt.Sprintf("there is no key for %s; run: ringlet providers login %s", e.provider, e.provider)
}

func (*noKey) Is(target error) bool { return target == fs.ErrNotExist }

func (u *upstream) findKey(keys KeySource) (secret, string, error) {
	missing := &noKey{u.provider}
	if keys == nil {
		return secret{}, "", missing
	}
	// An endpoint's formats share a key, and the check of its host is the same.
	base := ""
	for _, format := range []string{routes.Messages, routes.Chat, routes.Responses} {
		if base == "" {
			base = u.config.Formats[format]
		}
	}
	key, source, err := keys.Key(u.provider, u.config.KeyEnv, base)
	if err == nil && key == "" {
		err = missing
	}
	return newSecret(key), source, err
}

// pick is the wire format to send a request in that came in the format client:
// that one where the model speaks it here, or else the one to translate into;
// "" where there is none.
func (u *upstream) pick(client, model string) string { return u.config.Pick(client, model) }

// request makes the HTTP request of a call, with the client's headers and query.
// sent is the body that it carries, which is out unless the provider's dialect
// needs another.
func (u *upstream) request(ctx context.Context, client *http.Request, call *dialect.Call, out *outgoing) (req *http.Request, sent *outgoing, fail *failure) {
	call.Header = requestHeaders(client.Header, u.config.Headers)
	call.Query = client.URL.RawQuery
	call.Body = out.bytes
	to, err := u.dialect.Prepare(*call)
	if err != nil {
		return nil, nil, &failure{status: http.StatusBadRequest, kind: invalidRequest, rank: rankBroken, result: "bad-body", reason: "the request's body cannot be put into the provider's form"}
	}
	sent = out
	if to.Body != nil {
		sent = wholeBody(to.Body)
	}
	req, err = http.NewRequestWithContext(ctx, http.MethodPost, to.URL, sent.reader())
	if err != nil {
		return nil, nil, &failure{status: http.StatusBadRequest, kind: invalidRequest, rank: rankBroken, result: "bad-query", reason: "the request's query cannot be sent on"}
	}
	req.GetBody = func() (io.ReadCloser, error) { return sent.reader(), nil } // for a kept connection that turned out closed
	req.ContentLength = sent.size
	req.Header = call.Header
	if fail := u.authorize(ctx, req, client, call.Format, sent); fail != nil {
		_ = req.Body.Close() // nobody will read it
		return nil, nil, fail
	}
	return req, sent, nil
}

// authorize puts the credentials into a request that is otherwise complete.
func (u *upstream) authorize(ctx context.Context, req, client *http.Request, format string, body *outgoing) *failure {
	if u.account != nil {
		sum := ""
		if u.config.AuthHeader == "aws" {
			sum = body.sum()
		}
		if err := u.account.Authorize(ctx, req, sum); err != nil {
			return &failure{status: http.StatusUnauthorized, kind: authentication, rank: rankNoKey, result: "no-key", reason: err.Error()}
		}
		return nil
	}
	switch u.config.Auth(format) {
	case "client":
		return u.ownLogin(req, client)
	case "x-api-key":
		req.Header.Set("X-Api-Key", u.key.reveal())
	case "api-key":
		req.Header.Set("Api-Key", u.key.reveal())
	case "bearer", "aws":
		req.Header.Set("Authorization", "Bearer "+u.key.reveal())
	}
	return nil
}

// wholeBody is a body in one piece.
func wholeBody(body []byte) *outgoing {
	return &outgoing{parts: [][]byte{body}, size: int64(len(body))}
}

// bytes are the body in one piece, a copy.
func (o *outgoing) bytes() []byte {
	out := make([]byte, 0, o.size)
	for _, p := range o.parts {
		out = append(out, p...)
	}
	return out
}

// sum is the body's SHA-256, hexadecimal.
func (o *outgoing) sum() string {
	h := sha256.New()
	for _, p := range o.parts {
		_, _ = h.Write(p) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}
