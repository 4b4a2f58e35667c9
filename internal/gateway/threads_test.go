package gateway

import (
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// A message thread goes through to Anthropic, byte for byte. Others get the
// conversation without it, and never a request that brings only what is new.
func TestThreads(t *testing.T) {
	const head, tail = `{"max_tokens":5,"messages":[{"role":"user","content":"a"}]`, `}`
	const lost = `{"type":"error","error":{"type":"not_found_error","message":"thread: the provider that this request goes to does not hold the message thread. ` +
		`Send the whole conversation.","details":{"error_code":"thread_not_found"}}}`
	create, goOn := `"thread":{"type":"create"}`, `"thread" : {"previous_message_id":"msg_1","type":"continue"}`
	for _, tc := range []struct{ name, model, thread, sent string }{
		{"created at Anthropic", "one", "," + create, `,"thread":{"type":"create"}`},
		{"continued at Anthropic", "one", "," + goOn, "passed on"},
		{"created elsewhere", "two", "," + create, ""},
		{"created elsewhere, beside others", "two", ` , ` + create + ` , "top_k":1`, ` ,  "top_k":1`},
		{"continued elsewhere", "two", "," + goOn, lost},
		{"created in another format", "three", "," + create, "translated"},
		{"continued in another format", "three", "," + goOn, lost},
		{"continued where Anthropic fails", "four", "," + goOn, lost},
		{"created where Anthropic fails", "four", "," + create, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, nil)
			c := twoSigners(up, routes.Messages)
			c.Ringlet.Providers["zai"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL + "/zai/v1"}, AuthHeader: "x-api-key", KeyEnv: "KEY_A"}
			for _, r := range [][3]string{{"r3", "three", "zai/m"}, {"r4", "four", "anthropic/fail-529"}, {"r5", "four", "minimax/thinks-2"}} {
				c.Router.Rules = append(c.Router.Rules, routes.ConfigRule{Name: r[0], Condition: `model == "` + r[1] + `"`, Model: r[2]})
			}
			g := start(t, c, func(o *Options) {
				o.Keys = &keyRing{keys: map[string]string{"anthropic": "k1", "minimax": "k2", "zai": "k3"}}
			})
			a := g.post(head + tc.thread + `,"model":"` + tc.model + `"` + tail)
			reqs := up.Requests()
			if tc.sent == lost {
				if a.status != 404 || a.body != lost || a.header.Get("X-Should-Retry") != "false" || tc.model != "four" && len(reqs) > 0 {
					t.Errorf("%d requests, client got %d %v %s", len(reqs), a.status, a.header, a.body)
				}
				return
			}
			if tc.sent == "passed on" {
				if a.status != 404 || !strings.Contains(a.body, `"Thread not found."`) || len(reqs) != 1 || string(reqs[0].Body) != strings.Replace(head+tc.thread+`,"model":"one"`+tail, `"one"`, `"thinks-1"`, 1) {
					t.Errorf("%d requests, client got %d %s", len(reqs), a.status, a.body)
				}
				return
			}
			if a.status != 200 || len(reqs) == 0 {
				t.Fatalf("client got %+v", a)
			}
			last := reqs[len(reqs)-1]
			if want := head + tc.sent + `,"model":"` + last.Model + `"` + tail; string(last.Body) != want && tc.sent != "translated" || tc.sent == "translated" && strings.Contains(string(last.Body), "thread") {
				t.Errorf("upstream got\n%s\nwant\n%s", last.Body, want)
			}
		})
	}
}

// A thread may stand at either end of the body, and only once.
func TestThreadFirst(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, twoSigners(up, routes.Messages), keysOfTwo)
	a := g.post(`{ "thread":{"type":"create"}, "model":"two","max_tokens":5,"messages":[{"role":"user","content":"a"}]}`)
	if a.status != 200 || string(up.Requests()[0].Body) != `{  "model":"thinks-2","max_tokens":5,"messages":[{"role":"user","content":"a"}]}` {
		t.Errorf("client got %d, upstream got %s", a.status, up.Requests()[0].Body)
	}
	if a := g.post(`{"thread":{"type":"create"},"thread":{"type":"continue"},"model":"two","max_tokens":5,"messages":[{"role":"user","content":"a"}]}`); a.status != 400 {
		t.Errorf("client got %+v", a)
	}
}

// What Anthropic would refuse because nobody signed it is left out from the start.
func TestThinkingUnsigned(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, twoSigners(up, routes.Messages), keysOfTwo)
	body := func(model, thinking string) string {
		return `{"model":"` + model + `","max_tokens":5,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[` + thinking + `{"type":"text","text":"b"}]},{"role":"user","content":"c"}]}`
	}
	for _, unsigned := range []string{`{"type":"thinking","thinking":"x","signature":""},`, `{"type":"thinking","thinking":"x"},`} {
		if a := g.post(body("one", unsigned)); a.status != 200 {
			t.Errorf("client got %+v", a)
		}
		g.post(body("two", unsigned)) // others may not sign, and want their own back
	}
	reqs := up.Requests()
	if len(reqs) < 4 || string(reqs[0].Body) != body("thinks-1", "") || !strings.Contains(string(reqs[1].Body), `"thinking":"x"`) {
		t.Errorf("upstream got %s, %s", reqs[0].Body, reqs[1].Body)
	}
}
