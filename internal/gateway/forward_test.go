package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

func TestHeadersBothWays(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.JSON(r.Model, "hi").With("Set-Cookie", "a=b").With("Alt-Svc", "h3").With("Anthropic-Ratelimit-Requests-Remaining", "7").With("Connection", "X-Hop").With("X-Hop", "1")
	})
	c := testConfig(map[string]string{"a": up.URL + "/base/"}, "always -> a/m")
	p := c.Ringlet.Providers["a"]
	p.Headers = map[string]string{"x-team": "tools"}
	c.Ringlet.Providers["a"] = p
	g := start(t, c)
	a := g.post(ask("x", false), "X-Api-Key", "client-key", "X-Ringlet-Token", testToken, "Cookie", "c=1", "Anthropic-Beta", "b1,b2", "X-Stainless-Lang", "js",
		"X-Claude-Code-Session-Id", "s", "User-Agent", "claude-cli/2", "Accept-Encoding", "gzip", "Proxy-Authorization", "Basic x", "Connection", "X-Drop", "X-Drop", "1", "Te", "trailers")
	if a.status != 200 {
		t.Fatalf("%+v", a)
	}
	r := up.Requests()[0]
	if r.Path != "/base/v1/messages" {
		t.Errorf("path %s", r.Path)
	}
	for name, want := range map[string]string{"X-Api-Key": "key-of-a", "Authorization": "", "X-Ringlet-Token": "", "Cookie": "", "Anthropic-Beta": "b1,b2",
		"X-Stainless-Lang": "js", "X-Claude-Code-Session-Id": "s", "User-Agent": "claude-cli/2", "Accept-Encoding": "identity", "Proxy-Authorization": "",
		"X-Drop": "", "Te": "", "X-Team": "tools", "Anthropic-Version": "2023-06-01"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("upstream got %s %q, want %q", name, got, want)
		}
	}
	if want := strings.TrimPrefix(up.URL, "http://"); r.Host != want {
		t.Errorf("upstream got host %s, want %s", r.Host, want)
	}
	for name, want := range map[string]string{"Set-Cookie": "", "Alt-Svc": "", "X-Hop": "", "Request-Id": "req_scripted", "Anthropic-Ratelimit-Requests-Remaining": "7"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("client got %s %q, want %q", name, got, want)
		}
	}
}

func TestBearerAndNone(t *testing.T) {
	for auth, want := range map[string]string{"bearer": "Bearer key-of-a", "none": ""} {
		up := gatewaytest.New(t, nil)
		c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
		p := c.Ringlet.Providers["a"]
		p.AuthHeader = auth
		c.Ringlet.Providers["a"] = p
		g := start(t, c)
		g.post(ask("x", false))
		r := up.Requests()[0]
		if got := r.Header.Get("Authorization"); got != want || r.Header.Get("X-Api-Key") != "" {
			t.Errorf("%s: Authorization %q, x-api-key %q", auth, got, r.Header.Get("X-Api-Key"))
		}
		g.stop()
	}
}

// each answers by the model that the upstream sees.
func each(replies map[string]gatewaytest.Reply) gatewaytest.Script {
	return func(r *gatewaytest.Request) gatewaytest.Reply { return replies[r.Model] }
}

func TestFallback(t *testing.T) {
	good := gatewaytest.Stream("m2", "second")
	start200 := []gatewaytest.Event{gatewaytest.MessageStart("m1", 1), gatewaytest.Ping()}
	whole := gatewaytest.JSON("m1", strings.Repeat("long ", 100))
	for _, tc := range []struct {
		name  string
		first gatewaytest.Reply
		tried string
	}{
		{"408", gatewaytest.Error(408, "x"), "a/m1=408,a/m2=200"},
		{"429", gatewaytest.Error(429, "x"), "a/m1=429,a/m2=200"},
		{"500", gatewaytest.Error(500, "x"), "a/m1=500,a/m2=200"},
		{"503", gatewaytest.Error(503, "x"), "a/m1=503,a/m2=200"},
		{"529", gatewaytest.Error(529, "x"), "a/m1=529,a/m2=200"},
		{"404 of the model", gatewaytest.Error(404, "model: m1"), "a/m1=404,a/m2=200"},
		{"redirect", gatewaytest.Reply{Status: 307, Body: []byte("{}")}.With("Location", "/v1/messages"), "a/m1=bad-answer,a/m2=200"},
		{"web page", gatewaytest.Reply{Body: []byte("<html>")}.With("Content-Type", "text/html"), "a/m1=bad-answer,a/m2=200"},
		{"compressed and broken", gatewaytest.Reply{Body: []byte("x")}.With("Content-Encoding", "gzip"), "a/m1=cut,a/m2=200"},
		{"compressed in a way that nobody asked for", gatewaytest.Reply{Body: []byte("x")}.With("Content-Encoding", "br"), "a/m1=bad-answer,a/m2=200"},
		{"error event", gatewaytest.Reply{Events: append(start200[:2:2], gatewaytest.ErrorEvent("overloaded_error", "Overloaded"))}, "a/m1=error-event,a/m2=200"},
		{"cut before content", gatewaytest.Reply{Events: start200, End: gatewaytest.Cut}, "a/m1=cut,a/m2=200"},
		{"end before content", gatewaytest.Reply{Events: start200}, "a/m1=cut,a/m2=200"},
		{"empty stream", gatewaytest.Reply{Events: []gatewaytest.Event{}}, "a/m1=cut,a/m2=200"},
		{"whole answer cut", gatewaytest.Reply{Body: whole.Body, End: gatewaytest.Cut}, "a/m1=cut,a/m2=200"},
		{"error in a 200", gatewaytest.Reply{Body: gatewaytest.Error(529, "x").Body}, "a/m1=error-in-200,a/m2=200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, each(map[string]gatewaytest.Reply{"m1": tc.first, "m2": good}))
			g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m1", "always -> a/m2"))
			a := g.post(ask("x", true))
			var want strings.Builder
			for _, e := range good.Events {
				want.WriteString(e.Raw)
			}
			if a.status != 200 || a.err != nil || a.body != want.String() {
				t.Errorf("client got %d, %v\n%q\nwant\n%q", a.status, a.err, a.body, want.String())
			}
			g.stop()
			if r := g.record(); r["RINGLET_TRIED"] != tc.tried || r["RINGLET_TARGET"] != "a/m2" || r["RINGLET_RULE"] != "r2" || r["RINGLET_STATUS"] != "200" || r["RINGLET_OUTCOME"] != "ok" {
				t.Errorf("record %v", r)
			}
		})
	}
}

