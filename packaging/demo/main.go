// Command demo shows ringlet's main job on this machine: it makes a profile
// with three rules in a temporary home, has systemd run its proxy (or, where
// there is no user manager, runs it in the foreground), sends three requests
// that take three different routes, shows status and log, and cleans up.
//
// It needs no key and no provider: a scripted provider runs inside it. Nothing
// of the user's is touched; the unit it installs is named demo-<pid> and goes
// at the end, also after Ctrl-C.
//
//	demo PATH-OF-RINGLET
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo PATH-OF-RINGLET")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run of it.
type demo struct {
	ringlet string // absolute path of the binary
	home    string
	alias   string
	env     []string
}

func run(ctx context.Context, binary string) (err error) {
	binary, err = filepath.Abs(binary)
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "ringlet-demo-")
	if err != nil {
		return err
	}
	d := &demo{ringlet: binary, home: home, alias: fmt.Sprintf("demo-%d", os.Getpid()), env: environment(home, filepath.Dir(binary))}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()

	d.say("A provider of our own stands in for three real ones; the home is a temporary one.")
	upstream, err := gatewaytest.Start(gatewaytest.Options{})
	if err != nil {
		return err
	}
	defer upstream.Close()
	for _, id := range []string{"everyday", "strong", "cheap"} {
		if err := d.provider(id, upstream.URL); err != nil {
			return err
		}
	}
	if err := d.ringletIn(ctx, "a-key-of-the-demo\n", "providers", "login", "everyday"); err != nil {
		return err
	}
	for _, id := range []string{"strong", "cheap"} {
		if err := d.quiet(ctx, "a-key-of-the-demo\n", "providers", "login", id); err != nil {
			return err
		}
	}

	d.say("A profile of Claude Code, with its own proxy:")
	// Whatever happens from here on, the unit goes again.
	defer func() {
		d.say("Clean-up: the unit, the port, the token and the temporary home go.")
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, d.ringletIn(clean, "", "profiles", "delete", d.alias, "--force"))
	}()
	if err := d.ringletIn(ctx, "", "profiles", "create", "claude", d.alias, "--proxy", "-p", "everyday"); err != nil {
		return err
	}
	d.say("Long prompts go to a cheap provider, thinking to a strong one, the rest stays:")
	for _, rule := range [][]string{
		{"long-context", "tokens > 100000", "cheap/long-1", "--priority", "10"},
		{"thinking", "thinking", "strong/deep-1", "--priority", "5"},
		{"default", "always", "everyday/quick-1"},
	} {
		if err := d.ringletIn(ctx, "", append([]string{"proxy", "route", "add", d.alias}, rule...)...); err != nil {
			return err
		}
	}
	if err := d.ringletIn(ctx, "", "proxy", "config", d.alias); err != nil {
		return err
	}
	stopEngine, err := d.engine(ctx)
	if err != nil {
		return err
	}
	defer stopEngine()
	if err := d.requests(ctx); err != nil {
		return err
	}
	d.say("How it is, and what it logged:")
	if err := d.ringletIn(ctx, "", "proxy", "status", d.alias); err != nil {
		return err
	}
	return d.ringletIn(ctx, "", "proxy", "logs", d.alias, "--lines", "8")
}

