package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
)

// upstreamKey is where a session keeps its provider.
type upstreamKey struct{}

// setUpstream fills the place that the session's Setup made.
func setUpstream(ts *testscript.TestScript, u *gatewaytest.Upstream) {
	*ts.Value(upstreamKey{}).(**gatewaytest.Upstream) = u
}

func cmdRequests(ts *testscript.TestScript, _ []string) {
	u := *ts.Value(upstreamKey{}).(**gatewaytest.Upstream)
	if u == nil {
		ts.Fatalf("there is no upstream")
	}
	for _, r := range u.Requests() {
		fmt.Fprintf(ts.Stdout(), "%s %s model=%s key=%s\n", r.Method, r.Path, r.Model, r.Key)
	}
}

// cmdPost sends a request as an agent would, with the profile's token:
//
//	post work model=claude-sonnet-4 prompt=hi words=1000 tools=12 thinking=true stream=true token=… header=Name:value
func cmdPost(ts *testscript.TestScript, args []string) {
	need(ts, args, 1, "post ALIAS [name=value…]")
	config := filepath.Join(ts.Getenv("HOME"), ".config", "ringlet")
	ports, err := os.ReadFile(filepath.Join(config, "ports.json"))
	ts.Check(err)
	port := gjson.GetBytes(ports, "ports."+args[0]).Int()
	token, err := os.ReadFile(filepath.Join(config, "credentials", "local", args[0]))
	ts.Check(err)
	body, header, err := request(args[1:])
	ts.Check(err)
	if header.Get("Authorization") == "" {
		header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/v1/messages", port), bytes.NewReader(body))
	ts.Check(err)
	req.Header = header
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", resp.StatusCode, answer)
}

// request makes a Messages request of name=value pairs.
func request(pairs []string) (body []byte, header http.Header, err error) {
	header = http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}}
	r := map[string]any{"model": "claude-sonnet-4", "max_tokens": 1024}
	prompt := "say hi"
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, nil, fmt.Errorf("%q is not name=value", pair)
		}
		switch name {
		case "model":
			r["model"] = value
		case "prompt":
			prompt = value
		case "words":
			n, err := strconv.Atoi(value)
			if err != nil {
				return nil, nil, err
			}
			prompt = strings.Repeat("lorem ", n)
		case "tools":
			n, err := strconv.Atoi(value)
			if err != nil {
				return nil, nil, err
			}
			tools := []any{}
			for i := range n {
				tools = append(tools, map[string]any{"name": fmt.Sprintf("tool%d", i), "input_schema": map[string]any{"type": "object"}})
			}
			r["tools"] = tools
		case "thinking":
			r["thinking"] = map[string]any{"type": "enabled", "budget_tokens": 1024}
		case "stream":
			r["stream"] = value == "true"
		case "token":
			header.Set("Authorization", "Bearer "+value)
		case "header":
			key, v, _ := strings.Cut(value, ":")
			header.Set(key, v)
		default:
			return nil, nil, fmt.Errorf("post knows no %q", name)
		}
	}
	r["messages"] = []any{map[string]any{"role": "user", "content": prompt}}
	body, err = json.Marshal(r)
	return body, header, err
}
