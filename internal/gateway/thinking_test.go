package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// twoSigners are two providers at one upstream, which sign by their paths.
func twoSigners(up *gatewaytest.Upstream, format string) *routes.Config {
	c := testConfig(map[string]string{}, `model == "one" -> anthropic/thinks-1`, `model == "two" -> minimax/thinks-2`)
	for _, name := range []string{"anthropic", "minimax"} {
		base := up.URL + "/" + name
		if format == routes.Responses {
			base += "/v1"
		}
		c.Ringlet.Providers[name] = routes.Upstream{Formats: map[string]string{format: base}, AuthHeader: "x-api-key", KeyEnv: "KEY_A"}
	}
	return c
}

func keysOfTwo(o *Options) {
	o.Keys = &keyRing{keys: map[string]string{"anthropic": "k1", "minimax": "k2"}}
}

// A conversation hops from one provider to another and back: each gets its own
// signed thinking byte for byte, and none of the other's.
func TestThinkingHops(t *testing.T) {
	for _, stream := range []string{"false", "true"} {
		t.Run("stream "+stream, func(t *testing.T) {
			up := gatewaytest.New(t, nil)
			g := start(t, twoSigners(up, routes.Messages), keysOfTwo)
			block := func(n int, path string) string {
				thought := fmt.Sprintf("Thought number %d.", n)
				return fmt.Sprintf("{ \"signature\":%q , \"type\":\"thinking\",\"thinking\": %q}", gatewaytest.Signature(path, thought), thought)
			}
			const anthropic, minimax = "/anthropic/v1/messages", "/minimax/v1/messages"
			// The parts of the conversation; what is in braces is another's for one of the two.
			body := func(model string, blocks ...string) string {
				turns := []string{`{"role":"user","content":"\u0061"}`}
				for _, b := range blocks {
					turns = append(turns, `{"content" : [ `+b+`{"type":"text","text":"ok"} ],"role":"assistant"}`, `{"role":"user","content":"go on"}`)
				}
				return `{"stream":` + stream + `, "max_tokens":100,"metadata":{"x":1.0e2},"thinking":{"type":"adaptive"},"messages":[` + strings.Join(turns, " , ") + `],"model":"` + model + `"}`
			}
			send := func(n int, sent, want string) {
				t.Helper()
				if a := g.post(sent); a.status != 200 || a.err != nil {
					t.Fatalf("%d: %+v", n, a)
				}
				reqs := up.Requests()
				if got := string(reqs[len(reqs)-1].Body); len(reqs) != n || got != want {
					t.Fatalf("%d of %d: upstream got\n%s\nwant\n%s", n, len(reqs), got, want)
				}
			}
			one, two := block(1, anthropic)+" ,", block(2, minimax)+",\n"
			send(1, body("one"), body("thinks-1"))
			send(2, body("two", one), body("thinks-2", ""))
			send(3, body("one", one, two), body("thinks-1", one, ""))
			send(4, body("two", one, two), body("thinks-2", "", two))
			g.stop()
			if r := g.record(); r["RINGLET_TRIED"] != "minimax/thinks-2=200" {
				t.Errorf("record %v", r)
			}
		})
	}
}

// After a restart nobody knows whose a signature is; the target says it.
func TestThinkingRefused(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, twoSigners(up, routes.Messages), keysOfTwo)
	const head, tail = `{"model":"`, `","max_tokens":5,"context_management":{"edits":[{"keep":"all","type":"clear_thinking_20251015"},{"type":"clear_tool_uses_20250919"}]},"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[`
	const rest = `{"type":"tool_use","id":"t1","name":"Bash","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]}]}`
	a := g.post(head + "one" + tail + `{"type":"thinking","thinking":"x","signature":"of somebody"},` + rest)
	reqs := up.Requests()
	if a.status != 200 || len(reqs) != 2 {
		t.Fatalf("%d requests, client got %+v", len(reqs), a)
	}
	// The turn waits for a result and has lost its thinking: it is disabled.
	want := strings.Replace(head+"thinks-1"+tail+rest, `{"type":"enabled","budget_tokens":1024}`, `{"type":"disabled"}`, 1)
	want = strings.Replace(want, `{"keep":"all","type":"clear_thinking_20251015"},`, "", 1)
	if got := string(reqs[1].Body); got != want {
		t.Errorf("upstream got\n%s\nwant\n%s", got, want)
	}
	g.stop()
	if r := g.record(); r["RINGLET_TRIED"] != "anthropic/thinks-1=signature,anthropic/thinks-1=200" || r["RINGLET_OUTCOME"] != "ok" {
		t.Errorf("record %v", r)
	}
}