func TestFallbackFromWhatIsNotThere(t *testing.T) {
	up := gatewaytest.New(t, nil)
	gone := gatewaytest.New(t, nil)
	gone.Close()
	c := testConfig(map[string]string{"a": up.URL, "gone": gone.URL, "keyless": up.URL, "chatty": up.URL},
		"always -> gone/m", "always -> keyless/m", "always -> chatty/m", "always -> a/m")
	p := c.Ringlet.Providers["chatty"]
	p.ModelFormats = []routes.ModelFormats{{Models: "m", Formats: []string{routes.Responses}}} // at an endpoint that the provider does not have
	c.Ringlet.Providers["chatty"] = p
	g := start(t, c)
	g.keys.set("keyless", "")
	g.hup()
	if a := g.post(ask("x", false)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	g.stop()
	if got, want := g.record()["RINGLET_TRIED"], "gone/m=no-answer,keyless/m=no-key,chatty/m=no-endpoint,a/m=200"; got != want {
		t.Errorf("tried %s, want %s", got, want)
	}
}

func TestNoFallback(t *testing.T) {
	for _, tc := range []struct {
		name   string
		first  gatewaytest.Reply
		status int
	}{
		{"400", gatewaytest.Error(400, "prompt is too long: 2 tokens > 1 maximum"), 400},
		{"401", gatewaytest.Error(401, "x"), 401},
		{"403", gatewaytest.Error(403, "x"), 403},
		{"413", gatewaytest.Error(413, "x"), 413},
		{"422", gatewaytest.Reply{Status: 422, Body: []byte("not even JSON \xff")}, 422},
		{"404 of a path", gatewaytest.Error(404, "Not found"), 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, each(map[string]gatewaytest.Reply{"m1": tc.first, "m2": gatewaytest.JSON("m2", "no")}))
			g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m1", "always -> a/m2"))
			a := g.post(ask("x", true))
			if a.status != tc.status || a.body != string(tc.first.Body) {
				t.Errorf("client got %d %q", a.status, a.body)
			}
			if n := len(up.Requests()); n != 1 {
				t.Errorf("%d requests to the upstream, want 1", n)
			}
			// A key that was refused is refused again, and the client is told so.
			if again := a.header.Get("X-Should-Retry"); (again == "false") != (tc.status == 401) {
				t.Errorf("X-Should-Retry: %q", again)
			}
			g.stop()
			if refused := strings.Contains(g.logText(), "ringlet providers login a"); refused != (tc.status == 401 || tc.status == 403) {
				t.Errorf("the log about the key:\n%s", g.logText())
			}
			if r := g.record(); r["RINGLET_OUTCOME"] != "failed" || r["RINGLET_TARGET"] != "a/m1" {
				t.Errorf("record %v", r)
			}
		})
	}
}

func TestSimpleHasNoFallback(t *testing.T) {
	fail := gatewaytest.Error(529, "Overloaded").With("Retry-After", "120")
	up := gatewaytest.New(t, each(map[string]gatewaytest.Reply{"m1": fail, "m2": gatewaytest.JSON("m2", "no")}))
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m1", "always -> a/m2")
	c.Router.Strategy = routes.Simple
	a := start(t, c).post(ask("x", false))
	if a.status != 529 || a.body != string(fail.Body) || a.header.Get("Retry-After") != "120" || len(up.Requests()) != 1 {
		t.Errorf("client got %+v after %d requests", a, len(up.Requests()))
	}
}

