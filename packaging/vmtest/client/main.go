// Command client is an agent in the virtual machine: it posts messages to a
// proxy for a while, or a number of them, and never tries one twice. At the end it
// prints what became of them as JSON.
//
//	client -port 8081 -token-file FILE [-for 10s] [-posts 100] [-at-once 1] [-size 0] [-model any]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/packaging/vmtest/wire"
)

func main() {
	c := client{summary: wire.Summary{Outcomes: map[string]int{}}}
	port := flag.Int("port", 0, "the proxy's port on 127.0.0.1")
	token := flag.String("token-file", "", "the file with the profile's local token")
	flag.DurationVar(&c.limit, "for", 0, "how long; 0 is until there were -posts")
	flag.IntVar(&c.posts, "posts", 0, "how many; 0 is until the time is over")
	atOnce := flag.Int("at-once", 1, "how many at the same time")
	flag.IntVar(&c.size, "size", 0, "bytes that a message has besides")
	flag.StringVar(&c.model, "model", "any", "the model that is asked for")
	flag.Parse()
	text, err := os.ReadFile(*token)
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	c.url, c.token = fmt.Sprintf("http://127.0.0.1:%d/v1/messages", *port), strings.TrimSpace(string(text))
	c.run(context.Background(), *atOnce)
	_ = json.NewEncoder(os.Stdout).Encode(c.summary) // plain fields, and nobody to tell
}

// client posts, and counts.
type client struct {
	url, token, model string
	limit             time.Duration
	posts, size       int

	mu      sync.Mutex
	sent    int
	summary wire.Summary
}

// run posts from several goroutines until it is enough.
func (c *client) run(ctx context.Context, atOnce int) {
	began := time.Now() // monotonic: the clock may jump meanwhile
	more := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.limit > 0 && time.Since(began) >= c.limit || c.posts > 0 && c.sent >= c.posts {
			return false
		}
		c.sent++
		return true
	}
	var failing time.Time // since when nothing was answered
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for more() {
				start := time.Now()
				outcome := c.post(ctx)
				c.mu.Lock()
				c.summary.Outcomes[outcome]++
				c.summary.SlowestMS = max(c.summary.SlowestMS, time.Since(start).Milliseconds())
				switch {
				case outcome == "200":
					if !failing.IsZero() {
						c.summary.OutageMS = max(c.summary.OutageMS, time.Since(failing).Milliseconds())
					}
					failing = time.Time{}
				case failing.IsZero():
					failing = start
				}
				c.mu.Unlock()
			}
		})
	}
	wg.Wait()
	if !failing.IsZero() {
		c.summary.OutageMS = max(c.summary.OutageMS, time.Since(failing).Milliseconds())
	}
}

// post sends one message on a connection of its own, and says how it ended: a
// status, or a word for what came instead.
func (c *client) post(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	body := fmt.Sprintf(`{"model":%q,"max_tokens":64,"messages":[{"role":"user","content":"say hi%s"}]}`, c.model, strings.Repeat(" hello", c.size/6))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return err.Error()
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Authorization", "Bearer "+c.token)
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	var timeout net.Error
	switch {
	case err == nil:
		return fmt.Sprint(resp.StatusCode)
	case errors.Is(err, syscall.ECONNREFUSED):
		return wire.Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return wire.Broken
	case errors.As(err, &timeout) && timeout.Timeout():
		return wire.Late
	}
	return err.Error()
}
