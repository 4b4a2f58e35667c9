// Command scripted-upstream serves package gatewaytest's scripted upstream, for
// demonstrations and for tests that need one outside their own process.
//
//	scripted-upstream [-addr 127.0.0.1:9100] [-log FILE] [-url-file FILE]
//
// It prints "listening on http://127.0.0.1:PORT" once it accepts connections,
// then one line of JSON per request: time, method, path, query, model, bytes,
// number and key_sha256_prefix (12 hexadecimal digits; never the key). -log
// sends these lines to a file instead. -url-file writes the base URL to a file
// when it is ready, which is how a script learns a port that it left free
// (-addr 127.0.0.1:0). What each model name does stands in the documentation of
// package gatewaytest; GET /__stats counts. It ends on SIGINT and SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "scripted-upstream:", err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:9100", "address to listen on; loopback only, port 0 picks one")
	logPath := flag.String("log", "", "file for the request lines; empty means standard output")
	urlFile := flag.String("url-file", "", "file that gets the base URL when the server is ready")
	flag.Parse()
	if host, _, err := net.SplitHostPort(*addr); err != nil {
		return err
	} else if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", host)
	}
	var log io.Writer = os.Stdout
	if *logPath != "" {
		f, err := os.OpenFile(*logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		log = f
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	u, err := gatewaytest.Start(gatewaytest.Options{Addr: *addr, Log: log, Keep: 1000})
	if err != nil {
		return err
	}
	defer u.Close()
	fmt.Println("listening on", u.URL)
	if *urlFile != "" {
		if err := os.WriteFile(*urlFile, []byte(u.URL+"\n"), 0o600); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}
