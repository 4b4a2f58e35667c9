package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func TestRecord(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "tokens > 0 -> a/fail-529", "always -> a/m"))
	g.do(g.request("/v1/messages?beta=secretquery", ask("claude-sonnet-4", true)))
	g.stop()
	r := g.record()
	for name, want := range map[string]string{"RINGLET_PROFILE": "work", "RINGLET_RULE": "r2", "RINGLET_TARGET": "a/m", "RINGLET_STATUS": "200", "RINGLET_MODEL": "claude-sonnet-4",
		"RINGLET_TRIED": "a/fail-529=529,a/m=200", "RINGLET_METHOD": "POST", "RINGLET_PATH": "/v1/messages", "RINGLET_OUTCOME": "ok", "PRIORITY": "6", "RINGLET_CACHE_READ_TOKENS": "7"} {
		if r[name] != want {
			t.Errorf("%s is %q, want %q", name, r[name], want)
		}
	}
	for _, name := range []string{"RINGLET_INPUT_TOKENS", "RINGLET_OUTPUT_TOKENS", "RINGLET_FIRST_BYTE_MS", "RINGLET_DURATION_MS", "RINGLET_ESTIMATED_TOKENS"} {
		if !regexp.MustCompile(`^\d+$`).MatchString(r[name]) {
			t.Errorf("%s is %q", name, r[name])
		}
	}
	if !regexp.MustCompile(`^r2 -> a/m: 200 in \d+ ms, \d+ tokens in, \d+ out \(tried a/fail-529=529, a/m=200\)`).MatchString(r["MESSAGE"]) {
		t.Errorf("message %q", r["MESSAGE"])
	}
	line := ""
	for l := range strings.Lines(g.logText()) {
		if strings.Contains(l, "path=") {
			line = l
		}
	}
	if !regexp.MustCompile(`^time=\S+ method=POST path=/v1/messages status=200 outcome=ok rule=r2 target=a/m model=claude-sonnet-4 estimated_tokens=\d+ input_tokens=\d+ output_tokens=\d+ cache_read_tokens=7 cache_write_tokens=3 first_byte_ms=\d+ duration_ms=\d+ tried="a/fail-529=529,a/m=200"`).MatchString(line) {
		t.Errorf("line %q", line)
	}
}

// Neither bodies nor keys, nor an upstream's words, nor a query get into a log,
// and nobody forges a line or a field.
func TestLogsHoldNoSecrets(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		switch r.Model {
		case "m1":
			return gatewaytest.Error(529, "UPSTREAMSAYS").With("Retry-After", "UPSTREAMSAYS")
		case "m2":
			return gatewaytest.Error(400, "UPSTREAMSAYS")
		}
		return gatewaytest.JSON("m", "UPSTREAMSAYS")
	})
	g := start(t, testConfig(map[string]string{"a": up.URL}, `model contains "evil" -> a/m1`, `model contains "evil" -> a/m2`, "always -> a/m3"))
	evil := "evil\\ntime=2026 level=error msg=FORGED\\u0000\\u001b[31m"
	for _, req := range []*http.Request{
		g.request("/v1/messages?QUERYTEXT=1", `{"model":"`+evil+`","max_tokens":1,"messages":[{"role":"user","content":"BODYTEXT"}]}`, "X-Custom", "HEADERTEXT"),
		g.request("/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"BODYTEXT"}]}`),
		g.request("/v1/messages", `{"model":"BODYTEXT" oops`),
		g.request("/v1/messages", "{}", "Authorization", "Bearer WRONGTOKEN"),
		g.request("/nothing%0aFORGED%20x=1?QUERYTEXT", "{}"),
	} {
		g.do(req)
	}
	g.stop()
	for name, text := range map[string]string{"journal": g.journal.text(), "proxy.log": g.logText(), "stderr": g.stderr.String()} {
		for _, bad := range []string{"BODYTEXT", "QUERYTEXT", "UPSTREAMSAYS", "HEADERTEXT", "WRONGTOKEN", "key-of-a", testToken, "\x1b", "\x00", "msg=FORGED", " FORGED", "\nFORGED", "oops"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q:\n%s", name, bad, text)
			}
		}
	}
	if n := len(g.journal.requests()); n != 5 {
		t.Errorf("%d records", n)
	}
	for l := range strings.Lines(g.logText()) {
		if !regexp.MustCompile(`^time=\d{4}-\d\d-\d\dT\S+ [a-z_]+=`).MatchString(l) {
			t.Errorf("line %q", l)
		}
	}
}

