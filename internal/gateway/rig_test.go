package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/routes"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// longest is how long tests wait for what must come: a busy machine stands still
// for seconds.
const longest = time.Minute

const testToken = "rl-local-token"

// keyRing is a KeySource of the tests: provider to key.
type keyRing struct {
	mu   sync.Mutex
	keys map[string]string
}

func (k *keyRing) Key(provider, env, base string) (string, string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.keys[provider]; key != "" {
		return key, "file", nil
	}
	return "", "", fmt.Errorf("there is no key for %s; run: ringlet providers login %s", provider, provider)
}

func (k *keyRing) set(provider, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[provider] = key
}

// rig is an engine that runs, with what surrounds it.
type rig struct {
	t       *testing.T
	url     string
	path    string // config.yaml
	config  *routes.Config
	keys    *keyRing
	hangup  chan os.Signal
	journal *journalLog
	stderr  *safeBuffer
	client  *http.Client
	cancel  context.CancelFunc
	done    chan error
	ln      net.Listener
}

// journalLog remembers what was sent to the journal.
type journalLog struct {
	mu       sync.Mutex
	entries  []map[string]string // fields, and MESSAGE and PRIORITY
	failWith error
}

func (j *journalLog) send(message string, priority int, fields map[string]string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := map[string]string{"MESSAGE": message, "PRIORITY": fmt.Sprint(priority)}
	for k, v := range fields {
		e[k] = v
	}
	j.entries = append(j.entries, e)
	return j.failWith
}

// requests are the records of requests.
func (j *journalLog) requests() []map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []map[string]string
	for _, e := range j.entries {
		if e["RINGLET_PATH"] != "" {
			out = append(out, e)
		}
	}
	return out
}

func (j *journalLog) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, _ := json.Marshal(j.entries)
	return string(b)
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// testConfig routes by rules "condition -> target", each the name of its own
// rule r1, r2, …; providers are base URLs of the Messages format by name.
func testConfig(providers map[string]string, rules ...string) *routes.Config {
	c := &routes.Config{Server: routes.Server{Host: "127.0.0.1", Port: 1}, Router: routes.RouterSettings{Strategy: routes.Conditional}}
	c.Ringlet = routes.RingletSection{Version: 1, Profile: "work", Seq: 1, TokenSHA256: []string{hexSum(testToken)}, Providers: map[string]routes.Upstream{}}
	for name, base := range providers {
		c.Ringlet.Providers[name] = routes.Upstream{Formats: map[string]string{routes.Messages: base}, AuthHeader: "x-api-key", KeyEnv: "KEY_" + strings.ToUpper(name)}
	}
	for i, r := range rules {
		cond, target, _ := strings.Cut(r, " -> ")
		c.Router.Rules = append(c.Router.Rules, routes.ConfigRule{Name: fmt.Sprintf("r%d", i+1), Condition: cond, Model: target})
	}
	return c
}

func write(t testing.TB, path string, c *routes.Config) {
	t.Helper()
	data, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs an engine for the test; adjust may change its options.
func start(t *testing.T, c *routes.Config, adjust ...func(*Options)) *rig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, ln, c, adjust...)
}

func startOn(t *testing.T, ln net.Listener, c *routes.Config, adjust ...func(*Options)) *rig {
	t.Helper()
	dir := filepath.Join(t.TempDir(), ".ultrallm")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c.Server.Port = ln.Addr().(*net.TCPAddr).Port
	g := &rig{t: t, url: "http://" + ln.Addr().String(), path: filepath.Join(dir, "config.yaml"), config: c, ln: ln,
		keys: &keyRing{keys: map[string]string{}}, hangup: make(chan os.Signal, 1), journal: &journalLog{}, stderr: &safeBuffer{},
		client: &http.Client{Transport: &http.Transport{}}, done: make(chan error, 1)}
	for name := range c.Ringlet.Providers {
		g.keys.keys[name] = "key-of-" + name
	}
	write(t, g.path, c)
	ready := make(chan struct{})
	var once sync.Once
	o := Options{ConfigPath: g.path, Listener: ln, Keys: g.keys, Version: "test", Hangup: g.hangup, Journal: g.journal.send, Stderr: g.stderr, testing: true}
	for _, f := range adjust {
		f(&o)
	}
	inner := o.Notify
	o.Notify = func(s string) error {
		if strings.HasPrefix(s, "READY=1") {
			once.Do(func() { close(ready) })
		}
		if inner != nil {
			return inner(s)
		}
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	go func() { g.done <- Run(ctx, o) }()
	t.Cleanup(func() { g.stop() })
	select {
	case <-ready:
	case err := <-g.done:
		t.Fatal("the engine did not start: ", err)
	case <-time.After(longest):
		t.Fatal("the engine is not ready")
	}
	return g
}

// stop ends the engine and waits for it; the records are complete then.
func (g *rig) stop() {
	g.t.Helper()
	g.client.CloseIdleConnections()
	g.cancel()
	select {
	case err := <-g.done:
		if err != nil {
			g.t.Error("Run: ", err)
		}
		g.done <- nil
	case <-time.After(longest):
		g.t.Fatal("the engine does not end")
	}
}

// request is a POST to the Messages lane; headers are names and values, an empty
// value removes one.
func (g *rig) request(path, body string, header ...string) *http.Request {
	g.t.Helper()
	req, err := http.NewRequest(http.MethodPost, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Authorization", "Bearer "+testToken)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Del(header[i])
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	return req
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (g *rig) do(req *http.Request) answer {
	g.t.Helper()
	resp, err := g.client.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b), err}
}

func (g *rig) post(body string, header ...string) answer {
	g.t.Helper()
	return g.do(g.request("/v1/messages", body, header...))
}

// reload writes the configuration and waits until it has been tried.
func (g *rig) reload() health.Report {
	g.t.Helper()
	write(g.t, g.path, g.config)
	return g.hup()
}

func (g *rig) hup() health.Report {
	g.t.Helper()
	before := g.health().Reloads
	g.hangup <- syscall.SIGHUP
	var r health.Report
	eventually(g.t, "the reload was tried", func() bool { r = g.health(); return r.Reloads > before })
	return r
}

func (g *rig) health() health.Report {
	g.t.Helper()
	req, _ := http.NewRequest(http.MethodGet, g.url+"/health", nil)
	req.Header.Set("X-Api-Key", testToken)
	a := g.do(req)
	var r health.Report
	if err := json.Unmarshal([]byte(a.body), &r); err != nil {
		g.t.Fatal(err, a.body)
	}
	return r
}

// record is the newest request's record, once the engine has stopped or it is there.
func (g *rig) record() map[string]string {
	g.t.Helper()
	var rs []map[string]string
	eventually(g.t, "a request was recorded", func() bool { rs = g.journal.requests(); return len(rs) > 0 })
	return rs[len(rs)-1]
}

func (g *rig) logText() string {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(g.path), "logs", "proxy.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.t.Fatal(err)
	}
	return string(b)
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(longest)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("not in time: ", what)
		}
		<-tick.C
	}
}

func ask(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%v,"messages":[{"role":"user","content":"hi"}]}`, model, stream)
}

var _ gatewaytest.TB = (*testing.T)(nil)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hint(err error) string { return fault.Hint(err) }
