package gateway

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/health"
)

func TestHealth(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/fail-529", "always -> a/m")
	c.Ringlet.TokenSHA256 = append(c.Ringlet.TokenSHA256, hexSum("older"))
	g := start(t, c)
	g.post(ask("x", false))
	get := func(method, query, token string) (answer, health.Report) {
		t.Helper()
		req, _ := http.NewRequest(method, g.url+"/health"+query, nil)
		if token != "" {
			req.Header.Set("X-Api-Key", token)
		}
		a := g.do(req)
		var r health.Report
		if a.body != "" {
			if err := json.Unmarshal([]byte(a.body), &r); err != nil {
				t.Fatal(err, a.body)
			}
		}
		return a, r
	}
	for _, token := range []string{"", "wrong"} {
		if a, _ := get("GET", "", token); a.status != 200 || a.body != `{"status":"ok","profile":"work"}` {
			t.Errorf("token %q: %+v", token, a)
		}
	}
	sum := [32]byte{}
	copy(sum[:], mustHex(t, hexSum(testToken)))
	if a, r := get("GET", "?nonce=abc", ""); r.Proof != health.Proof(sum, "abc") || r.PID != 0 {
		t.Errorf("with a nonce: %s", a.body)
	}
	if a, _ := get("GET", "?nonce="+strings.Repeat("x", maxNonce+1), ""); a.status != 400 {
		t.Errorf("a long nonce: %+v", a)
	}
	if a, _ := get("HEAD", "", ""); a.status != 200 || a.body != "" {
		t.Errorf("HEAD: %+v", a)
	}
	if a, _ := get("POST", "", ""); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %+v", a)
	}
	_, r := get("GET", "", testToken)
	if r.Version != "test" || r.PID != os.Getpid() || r.Engine != "builtin" || r.Seq != 1 || r.LoadedAt == nil || r.KeysLoadedAt == nil || r.RequestsServed != 1 || len(r.ConfigSHA256) != 64 {
		t.Errorf("details: %+v", r)
	}
	if len(r.Keys) != 1 || r.Keys[0] != (health.Key{Provider: "a", Source: "file"}) {
		t.Errorf("keys: %+v", r.Keys)
	}
	for i := range r.Targets { // times are not the same twice
		r.Targets[i].FirstByteMS = 0
	}
	none, all := 0.0, 1.0
	want := []health.Target{{Target: "a/fail-529", Requests: 1, Failures: 1, LastStatus: 529, Breaker: "closed", SuccessRate: &none}, {Target: "a/m", Requests: 1, LastStatus: 200, Breaker: "closed", SuccessRate: &all}}
	if !reflect.DeepEqual(r.Targets, want) {
		t.Errorf("targets: %+v", r.Targets)
	}
	g.stop()
	if n := len(g.journal.requests()); n != 1 {
		t.Errorf("%d requests were recorded; /health is not to be", n)
	}
}

func TestTargetsAreBounded(t *testing.T) {
	y := newTargets()
	for i := range 10 * maxTargets {
		y.add(strings.Repeat("x", 1+i%500)+string(rune('a'+i%26)), 200, false)
	}
	if n := len(y.list()); n > maxTargets {
		t.Errorf("%d targets are kept", n)
	}
}
