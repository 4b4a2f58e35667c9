package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/routes"
)

// byModel is a transport that answers by the model's name.
type byModel map[string]func() (*http.Response, error)

func (s byModel) RoundTrip(r *http.Request) (*http.Response, error) {
	body := make([]byte, r.ContentLength)
	if _, err := r.Body.Read(body); err != nil && err.Error() != "EOF" {
		return nil, err
	}
	for model, answer := range s {
		if strings.Contains(string(body), `"`+model+`"`) {
			return answer()
		}
	}
	return nil, fmt.Errorf("nobody asked for this: %s", body)
}

func works() (*http.Response, error) {
	return sseResponse(piece{time.Second, evStart + evContent + evStop, nil}), nil
}

func refuses(status int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"type":"error","error":{"type":"x","message":"status %d"}}`, status)
		resp := w.Result()
		resp.Header = h
		return resp, nil
	}
}

// bubbled is an engine in a bubble, and the upstream that it asks.
type bubbled struct {
	*engine
	t       *testing.T
	up      byModel
	journal *journalLog
}

func inBubble(t *testing.T, rules []string, test func(t *testing.T, b *bubbled)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bubbled{t: t, up: byModel{}, journal: &journalLog{}}
		b.engine = bare(t, testConfig(map[string]string{"a": "https://a.example"}, rules...), b.up, b.journal)
		test(t, b)
	})
}

// ask sends a request and returns its status, its retry-after and what was tried.
func (b *bubbled) ask() (status int, after, tried string) {
	b.t.Helper()
	before := len(b.journal.requests())
	c, _ := b.testRequest(b.t, nil)
	synctest.Wait()
	rs := b.journal.requests()
	if len(rs) != before+1 {
		b.t.Fatalf("%d records after %d", len(rs), before)
	}
	return c.Code, c.Header().Get("Retry-After"), strings.ReplaceAll(rs[before]["RINGLET_TRIED"], "a/", "")
}

// wait lets time pass in the bubble.
func (b *bubbled) wait(d time.Duration) { <-time.After(d) }

// want asks, and compares what was tried.
func (b *bubbled) want(what, tried string) {
	b.t.Helper()
	if _, _, got := b.ask(); got != tried {
		b.t.Errorf("%s: tried %s, want %s", what, got, tried)
	}
}

func (b *bubbled) target(name string) health.Target {
	for _, x := range b.seen.list() {
		if x.Target == name {
			return x
		}
	}
	b.t.Fatalf("%s was not seen", name)
	return health.Target{}
}

var twoTargets = []string{"always -> a/m1", "always -> a/m2"}

func TestABreakerOpensAndCloses(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(500), works
		for range opensAfter {
			b.want("a failure leads to the next target", "m1=500,m2=200")
		}
		if x := b.target("a/m1"); x.Breaker != "open" || x.OpenUntil == nil || time.Until(*x.OpenUntil) > openFor || x.Failures != opensAfter {
			t.Errorf("after %d failures: %+v", opensAfter, x)
		}
		b.want("an open breaker is left alone", "m2=200")
		b.wait(openFor)
		b.want("then one request tries it, and falls back", "m1=500,m2=200")
		b.want("it is open again", "m2=200")
		b.wait(openFor)
		b.up["m1"] = works
		b.want("it works again", "m1=200")
		if x := b.target("a/m1"); x.Breaker != "closed" || x.OpenUntil != nil {
			t.Errorf("closed: %+v", x)
		}
		b.want("and is first again", "m1=200")
		b.up["m2"] = refuses(500)
		b.up["m1"] = refuses(529)
		for range opensAfter - 1 {
			b.want("failures", "m1=529,m2=500")
		}
		b.up["m1"] = works
		b.want("failures count in a row", "m1=200")
		b.up["m1"] = refuses(529)
		b.want("not in all", "m1=529,m2=500")
		if x := b.target("a/m1"); x.Breaker != "closed" {
			t.Errorf("%+v", x)
		}
	})
}

func TestWhatDoesNotCountAgainstATarget(t *testing.T) {
	for name, answer := range map[string]func() (*http.Response, error){
		"400": refuses(400), "401": refuses(401), "413": refuses(413), "422": refuses(422),
		"a model that is not there": func() (*http.Response, error) {
			resp := httptest.NewRecorder()
			resp.WriteHeader(404)
			resp.WriteString(`{"type":"error","error":{"type":"not_found_error","message":"model: m1"}}`)
			return resp.Result(), nil
		},
		"an error event about the request": func() (*http.Response, error) {
			return sseResponse(piece{0, strings.Replace(evError, "overloaded_error", "invalid_request_error", 1), nil}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
				b.up["m1"], b.up["m2"] = answer, works
				for range 3 * opensAfter {
					if _, _, tried := b.ask(); !strings.HasPrefix(tried, "m1=") {
						t.Fatalf("tried %s", tried)
					}
				}
				if x := b.target("a/m1"); x.Breaker != "closed" || x.SuccessRate != nil {
					t.Errorf("%+v", x)
				}
			})
		})
	}
	t.Run("a client that leaves", func(t *testing.T) {
		inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
			b.up["m1"], b.up["m2"] = works, works
			for range 3 * opensAfter {
				b.testRequest(t, http.ErrHandlerTimeout)
			}
			if x := b.target("a/m1"); x.Breaker != "closed" || x.Requests != 3*opensAfter || x.SuccessRate != nil {
				t.Errorf("%+v", x)
			}
		})
	})
}

func TestABrokenStreamCounts(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m2"] = works
		b.up["m1"] = func() (*http.Response, error) { return sseResponse(piece{0, evStart + evContent, nil}), nil }
		for range opensAfter {
			b.want("it breaks off", "m1=200")
		}
		b.want("it is left alone", "m2=200")
	})
}

func TestATargetIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(429, "Retry-After", "300"), works
		b.want("the first time", "m1=429,m2=200")
		b.up["m1"] = works
		b.want("it is cooling", "m2=200")
		if x := b.target("a/m1"); x.Breaker != "closed" || x.CoolingUntil == nil || time.Until(*x.CoolingUntil) > 300*time.Second {
			t.Errorf("%+v", x)
		}
		b.up["m2"] = refuses(503)
		b.want("where nothing else works it is tried nevertheless", "m2=503,m1=200")
		b.want("and it works", "m1=200")
		b.up["m1"], b.up["m2"] = refuses(529, "Retry-After", "20"), works
		b.want("again", "m1=529,m2=200")
		b.wait(21 * time.Second)
		b.up["m1"] = works
		b.want("the time is over", "m1=200")
	})
}

// An answer that began before its target asked for a wait does not end the wait.
func TestALongStreamDoesNotEndAWait(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		end := make(chan struct{})
		b.up["m1"], b.up["m2"] = func() (*http.Response, error) {
			return sseResponse(piece{0, evStart + evContent, nil}, piece{time.Minute, evStop, nil}), nil
		}, works
		go func() { defer close(end); b.testRequest(t, nil) }()
		synctest.Wait()
		b.up["m1"] = refuses(429, "Retry-After", "300")
		b.want("another request meets the limit", "m1=429,m2=200")
		<-end
		synctest.Wait()
		b.up["m1"] = works
		b.want("the stream has ended, the wait has not", "m2=200")
	})
}

func TestAConversationComesBackToItsTarget(t *testing.T) {
	for _, strategy := range []routes.Strategy{routes.Weighted, routes.LowestCost} {
		synctest.Test(t, func(t *testing.T) {
			b := &bubbled{t: t, up: byModel{"m1": works, "m2": works}, journal: &journalLog{}}
			c := testConfig(map[string]string{"a": "https://a.example"}, twoTargets...)
			c.Router.Strategy = strategy
			c.Ringlet.Prices = map[string]routes.Price{"a/m2": {Input: 1, Output: 1}}
			b.engine = bare(t, c, b.up, b.journal)
			_, _, tried := b.ask()
			home, other := "m1", "m2"
			if tried == "m2=200" {
				home, other = other, home
			}
			for range 5 {
				b.want("it stays", home+"=200")
			}
			b.up[home] = refuses(429, "Retry-After", "20")
			b.want("it fails", home+"=429,"+other+"=200")
			b.up[home] = works
			b.want("meanwhile it is left alone", other+"=200")
			b.wait(21 * time.Second)
			b.want("then the conversation comes back", home+"=200")
		})
	}
}

func TestWhenAllTargetsAreDown(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(429, "Retry-After", "300"), refuses(429, "Retry-After", "40")
		if status, after, tried := b.ask(); status != 429 || after != "40" || tried != "m1=429,m2=429" {
			t.Errorf("at first: %d, %s, %s", status, after, tried)
		}
		b.wait(10 * time.Second)
		start := time.Now()
		status, after, tried := b.ask()
		if status != 429 || after != "28" && after != "29" && after != "30" || tried != "m1=cooling,m2=cooling" {
			t.Errorf("all are down: %d, %s, %s", status, after, tried)
		}
		if time.Since(start) != 0 {
			t.Errorf("that took %s", time.Since(start))
		}
		for _, e := range b.journal.requests() {
			if e["RINGLET_TRIED"] == "a/m1=cooling,a/m2=cooling" && !strings.Contains(e["RINGLET_PROBLEM"], "all targets failed") {
				t.Errorf("the record: %v", e)
			}
		}
		if x := b.target("a/m1"); x.Requests != 1 {
			t.Errorf("%d requests were sent", x.Requests)
		}
	})
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(500), refuses(529)
		for range opensAfter {
			b.ask()
		}
		if status, after, tried := b.ask(); status != 500 || after != "30" || tried != "m1=open,m2=open" {
			t.Errorf("both are open: %d, %s, %s", status, after, tried)
		}
	})
}

func TestAllTargetsDownInTheClientsFormat(t *testing.T) {
	up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Error(429, "slow down").With("Retry-After", "300")
	})
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m1", "always -> a/m2")
	c.Ringlet.Providers["a"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL}, AuthHeader: "bearer", KeyEnv: "KEY_A"}
	g := start(t, c)
	for i, from := range []string{"the upstream", "the engine"} {
		a := g.do(g.request("/v1/chat/completions", ask("x", false)))
		if a.status != 429 || a.header.Get("Retry-After") != "59" {
			t.Errorf("%s: %+v", from, a)
		}
		if n := len(up.Requests()); n != 2 {
			t.Errorf("%s: %d requests", from, n)
		}
		if i == 1 && (!strings.HasPrefix(a.body, `{"error":{`) || !strings.Contains(a.body, "is left alone for another") || !strings.Contains(a.body, "ringlet proxy logs work")) {
			t.Errorf("%s: %s", from, a.body)
		}
	}
}

func TestWithASingleTarget(t *testing.T) {
	inBubble(t, []string{"always -> a/m1"}, func(t *testing.T, b *bubbled) {
		// The profile's own provider has no key and so never helps: that is one target too.
		b.up["m1"] = refuses(500)
		for range 2 * opensAfter {
			b.want("a breaker would only make it worse", "m1=500")
		}
		if x := b.target("a/m1"); x.Breaker != "open" {
			t.Errorf("%+v", x)
		}
		b.up["m1"] = works
		b.want("so it is found out at once that it works", "m1=200")
		if x := b.target("a/m1"); x.Breaker != "closed" {
			t.Errorf("%+v", x)
		}
		b.up["m1"] = refuses(429, "Retry-After", "90")
		if status, after, tried := b.ask(); status != 429 || after != "59" || tried != "m1=429" {
			t.Errorf("no agent waits for longer: %d, %s, %s", status, after, tried)
		}
		b.wait(time.Minute)
		if status, after, tried := b.ask(); status != 429 || after != "29" && after != "30" || tried != "m1=cooling" {
			t.Errorf("a wait that it asked for is kept: %d, %s, %s", status, after, tried)
		}
	})
}

func TestAHalfOpenBreakerLetsOneRequestThrough(t *testing.T) {
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(500), works
		for range opensAfter {
			b.ask()
		}
		b.wait(openFor + time.Second)
		content, end := make(chan struct{}), make(chan struct{})
		b.up["m1"] = func() (*http.Response, error) {
			<-content
			return sseResponse(piece{0, evStart + evContent, nil}, piece{time.Minute, evStop, nil}), nil
		}
		go func() { defer close(end); b.testRequest(t, nil) }()
		synctest.Wait()
		if x := b.target("a/m1"); x.Breaker != "half-open" {
			t.Errorf("%+v", x)
		}
		b.want("the others go elsewhere meanwhile", "m2=200")
		close(content)
		synctest.Wait()
		if x := b.target("a/m1"); x.Breaker != "closed" {
			t.Errorf("content is proof enough: %+v", x)
		}
		<-end
	})
	inBubble(t, twoTargets, func(t *testing.T, b *bubbled) {
		b.up["m1"], b.up["m2"] = refuses(500), works
		for range opensAfter {
			b.ask()
		}
		b.wait(openFor + time.Second)
		b.up["m1"] = refuses(400)
		b.ask() // says nothing about the target, and must not keep the one place
		b.up["m1"] = works
		b.want("the next request tries it", "m1=200")
	})
}
