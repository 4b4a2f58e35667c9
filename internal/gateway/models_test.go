package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

func (g *rig) get(path string, header ...string) answer {
	g.t.Helper()
	req := g.request(path, "", header...)
	req.Method, req.Body, req.ContentLength = http.MethodGet, http.NoBody, 0
	return g.do(req)
}

func TestModels(t *testing.T) {
	c := testConfig(map[string]string{"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"}, "tokens > 10 -> b/claude-of-b", "always -> a/m", "tools > 0 -> b/claude-of-b")
	c.Ringlet.Provider = "a"
	c.Router.Aliases = map[string]string{"fast": "b/quick", "claude-big": "a/m"}
	c.Ringlet.Prices = map[string]routes.Price{"a/known": {}, "b/other": {}}
	c.ModelList = []routes.Model{{Name: "a/m", Params: routes.LiteLLMParams{Model: "a/m"}}, {Name: "b/quick", Params: routes.LiteLLMParams{Model: "b/quick"}}}
	g := start(t, c)
	for _, tt := range []struct {
		query, want string
		more        bool
	}{
		{"", "claude-big fast b/claude-of-b a/m known m", false},
		{"?limit=1000", "claude-big fast b/claude-of-b a/m known m", false},
		{"?limit=2", "claude-big fast", true},
		{"?limit=2&after_id=fast", "b/claude-of-b a/m", true},
		{"?limit=2&after_id=a/m", "known m", false},
		{"?limit=2&before_id=a/m", "fast b/claude-of-b", true},
		{"?after_id=m", "", false},
	} {
		for _, path := range []string{"/v1/models", "/models"} {
			a := g.get(path + tt.query)
			var list struct {
				Object  string
				Data    []map[string]any
				HasMore bool    `json:"has_more"`
				FirstID *string `json:"first_id"`
				LastID  *string `json:"last_id"`
			}
			if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK || list.Object != "list" {
				t.Fatalf("%s%s: %+v, %v", path, tt.query, a, err)
			}
			var ids []string
			for _, m := range list.Data {
				ids = append(ids, m["id"].(string))
				if m["object"] != "model" || m["type"] != "model" || m["display_name"] == "" || m["owned_by"] == "" || m["created_at"] == "" || m["created"] == nil {
					t.Errorf("%v", m)
				}
			}
			if got := strings.Join(ids, " "); got != tt.want || list.HasMore != tt.more {
				t.Errorf("%s: %s, more: %v; want %s, %v", tt.query, got, list.HasMore, tt.want, tt.more)
			}
			if len(ids) > 0 && (list.FirstID == nil || *list.FirstID != ids[0] || *list.LastID != ids[len(ids)-1]) {
				t.Errorf("%s: the ends are %v and %v", tt.query, list.FirstID, list.LastID)
			}
		}
	}
	for path, want := range map[string]int{"/v1/models/claude-big": 200, "/v1/models/b/claude-of-b": 200, "/v1/models/b%2Fclaude-of-b": 200, "/v1/models/none": 404,
		"/v1/models?limit=0": 400, "/v1/models?limit=x": 400, "/v1/models?limit=1001": 400, "/v1/models?after_id=none": 400, "/v1/modelsx": 404} {
		if a := g.get(path); a.status != want {
			t.Errorf("%s: %+v", path, a)
		}
		req := g.request(path, "")
		req.Method, req.Body, req.ContentLength = http.MethodHead, http.NoBody, 0
		if a := g.do(req); a.status != want || a.body != "" {
			t.Errorf("HEAD %s: %+v", path, a)
		}
	}
	if a := g.get("/v1/models", "Authorization", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without the token: %+v", a)
	}
	if a := g.get("/v1/models", "Authorization", "", "X-Ringlet-Token", testToken); a.status != http.StatusOK {
		t.Errorf("with a login of its own: %+v", a)
	}
	if a := g.post(`{}`); a.status != 400 {
		t.Error(a)
	}
	if a := g.do(g.request("/v1/models", "{}")); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %+v", a)
	}
	if a := g.get("/v1/models", "Origin", "https://example.com"); a.status != http.StatusForbidden {
		t.Errorf("a web page: %+v", a)
	}
}