// Any other refusal goes to the client as it is, and so does a second one.
func TestThinkingOtherRefusals(t *testing.T) {
	for _, tc := range []struct {
		text  string
		asked int
	}{{"prompt is too long: 300000 tokens > 200000 maximum", 1}, {"messages.1.content.0: Invalid `signature` in `thinking` block", 2}} {
		refusal := gatewaytest.Error(400, tc.text)
		up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply { return refusal })
		g := start(t, twoSigners(up, routes.Messages), keysOfTwo)
		a := g.post(`{"model":"one","max_tokens":5,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"` + gatewaytest.Signature("/anthropic/v1/messages", "x") + `"}]},{"role":"user","content":"b"}]}`)
		if a.status != 400 || a.body != string(refusal.Body) || len(up.Requests()) != tc.asked {
			t.Errorf("%d requests, client got %+v", len(up.Requests()), a)
		}
		if tc.asked == 2 && !strings.Contains(string(up.Requests()[1].Body), `"content":[{"type":"text","text":"(no content)"}]`) {
			t.Errorf("upstream got %s", up.Requests()[1].Body)
		}
	}
}

// Encrypted reasoning of Responses belongs to its provider too.
func TestReasoningHops(t *testing.T) {
	for _, stream := range []string{"false", "true"} {
		var refuse string // a text that is refused
		up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
			if refuse != "" && strings.Contains(string(r.Body), refuse) {
				return gatewaytest.Reply{Status: 400, Body: []byte(`{"error":{"message":"The encrypted content gAAA could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}`)}
			}
			return gatewaytest.Behave(r)
		})
		g := start(t, twoSigners(up, routes.Responses), keysOfTwo)
		item := func(n int, path string) string {
			return fmt.Sprintf(`{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":%q}`, gatewaytest.Signature(path, fmt.Sprintf("Thought number %d.", n)))
		}
		body := func(model string, items ...string) string {
			return `{"model":"` + model + `","store":false,"stream":` + stream + `,"input":[ {"role":"user","content":"a"}` + strings.Join(items, "") + `, {"role":"user","content":"b"} ] }`
		}
		send := func(n int, sent, want string) {
			t.Helper()
			if a := g.do(g.request("/v1/responses", sent)); a.status != 200 || a.err != nil {
				t.Fatalf("%d: %+v", n, a)
			}
			reqs := up.Requests()
			if got := string(reqs[len(reqs)-1].Body); len(reqs) != n || got != want {
				t.Fatalf("%d of %d: upstream got\n%s\nwant\n%s", n, len(reqs), got, want)
			}
		}
		one, two := ", "+item(1, "/anthropic/v1/responses"), ", "+item(2, "/minimax/v1/responses")
		send(1, body("one"), body("thinks-1"))
		send(2, body("two", one), body("thinks-2"))
		send(3, body("one", one, two), body("thinks-1", one))
		refuse = "of somebody"
		send(5, body("one", `, {"type":"reasoning","summary":[],"encrypted_content":"of somebody"}`), body("thinks-1"))
		g.stop()
	}
}

