package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// token is what the client sends as its key.
const token = "the-token-of-the-benchmark"

// target is something that answers requests.
type target struct {
	name  string
	port  int
	pid   int // 0 for the upstream itself
	every int // of the rounds, each so manieth has a request; for what is slow
	stop  func()
}

func (t *target) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(t.port)) }

// request is the request as this target takes it.
func (t *target) request(body []byte) []byte {
	return bytes.Replace(request(body), []byte("{port}"), []byte(strconv.Itoa(t.port)), 1)
}

// direct is the upstream without anything in between.
func (b *bench) direct() (*target, error) {
	_, port, err := net.SplitHostPort(b.upstream)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	return &target{name: "direct", port: n, every: 1, stop: func() {}}, err
}

// engine is how ringlet is to be started.
type engine struct {
	format string // of the upstream: messages or chat
	rules  int    // besides the last one, which takes everything
}

// ringletConfig writes a configuration as ringlet generates it; model and rules are
// named so that each request gets another model's name.
func (b *bench) ringletConfig(port int, e engine) (string, error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("ringlet-%d", port))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	base := "http://" + b.upstream
	if e.format == "chat" {
		base += "/v1"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "server: { host: 127.0.0.1, port: %d }\n", port)
	fmt.Fprintf(&text, "model_list:\n- { model_name: up/everyday, litellm_params: { model: up/everyday } }\n- { model_name: up/long, litellm_params: { model: up/long } }\n")
	fmt.Fprintf(&text, "router_settings:\n  routing_strategy: conditional\n  rules:\n")
	condition, least := "tokens > %d and tools >= 200", 1_000_000
	if b.sized {
		condition, least = "tokens > %d", 60_000 // the answer hangs on the estimate from 60 KB on
	}
	for i := range e.rules {
		fmt.Fprintf(&text, "  - { name: r%d, condition: \""+condition+"\", model: up/long, priority: %d }\n", i, least+i, 10+i)
	}
	fmt.Fprintf(&text, "  - { name: default, condition: always, model: up/everyday, priority: 0 }\n")
	fmt.Fprintf(&text, "ringlet:\n  version: 1\n  profile: bench\n  seq: 1\n  token_sha256: [\"%x\"]\n", sha256.Sum256([]byte(token)))
	fmt.Fprintf(&text, "  providers:\n    up: { formats: { %s: \"%s\" }, auth_header: x-api-key, key_env: BENCH_KEY }\n", e.format, base)
	path := filepath.Join(dir, "config.yaml")
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}

// ringletCommand is the command that the unit would run.
func (b *bench) ringletCommand(ctx context.Context, binary, config string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, "proxy", "serve", "--config", config)
	cmd.Env = append([]string{"HOME=" + b.dir, "BENCH_KEY=the-key", "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

func (b *bench) startRinglet(ctx context.Context, name, binary string, e engine) (*target, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	config, err := b.ringletConfig(port, e)
	if err != nil {
		return nil, err
	}
	return b.start(ctx, name, port, 1, b.ringletCommand(ctx, binary, config))
}

// startNginx starts nginx as a plain proxy that, like ringlet, has the whole
// request before it asks the upstream (what can be tried again must be kept), and
// passes on answers as they come.
func (b *bench) startNginx(ctx context.Context) (*target, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "nginx")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // or its workers could not write into the folder
	}
	conf := strings.NewReplacer("{dir}", dir, "{port}", strconv.Itoa(port), "{upstream}", b.upstream, "{user}", user).Replace(`
daemon off; {user} worker_processes auto; pid {dir}/pid; error_log {dir}/error.log;
events { worker_connections 8192; }
http {
  access_log {dir}/access.log;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  client_max_body_size 64m; client_body_buffer_size 64m; keepalive_requests 1000000; tcp_nodelay on;
  upstream up { server {upstream}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:{port};
    location / {
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Api-Key the-key;
      proxy_buffering off; proxy_read_timeout 600s;
    }
  }
}
`)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return nil, err
	}
	return b.start(ctx, "nginx", port, 1, exec.CommandContext(ctx, b.nginx, "-p", dir, "-c", path, "-e", filepath.Join(dir, "error.log")))
}

// startCCR starts claude-code-router without logs, with one provider.
func (b *bench) startCCR(ctx context.Context, format string) (*target, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(b.dir, "ccr-"+format)
	if err := os.MkdirAll(filepath.Join(home, ".claude-code-router"), 0o700); err != nil {
		return nil, err
	}
	provider := map[string]any{"name": "up", "api_base_url": "http://" + b.upstream + "/v1/messages", "api_key": "the-key", "models": []string{"everyday"},
		"transformer": map[string]any{"use": []string{"Anthropic"}}}
	if format == "chat" {
		provider["api_base_url"] = "http://" + b.upstream + "/v1/chat/completions"
		delete(provider, "transformer")
	}
	conf, err := json.Marshal(map[string]any{"PORT": port, "HOST": "127.0.0.1", "APIKEY": token, "LOG": false, "NON_INTERACTIVE_MODE": true,
		"Providers": []any{provider}, "Router": map[string]string{"default": "up,everyday"}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(home, ".claude-code-router", "config.json"), conf, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(b.ccr, "node_modules", "@musistudio", "claude-code-router", "dist", "cli.js"), "start")
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "NODE_ENV=production"}
	return b.start(ctx, "claude-code-router", port, 10, cmd)
}

// start runs a command and waits until its port answers.
func (b *bench) start(ctx context.Context, name string, port, every int, cmd *exec.Cmd) (*target, error) {
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t := &target{name: name, port: port, pid: cmd.Process.Pid, every: every, stop: func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", t.addr(), time.Second)
		if err == nil {
			_ = conn.Close()
			return t, nil
		}
		select {
		case <-tick.C:
			continue
		case <-ended:
			err = errors.New("it ended")
		case <-ctx.Done():
			err = ctx.Err()
		case <-late:
		}
		t.stop()
		return nil, fmt.Errorf("start %s: %w\n%s", name, err, log.String())
	}
}

func freePort(ctx context.Context) (int, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// targets starts the proxies of one lane; the direct call is the first.
func (b *bench) targets(ctx context.Context, format string) (all []*target, stop func(), err error) {
	stop = func() {
		for _, t := range all {
			t.stop()
		}
	}
	add := func(t *target, err error) error {
		if err == nil {
			all = append(all, t)
		}
		return err
	}
	err = add(b.direct())
	if err == nil && b.nginx != "" {
		err = add(b.startNginx(ctx))
	}
	if err == nil {
		err = add(b.startRinglet(ctx, "ringlet", b.ringlet, engine{format: format, rules: 2}))
	}
	if err == nil && b.before != "" {
		err = add(b.startRinglet(ctx, "before", b.before, engine{format: format, rules: 2}))
	}
	if err == nil && b.ccr != "" {
		err = add(b.startCCR(ctx, format))
	}
	if err != nil {
		stop()
	}
	return all, stop, err
}
