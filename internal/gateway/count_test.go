package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

func TestCountTokens(t *testing.T) {
	prompt := `{"model":"x","messages":[{"role":"user","content":"` + strings.Repeat("word ", 800) + `"}]}`
	const estimate = `{"input_tokens":805}`
	chat := func(c *routes.Config) {
		p := c.Ringlet.Providers["a"]
		p.Formats = map[string]string{routes.Chat: p.Formats[routes.Messages]}
		c.Ringlet.Providers["a"] = p
	}
	for _, tc := range []struct {
		name   string
		rule   string
		change func(*routes.Config)
		reply  gatewaytest.Reply
		want   string
		tried  string
	}{
		{"the target counts", "always -> a/m", nil, gatewaytest.Reply{Body: []byte(`{"input_tokens":77}`)}, `{"input_tokens":77}`, "a/m=200"},
		{"it does not know how", "always -> a/m", nil, gatewaytest.Error(404, "Not found"), estimate, "a/m=404,estimate=200"},
		{"it fails", "always -> a/m", nil, gatewaytest.Error(529, "x"), estimate, "a/m=529,estimate=200"},
		{"it refuses", "always -> a/m", nil, gatewaytest.Error(400, "x"), estimate, "a/m=400,estimate=200"},
		{"it answers something else", "always -> a/m", nil, gatewaytest.Reply{Body: []byte(`{"ok":true}`)}, estimate, "a/m=bad-answer,estimate=200"},
		{"it breaks off", "always -> a/m", nil, gatewaytest.Reply{Body: []byte(`{"input_tokens":77}`), End: gatewaytest.Cut}, estimate, "a/m=bad-answer,estimate=200"},
		{"another format", "always -> a/m", chat, gatewaytest.Reply{}, estimate, "estimate=200"},
		{"no rule", "tools > 5 -> a/m", nil, gatewaytest.Reply{}, estimate, "estimate=200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply { return tc.reply })
			c := testConfig(map[string]string{"a": up.URL}, tc.rule)
			if tc.change != nil {
				tc.change(c)
			}
			g := start(t, c)
			a := g.do(g.request("/v1/messages/count_tokens?beta=true", prompt))
			if a.status != 200 || a.body != tc.want || a.err != nil || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("client got %+v", a)
			}
			for _, r := range up.Requests() {
				if r.Path != "/v1/messages/count_tokens" || r.Query != "beta=true" || r.Model != "m" {
					t.Errorf("upstream got %+v", r)
				}
			}
			g.stop()
			if r := g.record(); r["RINGLET_TRIED"] != tc.tried || r["RINGLET_OUTCOME"] != "ok" {
				t.Errorf("record %v", r)
			}
		})
	}
}

func TestCountDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		c, aborted := e.testPost(t, "/v1/messages/count_tokens", `{"model":"x"}`, nil)
		if c.Code != 200 || c.Body.String() != `{"input_tokens":1}` || aborted || time.Since(c.start) != countTimeout {
			t.Errorf("%d %s after %v", c.Code, c.Body, time.Since(c.start))
		}
	})
}