// The cuts leave valid JSON, without what was dropped and with all else.
func TestWithout(t *testing.T) {
	think := func(s string) string { return `{"type":"thinking","thinking":"t","signature":"` + s + `"}` }
	const text, tool = `{"type":"text","text":"x"}`, `{"type":"tool_use","id":"1","name":"n","input":{}}`
	for _, tc := range []struct {
		name, content, want string
		drop                string // the signatures
		off                 bool   // thinking is disabled
	}{
		{"first", think("a") + " , " + text, text, "a", false},
		{"last", text + " , " + think("a") + " ", text + " ", "a", false},
		{"middle", text + "," + think("a") + ",\n" + text, text + "," + text, "a", false},
		{"two at the end", text + "," + think("a") + " ," + think("b"), text, "ab", false},
		{"one of two at the end", text + "," + think("a") + " ," + think("b"), text + "," + think("b"), "a", false},
		{"the other", text + "," + think("a") + " ," + think("b"), text + "," + think("a"), "b", false},
		{"both ends", think("a") + "," + text + "," + think("b"), text, "ab", false},
		{"all", " " + think("a") + "," + think("b"), " " + string(emptyTurn), "ab", false},
		{"none", think("a") + "," + text, think("a") + "," + text, "", false},
		{"before a call", think("a") + "," + tool, tool, "a", true},
		{"not the lead of a call", think("a") + "," + think("b") + "," + tool, think("a") + "," + tool, "b", false},
		{"the lead's first half", think("a") + "," + think("b") + "," + tool, think("b") + "," + tool, "a", false},
		{"between calls", tool + "," + think("a") + "," + tool, tool + "," + tool, "a", false},
		{"all settings", think("a") + "," + tool + `]}],"context_management":{"edits":[{"type":"clear_thinking_20251015"}]},"x":[{"content":[`,
			tool + `]}],"context_management":{"edits":[]},"x":[{"content":[`, "a", true},
		{"redacted", `{"type":"redacted_thinking","data":"a"},` + text, text, "a", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := func(content, thinking string) string {
				return `{"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":[` + content + `]},{"role":"user","content":"r"}],"thinking":` + thinking + ` }`
			}
			const enabled = `{"type":"enabled","budget_tokens":1024}`
			data := []byte(body(tc.content, enabled))
			f, bad := inspect(routes.Messages, data)
			if bad != nil {
				t.Fatal(bad)
			}
			drop := make([]bool, len(f.sealed))
			for i, p := range f.sealed {
				for _, s := range tc.drop {
					drop[i] = drop[i] || p.seal == sealOf([]byte(string(s)))
				}
			}
			want := body(tc.want, enabled)
			if tc.off {
				want = body(tc.want, `{"type":"disabled"}`)
			}
			if got := string(apply(data, f.without(drop)).bytes()); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// Whatever the body and whatever is dropped of it: the result is valid JSON, and
// without what was dropped it is what it was.
func FuzzWithout(f *testing.F) {
	for _, s := range []string{`{"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","signature":"a"},{"type":"text"},{"type":"thinking","signature":"b"}]}],"thinking":{"type":"enabled"}}`,
		`{"messages":[{"content":[{"type":"redacted_thinking","data":"a"} , {"type":"tool_use"}],"content":[{"type":"thinking"}],"role":"assistant"}],"model":"m","thinking":{"type":"enabled"}}`,
		`{"input":[{"role":"user","content":[{"type":"thinking"}]},{"type":"reasoning","encrypted_content":"x"},{"encrypted_content":"y","type":"reasoning"}],"model":"m"}`} {
		s = strings.Replace(s, `{"`, `{"context_management":{"edits":[{"type":"clear_thinking_20251015"},{"type":"x"}]},"`, 1)
		f.Add([]byte(s), uint64(0b101))
		f.Add([]byte(s), ^uint64(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, mask uint64) {
		for _, format := range []string{routes.Messages, routes.Responses} {
			facts, bad := inspect(format, data)
			if bad != nil || facts.modelEnd == 0 {
				continue
			}
			drop, kept := make([]bool, len(facts.sealed)), []sealed{}
			for i, p := range facts.sealed {
				if p.setting {
					continue
				}
				if drop[i] = mask>>(i%64)&1 == 1; !drop[i] {
					kept = append(kept, p)
				}
			}
			named, err := modelEdit(data, &facts, "other")
			if err != nil {
				t.Fatal(err)
			}
			out := apply(data, append(facts.without(drop), named)).bytes()
			if !json.Valid(out) {
				t.Fatalf("no JSON: %s\nof %s", out, data)
			}
			again, bad := inspect(format, out)
			again.sealed = slices.DeleteFunc(again.sealed, func(p sealed) bool { return p.setting })
			if bad != nil || again.Model != "other" || len(again.sealed) != len(kept) || again.Tools != facts.Tools || again.Stream != facts.Stream {
				t.Fatalf("%+v\n%s\nof %s", again, out, data)
			}
			for i, p := range kept {
				if string(out[again.sealed[i].from:again.sealed[i].to]) != string(data[p.from:p.to]) {
					t.Fatalf("part %d changed: %s\nof %s", i, out, data)
				}
			}
		}
	})
}

func TestSigners(t *testing.T) {
	s := newSigners()
	for i := range maxSeals + 10 {
		s.learn(fmt.Appendf(nil, "signature %d", i), "https://a")
	}
	s.learn(nil, "https://a")
	parts := []sealed{{seal: sealOf([]byte("signature 9"))}, {seal: sealOf([]byte("signature 10"))}, {}, {alien: true}}
	if got := s.foreign(parts, "https://b"); len(s.by) != maxSeals || got[0] || !got[1] || got[2] || !got[3] {
		t.Errorf("%v of %d", got, len(s.by))
	}
	if got := s.foreign(parts[:3], "https://a"); got != nil {
		t.Errorf("the maker's own are %v", got)
	}
}

// The same where the conversation is translated on its way, either way round.
func TestTranslatedThinkingHops(t *testing.T) {
	for _, tc := range []struct{ name, target, path, list string }{
		{"Messages by Responses", routes.Responses, "/v1/messages", "content"},
		{"Responses by Messages", routes.Messages, "/v1/responses", "output"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := gatewaytest.New(t, nil)
			c := twoSigners(up, tc.target)
			g := start(t, c, keysOfTwo)
			ask := func(g *rig, model, answer string) answer {
				t.Helper()
				body := `{"model":"` + model + `","max_tokens":5000,"thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"a"}`
				if tc.list == "output" {
					body = `{"model":"` + model + `","include":["reasoning.encrypted_content"],"reasoning":{"effort":"low"},"input":[{"role":"user","content":"a"}`
				}
				if answer != "" {
					if tc.list == "content" {
						answer = `{"role":"assistant","content":` + answer + `}`
					} else {
						answer = strings.Trim(answer, "[]\n ")
					}
					body += "," + answer + `,{"role":"user","content":"b"}`
				}
				a := g.do(g.request(tc.path, body+"]}"))
				if a.status != 200 || a.err != nil {
					t.Fatalf("client got %+v", a)
				}
				return a
			}
			own := map[string]string{routes.Responses: "/anthropic/v1/responses", routes.Messages: "/anthropic/v1/messages"}[tc.target]
			signature := gatewaytest.Signature(own, "Thought number 1.")
			said := gjson.Get(ask(g, "one", "").body, tc.list).Raw
			if !strings.Contains(said, signature) {
				t.Fatalf("the client does not get the signature: %s", said)
			}
			for i, hop := range []struct {
				model string
				has   bool
			}{{"two", false}, {"one", true}} {
				ask(g, hop.model, said)
				reqs := up.Requests()
				if got := string(reqs[len(reqs)-1].Body); len(reqs) != i+2 || strings.Contains(got, signature) != hop.has {
					t.Errorf("%s: request %d of %d: upstream got %s", hop.model, i+2, len(reqs), got)
				}
			}
			// Another engine knows nothing of it, until the target refuses it.
			if tc.target == routes.Responses {
				up.SetScript(func(r *gatewaytest.Request) gatewaytest.Reply {
					if strings.Contains(string(r.Body), signature) {
						return gatewaytest.Reply{Status: 400, Body: []byte(`{"error":{"message":"The encrypted content scri... could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}`)}
					}
					return gatewaytest.Behave(r)
				})
			}
			other := start(t, c, keysOfTwo)
			ask(other, "two", said)
			reqs := up.Requests()
			if len(reqs) != 5 || !strings.Contains(string(reqs[3].Body), signature) || strings.Contains(string(reqs[4].Body), signature) {
				t.Errorf("%d requests; upstream got last %s", len(reqs), reqs[len(reqs)-1].Body)
			}
		})
	}
}
