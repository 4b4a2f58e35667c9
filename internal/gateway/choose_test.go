package gateway

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// say is a request of a conversation: its system prompt and what it opens with.
func say(system, opening string) string {
	return fmt.Sprintf(`{"model":"m","max_tokens":100,"system":%q,"messages":[{"role":"user","content":%q}]}`, system, opening)
}

// targetsOf are the targets of the records, in order.
func (g *rig) targetsOf(n int) []string {
	g.t.Helper()
	var rs []map[string]string
	eventually(g.t, "the requests were recorded", func() bool { rs = g.journal.requests(); return len(rs) >= n })
	var out []string
	for _, r := range rs {
		out = append(out, r["RINGLET_TARGET"])
	}
	return out
}

func TestWeightedKeepsAConversationOnItsTarget(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/one", "always -> a/two")
	c.Router.Strategy = routes.Weighted
	g := start(t, c)
	const conversations, turns = 20, 3
	for range turns {
		for i := range conversations {
			if a := g.post(say("you are helpful", "hi"), "X-Claude-Code-Session-Id", fmt.Sprint("s", i)); a.status != 200 {
				t.Fatal(a)
			}
		}
	}
	got := g.targetsOf(conversations * turns)
	seen := map[string]int{}
	for i, target := range got {
		seen[target]++
		if first := got[i%conversations]; target != first {
			t.Errorf("conversation %d went from %s to %s", i%conversations, first, target)
		}
	}
	if len(seen) != 2 {
		t.Errorf("the conversations went to %v", seen)
	}
	// A draw hangs on the conversation alone: another engine draws the same.
	other := start(t, func() *routes.Config {
		c := testConfig(map[string]string{"a": up.URL}, "always -> a/one", "always -> a/two")
		c.Router.Strategy = routes.Weighted
		return c
	}())
	for i := range conversations {
		other.post(say("you are helpful", "hi"), "X-Claude-Code-Session-Id", fmt.Sprint("s", i))
	}
	for i, target := range other.targetsOf(conversations) {
		if target != got[i] {
			t.Errorf("after a restart conversation %d draws %s, not %s", i, target, got[i])
		}
	}
}

func TestConversationsAreToldApart(t *testing.T) {
	h := func(pairs ...string) http.Header {
		out := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	base := conversationKey(h("X-Claude-Code-Session-Id", "s"), 1, 1)
	for _, c := range []struct {
		name string
		key  uint64
		same bool
	}{
		{"it goes on", conversationKey(h("X-Claude-Code-Session-Id", "s"), 1, 2), true},
		{"another session", conversationKey(h("X-Claude-Code-Session-Id", "t"), 1, 1), false},
		{"a subagent", conversationKey(h("X-Claude-Code-Session-Id", "s", "X-Claude-Code-Agent-Id", "a"), 1, 1), false},
		{"a title", conversationKey(h("X-Claude-Code-Session-Id", "s"), 2, 1), false},
		{"codex's header", conversationKey(h("session-id", "s"), 1, 1), true},
		{"codex's thread", conversationKey(h("thread-id", "s"), 1, 1), true},
		{"opencode's header", conversationKey(h("x-session-affinity", "s"), 1, 1), true},
		{"opencode's other header", conversationKey(h("x-session-id", "s"), 1, 1), true},
	} {
		if (c.key == base) != c.same {
			t.Errorf("%s: same is %v", c.name, !c.same)
		}
	}
	if conversationKey(nil, 1, 1) == conversationKey(nil, 1, 2) {
		t.Error("without a session the first message tells conversations apart")
	}
}

func TestConversationsAreBounded(t *testing.T) {
	c := newConversations()
	kept := c.get(1)
	for key := range uint64(3 * maxConversations) {
		c.get(key + 10)
		if c.get(1) != kept {
			t.Fatal("the one in use was forgotten")
		}
	}
	if len(c.byKey) != maxConversations || c.order.Len() != maxConversations {
		t.Errorf("%d are kept", len(c.byKey))
	}
}

func TestTheEstimateIsCorrected(t *testing.T) {
	c := newConversations().get(1)
	if got := c.correct(1000); got != 1000 {
		t.Errorf("before anything was reported: %d", got)
	}
	c.learn(1000, 1300)
	c.learn(0, 5)
	c.learn(1000, 0)
	c.learn(1000, -1)
	c.learn(10, 5000) // not the same thing
	if got := c.correct(2000); got != 2600 {
		t.Errorf("got %d", got)
	}
}

func TestAPromptCacheIsWarmForFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConversations().get(1)
		a := routes.Target{Provider: "a", Model: "m"}
		c.answered(a, usage{input: 10, output: 400, cacheRead: 900, cacheWrite: 90}, time.Now())
		for i := range 10 {
			c.answered(routes.Target{Provider: "b", Model: fmt.Sprint(i)}, usage{input: 10, output: 400, cacheRead: -1, cacheWrite: -1}, time.Now())
		}
		if got := c.cached(a, time.Now()); got != 990 || c.expects() != 400 {
			t.Errorf("%d cached, %d expected", got, c.expects())
		}
		time.Sleep(cacheLife)
		if got := c.cached(a, time.Now()); got != 0 {
			t.Errorf("%d cached after its time", got)
		}
		for i := range 10 {
			c.answered(routes.Target{Provider: "b", Model: fmt.Sprint(i)}, usage{input: 10, output: 4, cacheRead: 7, cacheWrite: -1}, time.Now())
		}
		if len(c.warm) > maxWarm {
			t.Errorf("%d caches are kept", len(c.warm))
		}
	})
}

