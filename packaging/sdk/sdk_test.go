//go:build sdk

package sdk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/porttest"
)

// formats are the three wire formats, as config.yaml calls them; each has a client
// of the same name and a kind of upstream.
func formats() []string { return []string{"messages", "chat", "responses"} }

// result is a line that a client prints about one of its cases.
type result struct {
	Name   string
	Error  string
	Tokens *struct {
		Model          string
		Prompt, Output int
	}
}

func TestSDK(t *testing.T) {
	for _, target := range formats() {
		t.Run("to "+target, func(t *testing.T) {
			t.Parallel()
			up := gatewaytest.New(t, script)
			proxy := serve(t, up.URL, target)
			for _, client := range formats() {
				t.Run("from "+client, func(t *testing.T) {
					for _, r := range proxy.run(t, client) {
						t.Run(r.Name, func(t *testing.T) {
							if r.Error != "" {
								t.Error(r.Error)
							}
							if r.Tokens != nil {
								reported(t, up, target, r)
							}
						})
					}
					t.Run("seen by the upstream", func(t *testing.T) { seen(t, up, prefix(target, client)) })
				})
			}
		})
	}
}

// prefix begins the models' names of a pair. Claude's is of a version that takes
// thinking budgets and answers by schema.
func prefix(target, client string) string {
	if target == "messages" {
		return "claude-opus-4-5-" + client + "-"
	}
	return client + "-"
}

// reported holds the usage that a client was told against the one that the
// scripted upstream sent: the size of the body is its prompt, and some more was cached.
func reported(t *testing.T, up *gatewaytest.Upstream, target string, r result) {
	cached := 7
	if target == "messages" {
		cached += 3 // written to the cache
	}
	for _, req := range up.Requests() {
		if req.Model == r.Tokens.Model {
			if want := len(req.Body)/4 + 1 + cached; r.Tokens.Prompt != want || r.Tokens.Output < 1 {
				t.Errorf("the client has %d tokens of prompt, the upstream said %d; and %d of answer", r.Tokens.Prompt, want, r.Tokens.Output)
			}
			return
		}
	}
	t.Errorf("the upstream was never asked for %s", r.Tokens.Model)
}

// seen looks at what reached the upstream.
func seen(t *testing.T, up *gatewaytest.Upstream, prefix string) {
	aborted := 0
	for _, r := range up.Requests() {
		words, ok := strings.CutPrefix(r.Model, prefix)
		if !ok {
			continue
		}
		if r.Key != upstreamKey {
			t.Errorf("%s was asked for with another key than the provider's", r.Model)
		}
		switch {
		case words == "image" && !bytes.Contains(r.Body, []byte("iVBORw0KGgo")):
			t.Errorf("the image was lost: %.500s", r.Body)
		case words == "document" && !bytes.Contains(r.Body, []byte("JVBERi0xLjQ")):
			t.Errorf("the document was lost: %.500s", r.Body)
		case strings.HasPrefix(words, "abort-"):
			aborted++
			select {
			case <-r.Done():
				if !r.Left() {
					t.Errorf("%s was answered to the end", r.Model)
				}
			case <-time.After(time.Minute):
				t.Errorf("%s goes on, although its client left", r.Model)
			}
		case words == "thread" && bytes.Contains(r.Body, []byte("go on")) && !bytes.Contains(r.Body, []byte(`"continue"`)) && !bytes.Contains(r.Body, []byte(`"hi"`)):
			t.Errorf("a request has no more than what is new: %s", r.Body)
		case words == "wrong-token":
			t.Error("a client without the token reached the upstream")
		}
	}
	if aborted != 2 {
		t.Errorf("%d requests were aborted, not 2", aborted)
	}
}

const (
	upstreamKey = "the-key-of-the-provider"
	localToken  = "the-token-of-the-profile"
)

// proxy is a running ringlet.
type proxy struct{ url, upstream, target, modules string }

// serve starts the real binary with one provider, which speaks one format only.
func serve(t *testing.T, upstream, target string) proxy {
	t.Helper()
	binary, modules := built(t, "ringlet"), built(t, "sdk/node_modules/openai")
	dir := t.TempDir()
	port := porttest.Own(t)
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, configuration(port, upstream, target), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "proxy", "serve", "--config", config)
	cmd.Env = []string{"HOME=" + dir, "SDK_KEY=" + upstreamKey}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	log := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was interrupted
		if strings.Contains(log.String(), "panic") || t.Failed() {
			t.Errorf("the proxy's log:\n%s", log)
		}
	})
	p := proxy{url: fmt.Sprintf("http://127.0.0.1:%d", port), upstream: upstream, target: target, modules: filepath.Dir(filepath.Dir(modules))}
	await(t, p.url+"/health")
	return p
}

// configuration is as ringlet writes it. A model "…falls-X" goes to a target that
// fails in the way X first, and then to the provider under its own name.
func configuration(port int, upstream, target string) []byte {
	provider, base := "openai", upstream+"/o/v1"
	if target == "messages" {
		provider, base = "anthropic", upstream+"/a"
	}
	var b, models bytes.Buffer
	for _, client := range formats() {
		for _, fault := range []string{"error-event", "cut-early", "fail-529"} {
			name := "falls-" + strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(fault, "error-"), "fail-"), "-early")
			asked := prefix(target, client)
			fmt.Fprintf(&b, "  - { name: %s-%s, condition: 'model == \"%s%s\"', model: %s/%s-%s, priority: 1 }\n", client, name, asked, name, provider, client, fault)
			fmt.Fprintf(&models, "- { model_name: %[1]s/%[2]s-%[3]s, litellm_params: { model: %[1]s/%[2]s-%[3]s } }\n", provider, client, fault)
		}
	}
	return fmt.Appendf(nil, `server: { host: 127.0.0.1, port: %d }
model_list:
%s- { model_name: %[3]s/listed, litellm_params: { model: %[3]s/listed } }
router_settings:
  routing_strategy: conditional
  model_group_alias: { claude-listed: %[3]s/listed }
  rules:
%[4]sringlet:
  version: 1
  profile: sdk
  seq: 1
  token_sha256: ["%[5]x"]
  provider: %[3]s
  providers:
    %[3]s: { formats: { %[6]s: "%[7]s" }, auth_header: x-api-key, key_env: SDK_KEY }
`, port, &models, provider, &b, sum(localToken), target, base)
}

// run lets a client run its cases.
func (p proxy) run(t *testing.T, client string) []result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", client+".mjs")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "SDK_MODULES=" + p.modules, "RINGLET_URL=" + p.url, "UPSTREAM_URL=" + p.upstream, "RINGLET_TOKEN=" + localToken,
		"SDK_MODEL_PREFIX=" + prefix(p.target, client)}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s.mjs: %v\n%s%s", client, err, out, stderr)
	}
	var results []result
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		results = append(results, r)
	}
	if len(results) < 20 {
		t.Errorf("node %s.mjs ran %d cases\n%s", client, len(results), stderr)
	}
	return results
}