func TestAllFailed(t *testing.T) {
	soon := gatewaytest.Error(429, "soon").With("Retry-After", "5")
	late := gatewaytest.Error(429, "late").With("Retry-After", "3600")
	over := gatewaytest.Error(529, "over")
	for _, tc := range []struct {
		name          string
		first, second gatewaytest.Reply
		want          gatewaytest.Reply
	}{
		{"of equals the first", over, soon, over},
		{"a short wait before a long one", late, soon, soon},
		{"what passes before a missing model", gatewaytest.Error(404, "model: m1"), over, over},
		{"an answer before none", gatewaytest.Reply{Events: []gatewaytest.Event{}}, over, over},
		{"an error event as an error", gatewaytest.Reply{Events: []gatewaytest.Event{gatewaytest.Ping(), gatewaytest.ErrorEvent("overloaded_error", "busy")}}, gatewaytest.Error(404, "model: m2"),
			gatewaytest.Reply{Status: 529, Body: []byte(`{"error":{"message":"busy","type":"overloaded_error"},"type":"error"}`)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, each(map[string]gatewaytest.Reply{"m1": tc.first, "m2": tc.second}))
			g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m1", "always -> a/m2"))
			a := g.post(ask("x", true))
			if a.status != tc.want.Status || a.body != string(tc.want.Body) || a.header.Get("Retry-After") != tc.want.Header.Get("Retry-After") || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("client got %+v\nwant %d %s", a, tc.want.Status, tc.want.Body)
			}
			if len(up.Requests()) != 2 {
				t.Errorf("%d requests", len(up.Requests()))
			}
		})
	}
}

func TestOwnErrors(t *testing.T) {
	up := gatewaytest.New(t, nil)
	gone := gatewaytest.New(t, nil)
	gone.Close()
	chat := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	chat.Ringlet.Providers["a"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL}, AuthHeader: "none",
		ModelFormats: []routes.ModelFormats{{Models: "m", Formats: []string{routes.Responses}}}}
	for _, tc := range []struct {
		name   string
		config *routes.Config
		key    bool
		status int
		kind   string
		words  string
	}{
		{"no key", testConfig(map[string]string{"a": up.URL}, "always -> a/m"), false, 401, "authentication_error", "ringlet providers login a"},
		{"not there", testConfig(map[string]string{"a": gone.URL}, "always -> a/m"), true, 502, "api_error", "a/m: it cannot be reached: connection refused"},
		{"no format", chat, true, 404, "not_found_error", "a/m: the model a/m has no endpoint in any wire format"},
		{"no rule", testConfig(map[string]string{"a": up.URL}, "tools > 5 -> a/m"), true, 404, "not_found_error", "ringlet proxy route add work"},
		{"redirect", testConfig(map[string]string{"a": up.URL}, "always -> a/redirect"), true, 502, "api_error", "redirect (302)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, tc.config)
			if !tc.key {
				g.keys.set("a", "")
				g.hup()
			}
			a := g.post(ask("x", false))
			if a.status != tc.status || !strings.HasPrefix(a.body, `{"type":"error","error":{`) || !strings.Contains(a.body, `"type":"`+tc.kind) || !strings.Contains(a.body, tc.words) {
				t.Errorf("client got %+v", a)
			}
		})
	}
}

func TestClientLeaving(t *testing.T) {
	for _, reply := range []gatewaytest.Reply{
		{HeaderDelay: -1},
		{Events: []gatewaytest.Event{gatewaytest.Ping()}, End: gatewaytest.Hang},
		{Events: append([]gatewaytest.Event{gatewaytest.MessageStart("m", 1)}, gatewaytest.TextBlock(0, "a")[:2]...), End: gatewaytest.Hang},
	} {
		up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply { return reply })
		g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m", "always -> a/m2"))
		ctx, cancel := contextWithCancel(t)
		req := g.request("/v1/messages", ask("x", true)).WithContext(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			resp, err := g.client.Do(req)
			if err == nil {
				resp.Body.Close()
			}
		}()
		eventually(t, "the upstream was asked", func() bool { return len(up.Requests()) == 1 })
		cancel()
		<-done
		<-up.Requests()[0].Done()
		g.stop()
		if r := g.record(); r["RINGLET_OUTCOME"] != "left" || r["RINGLET_STATUS"] != "499" || len(up.Requests()) != 1 {
			t.Errorf("record %v after %d requests", r, len(up.Requests()))
		}
	}
}

func TestUnlistedModelGoesToTheProfilesProvider(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "tools > 3 -> a/m")
	c.Ringlet.Provider = "a"
	g := start(t, c)
	body := ask("claude-anything", false)
	if a := g.post(body); a.status != http.StatusOK || string(up.Requests()[0].Body) != body {
		t.Errorf("%+v", a)
	}
}
