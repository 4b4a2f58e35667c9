package gateway_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/routes"
)

var updateProviders = flag.Bool("update-providers", false, "write testdata/providers.txt anew")

// redirected sends every request to the scripted upstream, under its own host's
// name, and notes where it would have gone.
type redirected struct {
	up   *gatewaytest.Upstream
	to   *url.URL
	rt   http.RoundTripper
	last *http.Request
}

func (r *redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	r.last = req.Clone(req.Context())
	out := req.Clone(req.Context())
	out.Host = req.URL.Host
	out.URL.Scheme, out.URL.Host = r.to.Scheme, r.to.Host
	return r.rt.RoundTrip(out)
}

func target(t *testing.T, open bool) *redirected {
	t.Helper()
	up, err := gatewaytest.Start(gatewaytest.Options{Open: open})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() { transport.CloseIdleConnections(); up.Close() })
	return &redirected{up: up, to: to, rt: transport}
}

type oneKey struct{}

func (oneKey) Key(provider, _, _ string) (string, string, error) {
	if strings.HasPrefix(provider, "bedrock") {
		return "", "", &noKeyError{}
	}
	return "key-of-" + provider, "file", nil
}

type noKeyError struct{}

func (*noKeyError) Error() string        { return "there is no key" }
func (*noKeyError) Is(target error) bool { return target == os.ErrNotExist }

// TestEveryProvider sends a request in each format that each provider of the
// catalogue speaks, streaming and not, through the strict scripted upstream, and
// holds where it went and how it was authorized against testdata/providers.txt.
func TestEveryProvider(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", gatewaytest.AWSKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", gatewaytest.AWSSecret)
	t.Setenv("AWS_SESSION_TOKEN", "")
	dir := t.TempDir()
	settings(t, dir)
	loaded, err := providers.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	remote, open := target(t, false), target(t, true)
	var lines []string
	for _, p := range loaded.List() {
		if p.ID == providers.Self {
			continue // TestOwnLogin: what it sends is the client's own
		}
		rt := remote
		if p.AuthHeader == providers.NoAuth {
			rt = open
		}
		for _, endpoint := range app.SortedKeys(p.Endpoints) {
			config, err := app.Catalogue{Catalogue: loaded}.Upstream(p.ID, endpoint)
			if err != nil {
				t.Errorf("%s: %v", p.ID, err)
				continue
			}
			for _, format := range app.SortedKeys(config.Formats) {
				lines = append(lines, drive(t, rt, p, config, endpoint, format))
			}
		}
	}
	got := strings.Join(lines, "\n") + "\n"
	const golden = "testdata/providers.txt"
	if *updateProviders {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(lines) || lines[i] != line {
			if i < len(lines) || line != "" {
				t.Errorf("line %d of %s is not what is sent; want\n%s", i+1, golden, line)
			}
		}
	}
	if got != string(want) {
		t.Errorf("sent:\n%s", got)
	}
}

// settings are the user's own for the providers that have some.
func settings(t *testing.T, dir string) {
	t.Helper()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"ya29.scripted","token_type":"Bearer","expires_in":3600}`))
	}))
	t.Cleanup(sts.Close)
	adc := filepath.Join(t.TempDir(), "adc.json")
	for path, text := range map[string]string{
		adc: `{"type":"external_account_authorized_user","audience":"//iam.googleapis.com/locations/global/workforcePools/p/providers/q",
			"client_id":"i","client_secret":"s","refresh_token":"r","token_url":"` + sts.URL + `"}`,
		filepath.Join(dir, "azure.yaml"):    "id: azure\nsettings: { endpoint: https://corp.openai.azure.com }\n",
		filepath.Join(dir, "vertexai.yaml"): "id: vertexai\nsettings: { project: my-project, credentials_file: " + adc + " }\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// aModel is one of the provider's that speaks the format.
func aModel(p providers.Provider, config routes.Upstream, format string) string {
	for _, m := range p.Models {
		if slices.Contains(config.FormatsFor(m.ID), format) {
			return m.ID
		}
	}
	return "a-model"
}

const words = "say something nice"

func bodyOf(format, model string, stream bool) string {
	rest := fmt.Sprintf(`"stream":%v`, stream)
	switch format {
	case routes.Messages:
		return fmt.Sprintf(`{"model":%q,"max_tokens":16,"messages":[{"role":"user","content":%q}],%s}`, model, words, rest)
	case routes.Chat:
		return fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}],%s}`, model, words, rest)
	default:
		return fmt.Sprintf(`{"model":%q,"input":%q,%s}`, model, words, rest)
	}
}

func drive(t *testing.T, rt *redirected, p providers.Provider, config routes.Upstream, endpoint, format string) string {
	t.Helper()
	name := fmt.Sprintf("%s %s %s", p.ID, endpoint, format)
	line := ""
	for _, stream := range []bool{true, false} {
		model := dialect.New(config).Model(format, aModel(p, config, format))
		body := bodyOf(format, model, stream)
		client := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/x?beta=true", nil)
		client.Header = http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}, "Authorization": {"Bearer local-token"},
			"X-Api-Key": {"local-token"}, "Api-Key": {"local-token"}, "Anthropic-Beta": {"claude-code-20250219,interleaved-thinking-2025-05-14"}, "User-Agent": {"test"}}
		resp, err := gateway.Send(t.Context(), rt, p.ID, config, oneKey{}, client, dialect.Call{Format: format, Model: model, Stream: stream}, []byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return name
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		kind := resp.Header.Get("Content-Type")
		if err != nil || resp.StatusCode != http.StatusOK || strings.HasPrefix(kind, "text/event-stream") != stream || strings.HasPrefix(kind, "application/json") == stream {
			t.Errorf("%s, stream %v: %v, %d %s\n%s", name, stream, err, resp.StatusCode, kind, answer)
		}
		last := rt.up.Requests()[len(rt.up.Requests())-1]
		if config.Dialect == "" && string(last.Body) != body {
			t.Errorf("%s: the body changed:\n%s\n%s", name, last.Body, body)
		}
		sent := rt.last
		for _, values := range sent.Header {
			if strings.Contains(strings.Join(values, " "), "local-token") {
				t.Errorf("%s: the client's token went out: %v", name, sent.Header)
			}
		}
		if stream {
			line = fmt.Sprintf("%s %s  %s", name, auth(sent.Header, p.ID), strings.TrimSuffix(sent.URL.String(), "?beta=true"))
		}
	}
	return line
}

// auth names every header that carries a credential.
func auth(h http.Header, id string) string {
	var out []string
	for _, name := range []string{"X-Api-Key", "Api-Key", "Authorization"} {
		switch v := h.Get(name); {
		case v == "":
		case v == "key-of-"+id, v == "Bearer key-of-"+id:
			out = append(out, strings.ToLower(name)+"="+strings.Replace(v, "key-of-"+id, "KEY", 1))
		case strings.HasPrefix(v, "AWS4-HMAC-SHA256 "):
			out = append(out, "authorization=SigV4")
		default:
			out = append(out, strings.ToLower(name)+"="+v)
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.ReplaceAll(strings.Join(out, ","), " ", "-")
}
