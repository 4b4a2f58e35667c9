package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// accountHeader names the workspace of a ChatGPT login; Codex sends it with such a
// login and not with an API key:
// https://github.com/openai/codex/blob/main/codex-rs/model-provider/src/bearer_auth_provider.rs
const accountHeader = "Chatgpt-Account-Id"

// betaHeader lists the features that a Messages request asks for. One of them,
// "oauth-" and a date, goes with a claude.ai login.
const betaHeader = "Anthropic-Beta"

// addChatGPT makes the place for Responses that come with a ChatGPT login.
func (u *upstream) addChatGPT() {
	if u.config.ChatGPT == "" {
		return
	}
	there := u.config
	there.Formats = map[string]string{routes.Responses: u.config.ChatGPT}
	u.chatgpt = &upstream{provider: u.provider, config: there, dialect: dialect.New(there)}
}

// guard tells an upstream which tokens are local.
func (u *upstream) guard(tokens localTokens) *upstream {
	u.tokens = tokens
	if u.chatgpt != nil {
		u.chatgpt.tokens = tokens
	}
	return u
}

// forClient is the place of an upstream that the client's own login is for.
func (u *upstream) forClient(format string, r *http.Request) *upstream {
	if u.chatgpt != nil && format == routes.Responses && r.Header.Get(accountHeader) != "" {
		return u.chatgpt
	}
	return u
}

// own reports whether an upstream is asked with the client's own credentials.
func (u *upstream) own() bool { return u.config.AuthHeader == "client" }

// ownLogin lets the client's own credentials through as they came. The local
// token is none of them, wherever it stands.
func (u *upstream) ownLogin(to, client *http.Request) *failure {
	found := false
	for _, name := range []string{"Authorization", "X-Api-Key"} {
		values := slices.DeleteFunc(slices.Clone(client.Header[name]), u.isToken)
		if len(values) > 0 {
			to.Header[name], found = values, true
		}
	}
	if !found {
		return &failure{status: http.StatusUnauthorized, kind: authentication, rank: rankNoKey, result: "no-login",
			reason: "the agent sent no login of its own; log in with the agent itself, or choose a provider with a key of yours"}
	}
	for _, name := range []string{accountHeader, betaHeader} {
		if values, ok := client.Header[name]; ok {
			to.Header[name] = values
		}
	}
	return nil
}

// isToken reports whether the value of a credential header is a local token.
func (u *upstream) isToken(value string) bool {
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
		value = strings.TrimSpace(token)
	}
	return u.tokens.have(value)
}

// dropLogin takes out of the headers what goes with a login of the client's: a
// request with a key of ringlet's is none of that account's.
func dropLogin(h http.Header) {
	if !slices.ContainsFunc(h[betaHeader], func(list string) bool { return strings.Contains(list, "oauth-") }) {
		return
	}
	var lines []string // the ones there are the client's
	for _, list := range h[betaHeader] {
		var kept []string
		for beta := range strings.SplitSeq(list, ",") {
			if beta = strings.TrimSpace(beta); beta != "" && !strings.HasPrefix(beta, "oauth-") {
				kept = append(kept, beta)
			}
		}
		if len(kept) > 0 {
			lines = append(lines, strings.Join(kept, ","))
		}
	}
	delete(h, betaHeader)
	if len(lines) > 0 {
		h[betaHeader] = lines
	}
}

// localTokens are the valid local tokens, the profile's own first.
type localTokens []routes.Token

// have compares a token with all of them, in the same time whatever it is.
func (t localTokens) have(token string) bool {
	return t.find(token, func(routes.Token) bool { return true })
}

// valid is have for those whose time has not come yet.
func (t localTokens) valid(token string, now time.Time) bool {
	return t.find(token, func(l routes.Token) bool { return l.Until.IsZero() || now.Before(l.Until) })
}

func (t localTokens) find(token string, counts func(routes.Token) bool) bool {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for _, l := range t {
		same := subtle.ConstantTimeCompare(sum[:], l.SHA256[:])
		if counts(l) {
			found |= same
		}
	}
	return found == 1
}