// What an upstream reports of a conversation changes where its next request goes:
// the condition sees the corrected size.
func TestReportedSizesReachTheConditions(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Reply{Status: 200, Body: []byte(`{"id":"x","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":100,"cache_read_input_tokens":1000,"cache_creation_input_tokens":100,"output_tokens":5}}`)}
	})
	g := start(t, testConfig(map[string]string{"a": up.URL}, "tokens > 1100 -> a/long", "always -> a/short"))
	text := say("you are helpful", strings.Repeat("some words ", 300)) // estimated at less than 1,100
	for range 2 {
		g.post(text, "X-Claude-Code-Session-Id", "s")
	}
	if got := g.targetsOf(2); got[0] != "a/short" || got[1] != "a/long" {
		t.Errorf("targets %v", got)
	}
	if n := g.record()["RINGLET_ESTIMATED_TOKENS"]; n != "1200" {
		t.Errorf("the corrected estimate is %s", n)
	}
}

func TestLowestCostStaysWhereTheCacheIsWarm(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Reply{Status: 200, Body: []byte(`{"id":"x","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":10,"cache_read_input_tokens":990,"output_tokens":5}}`)}
	})
	c := testConfig(map[string]string{"a": up.URL, "b": up.URL}, "always -> a/m", "always -> b/m")
	c.Router.Strategy = routes.LowestCost
	c.Ringlet.Prices = map[string]routes.Price{"a/m": {Input: 3, Output: 15, CacheRead: 0.3}, "b/m": {Input: 4, Output: 4, CacheRead: 4}}
	g := start(t, c)
	body := strings.Replace(say("you are helpful", strings.Repeat("some words ", 400)), `"max_tokens":100`, `"max_tokens":1`, 1)
	g.post(body, "X-Session-Id", "s")
	// a is cheaper; then b becomes cheaper than a is, but not than a with a warm cache.
	c.Ringlet.Prices["b/m"] = routes.Price{Input: 1, Output: 1}
	g.reload()
	g.post(body, "X-Session-Id", "s")
	g.post(body, "X-Session-Id", "another")
	if got := g.targetsOf(3); strings.Join(got, " ") != "a/m a/m b/m" {
		t.Errorf("targets %v", got)
	}
}

func TestANewConversationExpectsWhatTheTargetShowed(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		out := map[string]int{"brief": 10, "talks": 90_000}[r.Model]
		return gatewaytest.Reply{Status: 200, Body: fmt.Appendf(nil, `{"id":"x","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":10,"output_tokens":%d}}`, out)}
	})
	c := testConfig(map[string]string{"a": up.URL}, "stream -> a/brief", "always -> a/talks")
	g := start(t, c)
	body := `{"model":"m","max_tokens":100000,"stream":%v,"messages":[{"role":"user","content":"hi"}]}`
	g.post(fmt.Sprintf(body, true), "X-Session-Id", "1")
	g.post(fmt.Sprintf(body, false), "X-Session-Id", "2")
	// talks has the lower price per token, and says more.
	c.Router.Strategy = routes.LowestCost
	c.Ringlet.Prices = map[string]routes.Price{"a/brief": {Input: 1, Output: 2}, "a/talks": {Input: 1, Output: 1}}
	g.reload()
	g.post(fmt.Sprintf(body, true), "X-Session-Id", "3")
	if got := g.targetsOf(3); strings.Join(got, " ") != "a/brief a/talks a/brief" {
		t.Errorf("targets %v", got)
	}
}

func TestAnswersLengthIsARunningMean(t *testing.T) {
	c := &conversation{}
	for range 50 {
		c.answered(routes.Target{}, usage{output: 800, cacheRead: -1, cacheWrite: -1}, time.Time{})
	}
	if math.Abs(float64(c.expects()-800)) > 1 {
		t.Errorf("expects %d", c.expects())
	}
}

// The prompt is estimated where a decision hangs on its size, and only there.
func TestSizesAreEstimatedWhereAskedFor(t *testing.T) {
	up := gatewaytest.New(t, nil)
	for _, c := range []struct {
		rule string
		want bool
	}{
		{"thinking -> a/long", false},
		{"tokens > 60000 -> a/long", false},            // so many bytes are not there
		{"tokens > 50 and tools > 3 -> a/long", false}, // there are no tools
		{"tokens > 50 -> a/long", true},
		{"tokens > max_tokens -> a/long", true},
	} {
		g := start(t, testConfig(map[string]string{"a": up.URL}, c.rule, "always -> a/m"))
		g.post(say("you are helpful", strings.Repeat("some words ", 20)))
		g.stop()
		if n := g.record()["RINGLET_ESTIMATED_TOKENS"]; (n != "") != c.want {
			t.Errorf("%s: estimated as %q", c.rule, n)
		}
	}
}
