package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

// BenchmarkRequest measures a request over loopback with and without the engine
// between client and upstream; what the engine adds is the difference.
//
//	go test -run xxx -bench Request ./internal/gateway
func BenchmarkRequest(b *testing.B) {
	answer := []byte(`{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":1,"output_tokens":1}}`)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}))
	defer up.Close()
	engine := benchEngine(b, up.URL)
	for _, size := range []int{1_000, 150_000, 1_000_000} {
		body := session(size)
		for name, url := range map[string]string{"direct": up.URL, "proxied": engine} {
			b.Run(fmt.Sprintf("%dKB/%s", size/1000, name), func(b *testing.B) {
				client := &http.Client{Transport: &http.Transport{WriteBufferSize: 64 << 10}}
				defer client.CloseIdleConnections()
				b.ReportAllocs()
				for b.Loop() {
					req, err := http.NewRequest(http.MethodPost, url+"/v1/messages", bytes.NewReader(body))
					if err != nil {
						b.Fatal(err)
					}
					req.Header.Set("Content-Type", "application/json")
					req.Header.Set("X-Api-Key", testToken)
					resp, err := client.Do(req)
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode != 200 {
						b.Fatal(resp.Status)
					}
				}
			})
		}
	}
}

func benchEngine(b *testing.B, upstream string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	c := testConfig(map[string]string{"a": upstream}, "tokens > 1000000 -> a/long", "always -> a/m")
	c.Server.Port = ln.Addr().(*net.TCPAddr).Port
	path := filepath.Join(b.TempDir(), "config.yaml")
	write(b, path, c)
	s, err := load(path, &keyRing{keys: map[string]string{"a": "k"}})
	if err != nil {
		b.Fatal(err)
	}
	e := newEngine(Options{ConfigPath: path, Journal: func(string, int, map[string]string) error { return nil }}.withDefaults(), s)
	srv := e.server(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(trackedListener{ln, e.conns}) }()
	b.Cleanup(func() { _ = srv.Close(); <-done; e.rec.close(); e.closeIdle() })
	return "http://" + ln.Addr().String()
}
