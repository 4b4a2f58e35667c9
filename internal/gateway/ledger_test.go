package gateway

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	spend "github.com/ringlet/ringlet/internal/usage"
	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

func (g *rig) used() []spend.Record {
	g.t.Helper()
	var out []spend.Record
	err := spend.Read(spend.Dir(filepath.Dir(g.path)), time.Time{}, func(r spend.Record) { out = append(out, r) },
		func(b *spend.BadLine) { g.t.Error(b) })
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

// Each request is one line: what was asked, where it went, what it cost.
func TestUsageIsRecorded(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, `model == "free" -> a/unknown`, "tokens > 0 -> a/fail-529", "always -> a/m")
	c.Ringlet.Prices = map[string]routes.Price{"a/m": {Input: 1_000_000, Output: 1_000_000, CacheRead: 1_000_000, CacheWrite: 1_000_000}}
	g := start(t, c)
	g.post(ask("claude-sonnet-4", true))
	g.post(ask("claude-sonnet-4", false))
	g.post(ask("free", false))
	g.do(g.request("/v1/messages", ask("x", false), "Authorization", "Bearer wrong"))
	g.do(g.request("/v1/messages/count_tokens", ask("free", false)))
	g.stop()
	used := g.used()
	if len(used) != 5 {
		t.Fatalf("%d records", len(used))
	}
	for _, r := range used[:2] {
		if r.Profile != "work" || r.Path != "/v1/messages" || r.Model != "claude-sonnet-4" || r.Rule != "r3" || r.Target != "a/m" || r.Status != 200 || r.Outcome != "ok" ||
			strings.Join(r.Tried, " ") != "a/fail-529=529 a/m=200" || r.Input == nil || *r.CacheRead != 7 || *r.CacheWrite != 3 || r.Output == nil || r.FirstByte == nil || r.Estimated == nil {
			t.Errorf("%+v", r)
		}
		if want := float64(*r.Input + *r.Output + 10); r.Cost == nil || *r.Cost != want {
			t.Errorf("cost %v, want %v", r.Cost, want)
		}
	}
	if r := used[2]; r.Target != "a/unknown" || r.Cost != nil || r.Input == nil {
		t.Errorf("an unknown price: %+v", r)
	}
	if r := used[3]; r.Status != 401 || r.Outcome != "refused" || r.Target != "" || r.Input != nil {
		t.Errorf("a refused request: %+v", r)
	}
	if r := used[4]; r.Generates() || r.Cost != nil {
		t.Errorf("counting tokens costs nothing: %+v", r)
	}
}

// GET /spend/analytics tells the sums to who has the token.
func TestAnalytics(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	c.Ringlet.Prices = map[string]routes.Price{"a/m": {Input: 1_000_000, Output: 1_000_000}}
	g := start(t, c)
	g.post(ask("x", false))
	eventually(t, "the request is recorded", func() bool { return len(g.used()) == 1 })
	get := func(query, token string) answer {
		req, err := http.NewRequest(http.MethodGet, g.url+"/spend/analytics"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Ringlet-Token", token)
		return g.do(req)
	}
	a := get("", testToken)
	var sums spend.Analytics
	if err := json.Unmarshal([]byte(a.body), &sums); err != nil || a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %+v", err, a)
	}
	today := g.used()[0].Time.Local().Format(time.DateOnly)
	if m := sums.Metadata; m.APIRequests != 1 || m.CacheReadTokens != 7 || m.Spend == nil || *m.Spend == 0 ||
		len(sums.Results) != 1 || sums.Results[0].Date != today || sums.Results[0].Breakdown.Models["a/m"].Metrics.APIRequests != 1 {
		t.Errorf("%s", a.body)
	}
	for query, want := range map[string]int{"?start_date=" + today + "&end_date=" + today: 1, "?end_date=2020-01-31&start_date=2020-01-01": 0} {
		a := get(query, testToken)
		var sums spend.Analytics
		if err := json.Unmarshal([]byte(a.body), &sums); err != nil || len(sums.Results) != want {
			t.Errorf("%s: %v, %s", query, err, a.body)
		}
	}
	if a := get("", "wrong"); a.status != 401 {
		t.Errorf("without the token: %+v", a)
	}
	for _, query := range []string{"?start_date=yesterday", "?end_date=2026-02-30"} {
		if a := get(query, testToken); a.status != 400 {
			t.Errorf("%s: %+v", query, a)
		}
	}
	if a := g.do(g.request("/spend/analytics", "{}")); a.status != 405 {
		t.Errorf("POST: %+v", a)
	}
	g.stop()
	if used := g.used(); len(used) != 1 {
		t.Errorf("asking for the sums was recorded: %+v", used)
	}
}

// A usage file that cannot be written is said once, and costs no request.
func TestUsageThatCannotBeWritten(t *testing.T) {
	up := gatewaytest.New(t, nil)
	var link string
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"), func(o *Options) {
		link = filepath.Join(filepath.Dir(o.ConfigPath), "usage")
		if err := os.Symlink(t.TempDir(), link); err != nil {
			t.Fatal(err)
		}
	})
	for range 3 {
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Errorf("%+v", a)
		}
	}
	eventually(t, "all are recorded in the journal", func() bool { return len(g.journal.requests()) == 3 })
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	g.post(ask("x", false))
	g.stop()
	if n := strings.Count(g.journal.text(), "the usage file cannot be written"); n != 1 {
		t.Errorf("said %d times: %s", n, g.journal.text())
	}
	if !strings.Contains(g.journal.text(), "the usage file can be written again") || len(g.used()) != 1 {
		t.Error("the end of the trouble is not said, or the request after it not recorded")
	}
}

// Whatever formats a request went through, its tokens are recorded, and cached
// ones are not counted twice. A Chat stream tells none unless its client asks.
func TestUsageAcrossFormats(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	c.Ringlet.Providers["a"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL + "/v1"}, AuthHeader: "bearer", KeyEnv: "KEY_A"}
	c.Ringlet.Prices = map[string]routes.Price{"a/m": {Input: 1, Output: 1}}
	g := start(t, c)
	asks := strings.Replace(ask("x", true), "{", `{"stream_options":{"include_usage":true},`, 1)
	var prompt int64 // of the one answer that came as Chat in one piece
	for _, r := range []struct{ path, body string }{
		{"/v1/messages", ask("x", false)}, {"/v1/messages", ask("x", true)}, {"/v1/chat/completions", ask("x", false)},
		{"/v1/chat/completions", asks}, {"/v1/chat/completions", ask("x", true)},
	} {
		a := g.do(g.request(r.path, r.body))
		if a.status != http.StatusOK {
			t.Fatalf("%s: %+v", r.path, a)
		}
		if n := gjson.Get(a.body, "usage.prompt_tokens"); n.Exists() {
			prompt = n.Int()
		}
	}
	g.stop()
	used := g.used()
	if len(used) != 5 {
		t.Fatalf("%d records", len(used))
	}
	for _, r := range used[:4] {
		if !r.Generates() || r.Outcome != "ok" || r.Input == nil || *r.Input <= 0 || r.Output == nil || *r.Output <= 0 || r.CacheRead == nil || r.Cost == nil {
			t.Errorf("%+v", r)
		}
	}
	if r := used[2]; *r.CacheRead == 0 || *r.Input+*r.CacheRead != prompt {
		t.Errorf("%d of the prompt's %d tokens were cached, %d not", *r.CacheRead, prompt, *r.Input)
	}
	if r := used[4]; r.Reported() || r.Cost != nil {
		t.Errorf("tokens that nobody told: %+v", r)
	}
}