// environment is what the commands see: the demo's home, the real user manager.
func environment(home, bin string) []string {
	env := []string{"HOME=" + home, "PATH=" + bin + ":" + os.Getenv("PATH")}
	for _, name := range []string{"XDG_RUNTIME_DIR", "USER", "LOGNAME", "LANG", "TERM", "NO_COLOR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// provider writes a provider of the user's own, the scripted one behind a path.
func (d *demo) provider(id, url string) error {
	dir := filepath.Join(d.home, ".config", "ringlet", "providers.d")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf("id: %s\nname: The %s provider\nendpoints:\n  production: { messages: %q }\ndefault_endpoint: production\nauth: { env: DEMO_KEY, header: x-api-key }\nmodels:\n  - { id: %s-1, input: 1.00, output: 5.00, context: 200000 }\n",
		id, id, url+"/"+id, map[string]string{"everyday": "quick", "strong": "deep", "cheap": "long"}[id])
	return os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o600)
}

// engine makes sure that one runs: systemd's, or one of our own.
func (d *demo) engine(ctx context.Context) (stop func(), err error) {
	status, err := d.status(ctx)
	if err != nil {
		return nil, err
	}
	if status.Supervisor != "none" {
		d.say("systemd runs it; its own tools see it, too:")
		// systemctl may be missing where its manager is not; showing is all that it is for.
		cmd := exec.CommandContext(ctx, "systemctl", "--user", "--no-pager", "--lines=0", "status", status.Unit)
		fmt.Println("$", strings.Join(cmd.Args, " "))
		cmd.Env, cmd.Stdout, cmd.Stderr = d.env, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
		}
		return func() {}, nil
	}
	d.say("There is no user manager here, so the engine runs in the foreground of a shell of its own:")
	fmt.Println("$ ringlet proxy serve --config", status.ConfigPath, "&")
	cmd := exec.CommandContext(ctx, d.ringlet, "proxy", "serve", "--config", status.ConfigPath)
	cmd.Env, cmd.Stderr = d.env, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		_ = cmd.Wait()
	}
	for {
		if status, err = d.status(ctx); err == nil && status.Status == "running" {
			return stop, nil
		}
		select {
		case <-ctx.Done():
			stop()
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

type status struct {
	Port       int    `json:"port"`
	Status     string `json:"status"`
	Supervisor string `json:"supervisor"`
	Unit       string `json:"unit"`
	ConfigPath string `json:"config_path"`
}

func (d *demo) status(ctx context.Context) (status, error) {
	cmd := exec.CommandContext(ctx, d.ringlet, "proxy", "status", d.alias, "--json")
	cmd.Env, cmd.Stderr = d.env, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return status{}, fmt.Errorf("proxy status: %w", err)
	}
	var list []status
	if err := json.Unmarshal(out, &list); err != nil || len(list) != 1 {
		return status{}, fmt.Errorf("proxy status printed %q (%w)", out, err)
	}
	return list[0], nil
}

// requests sends what an agent would, and shows who answered.
func (d *demo) requests(ctx context.Context) error {
	s, err := d.status(ctx)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(d.home, ".config", "ringlet", "credentials", "local", d.alias))
	if err != nil {
		return err
	}
	d.say("Three requests as an agent sends them, to one port:")
	for _, r := range []struct{ what, prompt, extra, want string }{
		{"a short question", "say hi", "", "/everyday"},
		{"a question to think about", "why is the sky dark at night?", `,"thinking":{"type":"enabled","budget_tokens":2000}`, "/strong"},
		{"a prompt of 150,000 words", strings.Repeat("lorem ipsum dolor ", 50_000), "", "/cheap"},
	} {
		answer, err := ask(ctx, s.Port, strings.TrimSpace(string(token)), r.prompt, r.extra)
		if err != nil {
			return err
		}
		fmt.Printf("  %-28s -> %s\n", r.what, answer)
		if !strings.Contains(answer, r.want) {
			return fmt.Errorf("that should have gone to %s", r.want)
		}
	}
	return nil
}

// ask sends one message and returns the text of the answer.
func ask(ctx context.Context, port int, token, prompt, extra string) (string, error) {
	content, err := json.Marshal(prompt)
	if err != nil {
		return "", err
	}
	body := fmt.Sprintf(`{"model":"claude-sonnet-4","max_tokens":4096,"messages":[{"role":"user","content":%s}]%s}`, content, extra)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/v1/messages", port), strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var message struct {
		Content []struct{ Text string } `json:"content"`
	}
	if err := json.Unmarshal(raw, &message); err != nil || resp.StatusCode != http.StatusOK || len(message.Content) == 0 {
		return "", fmt.Errorf("the proxy answered %s: %.300s", resp.Status, raw)
	}
	return message.Content[len(message.Content)-1].Text, nil
}

func (d *demo) say(text string) { fmt.Printf("\n# %s\n", text) }

// ringletIn shows a command and runs it.
func (d *demo) ringletIn(ctx context.Context, stdin string, args ...string) error {
	var shown []string
	for _, a := range args {
		if strings.ContainsAny(a, " >") {
			a = `"` + a + `"`
		}
		shown = append(shown, a)
	}
	fmt.Println("$ ringlet", strings.Join(shown, " "))
	out, err := d.output(ctx, stdin, args...)
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		fmt.Println(s.Text())
	}
	return err
}

func (d *demo) quiet(ctx context.Context, stdin string, args ...string) error {
	out, err := d.output(ctx, stdin, args...)
	if err != nil {
		os.Stdout.Write(out)
	}
	return err
}

func (d *demo) output(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, d.ringlet, args...)
	cmd.Env, cmd.Stdin = d.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("ringlet %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