func TestProxyLogFile(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	dir := filepath.Join(filepath.Dir(g.path), "logs")
	path := filepath.Join(dir, "proxy.log")
	eventually(t, "the log exists", func() bool { _, err := os.Stat(path); return err == nil })
	for p, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, path: 0o600} {
		if info, err := os.Stat(p); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a moved log is opened anew", func() bool {
		g.post(ask("x", false))
		b, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(b), "status=502")
	})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a deleted log is opened anew", func() bool { g.post(ask("x", false)); _, err := os.Stat(path); return err == nil })
}

func TestLogThatCannotBeWritten(t *testing.T) {
	up := gatewaytest.New(t, nil)
	dir := t.TempDir()
	target := filepath.Join(dir, "elsewhere")
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	g := start(t, c, func(o *Options) {
		logs := filepath.Join(filepath.Dir(o.ConfigPath), "logs")
		if err := os.Mkdir(logs, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(logs, "proxy.log")); err != nil {
			t.Fatal(err)
		}
	})
	for range 5 {
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Errorf("%+v", a)
		}
	}
	eventually(t, "all are recorded", func() bool { return len(g.journal.requests()) == 5 })
	if n := strings.Count(g.journal.text(), "proxy.log cannot be written"); n != 1 {
		t.Errorf("reported %d times: %s", n, g.journal.text())
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Error("the link was followed")
	}
	if err := os.Remove(filepath.Join(filepath.Dir(g.path), "logs", "proxy.log")); err != nil {
		t.Fatal(err)
	}
	g.post(ask("x", false))
	g.stop()
	if !strings.Contains(g.journal.text(), "proxy.log can be written again") {
		t.Error("the end of the trouble is not reported")
	}
}

func TestJournalThatFails(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	g.journal.mu.Lock()
	g.journal.failWith = errors.New("no journal")
	g.journal.mu.Unlock()
	for range 3 {
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Errorf("%+v", a)
		}
	}
	g.stop()
	if n := strings.Count(g.stderr.String(), "no journal"); n != 1 {
		t.Errorf("reported %d times: %s", n, g.stderr.String())
	}
}

func TestWithoutAJournalStderrIsUsed(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"), func(o *Options) { o.Journal = nil })
	g.post(ask("x", false))
	g.stop()
	if !strings.Contains(g.stderr.String(), "r1 -> a/m: 200 in ") {
		t.Errorf("stderr: %s", g.stderr.String())
	}
}

// A disk that hangs costs records, not requests.
func TestHangingJournalDoesNotStopRequests(t *testing.T) {
	hang := make(chan struct{})
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"), func(o *Options) {
		o.Journal = func(string, int, map[string]string) error { <-hang; return nil }
	})
	for range 20 {
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Fatalf("%+v", a)
		}
	}
	g.stop() // it does not wait for what hangs
	close(hang)
	// What waited is written yet, and the test's folder must outlive that.
	eventually(t, "the last record is written", func() bool { return strings.Contains(g.logText(), "stopped serving") })
}

func TestSecretDoesNotPrint(t *testing.T) {
	s := upstream{provider: "a", key: newSecret("sk-very-secret")}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprint(s.key), fmt.Sprintf("%x", s.key)} {
		if strings.Contains(text, "sk-very") || strings.Contains(text, "736b2d") {
			t.Errorf("the key prints: %s", text)
		}
	}
}
