package ultrallmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ringlet/ringlet/internal/usage"
)

// engine is one running stand-in.
type engine struct {
	config *Config

	mu      sync.Mutex
	records []usage.Record
}

// Serve listens and answers until ctx ends, then lets open requests end for at
// most 3 s. log gets a line for what happens.
func Serve(ctx context.Context, c *Config, log io.Writer) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort(c.Server.Host, strconv.Itoa(c.Server.Port)))
	if err != nil {
		return err
	}
	e := &engine{config: c}
	srv := &http.Server{Handler: e.handler(log), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	fmt.Fprintf(log, "ultrallm (stand-in) listens on %s with %d models, strategy %s\n", ln.Addr(), len(c.Models), c.Router.Strategy)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err = srv.Shutdown(drain)
	fmt.Fprintln(log, "ultrallm (stand-in) ends")
	return err
}

func (e *engine) handler(log io.Writer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"status": "healthy"}) })
	mux.HandleFunc("GET /spend/analytics", e.analytics)
	for _, path := range []string{"/v1/messages", "/v1/chat/completions"} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			rec := e.forward(w, r)
			fmt.Fprintf(log, "%s -> %s: %d\n", rec.Model, rec.Target, rec.Status)
			e.mu.Lock()
			defer e.mu.Unlock()
			e.records = append(e.records, rec)
		})
	}
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that left asks again
}

// forward sends the request on, with the model's own name and the key from the
// environment.
func (e *engine) forward(w http.ResponseWriter, r *http.Request) usage.Record {
	rec := usage.Record{Time: time.Now(), Path: r.URL.Path, Outcome: "failed", Status: http.StatusBadRequest}
	fail := func(status int, text string) usage.Record {
		rec.Status = status
		http.Error(w, text, status)
		return rec
	}
	var body map[string]json.RawMessage
	if err := json.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(&body); err != nil {
		return fail(http.StatusBadRequest, err.Error())
	}
	if err := json.Unmarshal(body["model"], &rec.Model); err != nil {
		return fail(http.StatusBadRequest, "model: "+err.Error())
	}
	m := e.config.pick(rec.Model)
	if m == nil {
		return fail(http.StatusNotFound, "no model for "+strconv.Quote(rec.Model))
	}
	rec.Target = m.Name
	_, name, _ := strings.Cut(m.Params.Model, "/")
	quoted, err := json.Marshal(name)
	if err != nil {
		return fail(http.StatusBadRequest, err.Error())
	}
	body["model"] = quoted
	out, err := json.Marshal(body)
	if err != nil {
		return fail(http.StatusBadRequest, err.Error())
	}
	resp, err := e.send(r, m, out)
	if err != nil {
		return fail(http.StatusBadGateway, err.Error())
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	rec.Status = resp.StatusCode
	if resp.StatusCode == http.StatusOK {
		rec.Outcome = "ok"
	}
	said := copied(w, resp.Body)
	rec.Input, rec.Output = tokens(said, "input_tokens", "prompt_tokens"), tokens(said, "output_tokens", "completion_tokens")
	rec.CacheRead, rec.CacheWrite = tokens(said, "cache_read_input_tokens"), tokens(said, "cache_creation_input_tokens")
	return rec.Priced(&usage.Price{Input: 1, Output: 2, CacheRead: 0.1, CacheWrite: 1})
}

func (e *engine) send(r *http.Request, m *Model, body []byte) (*http.Response, error) {
	path := r.URL.Path
	if path != "/v1/messages" { // an OpenAI base URL ends in /v1
		path = strings.TrimPrefix(path, "/v1")
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, m.Params.APIBase+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if path == "/v1/messages" {
		req.Header.Set("Anthropic-Version", r.Header.Get("Anthropic-Version"))
		req.Header.Set("X-Api-Key", m.key)
	} else {
		req.Header.Set("Authorization", "Bearer "+m.key)
	}
	return http.DefaultClient.Do(req)
}

// copied passes an answer on piece by piece and returns it.
func copied(w http.ResponseWriter, body io.Reader) []byte {
	var all bytes.Buffer
	piece := make([]byte, 16<<10)
	for {
		n, err := body.Read(piece)
		all.Write(piece[:n])
		if _, werr := w.Write(piece[:n]); werr != nil || err != nil {
			return all.Bytes()
		}
		_ = http.NewResponseController(w).Flush() // fails where the client has left
	}
}

// tokens finds the last figure of one of the names.
func tokens(text []byte, names ...string) *int64 {
	for _, name := range names {
		i := bytes.LastIndex(text, []byte(`"`+name+`":`))
		if i < 0 {
			continue
		}
		digits := bytes.TrimLeft(text[i+len(name)+3:], " ")
		end := bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(digits)
		}
		if n, err := strconv.ParseInt(string(digits[:end]), 10, 64); err == nil {
			return &n
		}
	}
	return nil
}

func (e *engine) analytics(w http.ResponseWriter, r *http.Request) {
	first, last := r.URL.Query().Get("start_date"), r.URL.Query().Get("end_date")
	for _, day := range []string{first, last} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	a := usage.NewAnalyst()
	e.mu.Lock()
	for _, rec := range e.records {
		if day := rec.Time.Format(time.DateOnly); day >= first && (last == "" || day <= last) {
			a.Add(rec)
		}
	}
	e.mu.Unlock()
	answer(w, a.Analytics())
}
