// Package servicetest is the conformance suite of every service.Supervisor, and
// the small engine that it has them run.
//
// The engine is the test binary itself: a package whose tests call [Run] has a
// TestMain that calls [Main] first. It is started as `BINARY proxy serve …` and
// `BINARY proxy reload-wait …`, as the real one is.
package servicetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// Chatter is what the engine itself says of a reload that it refuses: it has no
// place in the answer to whoever asked for it.
const Chatter = "the engine goes on as before"

// Config is the engine's configuration, as JSON in the file that --config names.
type Config struct {
	Port       int    // where it listens, when no socket is handed over
	Answer     string // what /health answers
	Refuse     string // it prints this and exits 1: at a start, or in the helper at a reload
	IgnoreTerm bool   // SIGTERM does not end it
	Silent     bool   // it never says that it is ready, and ends by itself
}

// Health is what the engine answers to GET /health.
type Health struct {
	PID    int
	Exe    string   // its binary
	Args   []string // its arguments
	Answer string
	Proxy  string // its variable HTTPS_PROXY
}

// Main runs the engine and exits, when the command line is the engine's; else
// it returns.
func Main() {
	if len(os.Args) < 3 || os.Args[1] != "proxy" {
		return
	}
	var err error
	switch os.Args[2] {
	case "serve":
		err = serve()
	case "reload-wait":
		err = reloadWait()
	default:
		err = fmt.Errorf("no such command: %s", os.Args[2])
	}
	// syscall.Exit: a binary built with -race would wait a second in os.Exit.
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		syscall.Exit(1)
	}
	syscall.Exit(0)
}

func flagValue(name string) string {
	if i := slices.Index(os.Args, name); i >= 0 && i+1 < len(os.Args) {
		return os.Args[i+1]
	}
	return ""
}

func load() (c Config, err error) {
	data, err := os.ReadFile(flagValue("--config"))
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	return c, err
}

func serve() error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM)
	c, err := load()
	if err != nil {
		return err
	}
	if c.Refuse != "" {
		return errors.New(c.Refuse)
	}
	if c.Silent {
		return nil
	}
	var current atomic.Pointer[Config]
	current.Store(&c)

	exe, err := os.Executable() // not argv[0], in which systemd replaces ${…}
	if err != nil {
		return err
	}
	listeners, err := activation.Listeners()
	if err != nil {
		return err
	}
	if len(listeners) == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(c.Port))
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(Health{PID: os.Getpid(), Exe: exe, Args: os.Args[1:], Answer: current.Load().Answer, Proxy: os.Getenv("HTTPS_PROXY")})
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listeners[0]) }()
	fmt.Fprintln(os.Stderr, "serving "+c.Answer)
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return err
	}
	watchdog := time.NewTicker(5 * time.Second)
	defer watchdog.Stop()
	for {
		select {
		case <-watchdog.C:
			_, _ = daemon.SdNotify(false, daemon.SdNotifyWatchdog)
		case err := <-ended:
			return err
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				if c, err := load(); err == nil && c.Refuse == "" {
					current.Store(&c)
				} else {
					fmt.Fprintln(os.Stderr, Chatter)
				}
				continue
			}
			if current.Load().IgnoreTerm {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			_ = server.Shutdown(ctx)
			return nil
		}
	}
}

// reloadWait signals the engine and waits until it answers as the file says.
func reloadWait() error {
	c, err := load()
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(flagValue("--pid"))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		return err
	}
	if c.Refuse != "" {
		return errors.New(c.Refuse)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return poll(ctx, func() error {
		h, err := Ask(ctx, c.Port)
		if err == nil && h.Answer != c.Answer {
			err = fmt.Errorf("it answers %q", h.Answer)
		}
		return err
	})
}

// Ask gets /health of the engine on a port, on a connection of its own.
func Ask(ctx context.Context, port int) (h Health, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+strconv.Itoa(port)+"/health", nil)
	if err != nil {
		return h, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	return h, json.NewDecoder(resp.Body).Decode(&h)
}

// poll repeats ask until it succeeds, or ctx ends: then it is ask's last error.
func poll(ctx context.Context, ask func() error) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%w, last: %v", ctx.Err(), strings.TrimSpace(err.Error()))
		}
	}
}
