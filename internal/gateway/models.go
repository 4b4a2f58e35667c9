package gateway

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/routes"
)

// maxModels is the longest page of the list of models, which is Anthropic's:
// https://platform.claude.com/docs/en/api/models-list
const maxModels = 1000

// modelEntry is one model in the form of both APIs:
// https://platform.claude.com/docs/en/api/models-list and
// https://platform.openai.com/docs/api-reference/models/object. When a model was
// made is not known here, for which Anthropic's has the epoch.
type modelEntry struct {
	ID          string `json:"id"`
	Object      string `json:"object"` // "model"
	Type        string `json:"type"`   // "model"
	DisplayName string `json:"display_name"`
	Created     int64  `json:"created"`
	CreatedAt   string `json:"created_at"`
	OwnedBy     string `json:"owned_by"` // the provider
}

type modelList struct {
	Object  string       `json:"object"` // "list"
	Data    []modelEntry `json:"data"`
	HasMore bool         `json:"has_more"`
	FirstID *string      `json:"first_id"`
	LastID  *string      `json:"last_id"`
}

// modelPath reports whether a path is that of the list of models, or of one of them.
func modelPath(path string) (id string, ok bool) {
	path = strings.TrimPrefix(path, "/v1")
	if path == "/models" {
		return "", true
	}
	return strings.CutPrefix(path, "/models/")
}

// names are what a client can ask for by name, each once: the aliases, the targets
// of the rules in their order, and the models of the profile's own provider that
// are known.
func (s *snapshot) names() []modelEntry {
	var out []modelEntry
	add := func(id, provider, title string) {
		if !slices.ContainsFunc(out, func(m modelEntry) bool { return m.ID == id }) {
			out = append(out, modelEntry{ID: id, Object: "model", Type: "model", DisplayName: title, CreatedAt: "1970-01-01T00:00:00Z", OwnedBy: provider})
		}
	}
	for _, from := range slices.Sorted(maps.Keys(s.config.Router.Aliases)) {
		to := s.config.Router.Aliases[from]
		provider, _, _ := strings.Cut(to, "/")
		add(from, provider, from+" ("+to+")")
	}
	for _, r := range s.table.Rules() {
		if t, err := routes.ParseTarget(r.Target); err == nil {
			add(r.Target, t.Provider, r.Target)
		}
	}
	own := s.config.Ringlet.Provider
	known := slices.Sorted(maps.Keys(s.config.Ringlet.Prices))
	for _, m := range s.config.ModelList {
		known = append(known, m.Name)
	}
	for _, name := range known {
		if id, ok := strings.CutPrefix(name, own+"/"); ok && own != "" {
			add(id, own, id)
		}
	}
	return out
}

// modelsAnswer answers GET /v1/models and /v1/models/{id}. It asks nobody: Claude
// Code waits 3 s for it (https://code.claude.com/docs/en/llm-gateway-protocol).
func (x *exchange) modelsAnswer(id string) {
	if err := checkMethod(x.r, http.MethodGet, http.MethodHead); err != nil {
		x.refuse(err)
		return
	}
	if err := x.snap.checkToken(x.r); err != nil {
		x.refuse(err)
		return
	}
	all := x.snap.names()
	if id != "" {
		i := slices.IndexFunc(all, func(m modelEntry) bool { return m.ID == id })
		if i < 0 {
			x.refuse(&apiError{status: http.StatusNotFound, kind: notFound, message: "model: " + clean(id, 200)})
			return
		}
		x.answerJSON(all[i])
		return
	}
	page, bad := x.page(all)
	if bad != nil {
		x.refuse(bad)
		return
	}
	x.answerJSON(page)
}

// page is the part of the list that the query asks for; without limit, all of it.
func (x *exchange) page(all []modelEntry) (modelList, *apiError) {
	q := x.r.URL.Query()
	wrong := func(message string) (modelList, *apiError) {
		return modelList{}, &apiError{status: http.StatusBadRequest, kind: invalidRequest, message: message}
	}
	limit := len(all)
	if given := q.Get("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > maxModels {
			return wrong("limit: it must be 1 to " + strconv.Itoa(maxModels))
		}
		limit = min(limit, n)
	}
	for _, cursor := range []string{"after_id", "before_id"} {
		id := q.Get(cursor)
		if id == "" {
			continue
		}
		i := slices.IndexFunc(all, func(m modelEntry) bool { return m.ID == id })
		if i < 0 {
			return wrong(cursor + ": there is no such model")
		}
		if cursor == "after_id" {
			all = all[i+1:]
		} else {
			all = all[:i]
		}
	}
	l := modelList{Object: "list", Data: []modelEntry{}, HasMore: len(all) > limit}
	switch {
	case !l.HasMore:
		l.Data = append(l.Data, all...)
	case q.Get("before_id") != "": // the page that ends there
		l.Data = append(l.Data, all[len(all)-limit:]...)
	default:
		l.Data = append(l.Data, all[:limit]...)
	}
	if n := len(l.Data); n > 0 {
		l.FirstID, l.LastID = &l.Data[0].ID, &l.Data[n-1].ID
	}
	return l, nil
}
