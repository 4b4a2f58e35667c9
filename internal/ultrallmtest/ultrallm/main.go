// Command ultrallm is the stand-in for the ultrallm binary, for tests; see
// package ultrallmtest.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ringlet/ringlet/internal/ultrallmtest"
)

func main() {
	if len(os.Args) != 4 || os.Args[1] != "serve" || os.Args[2] != "--config" {
		fmt.Fprintln(os.Stderr, "usage: ultrallm serve --config PATH")
		os.Exit(2)
	}
	if err := serve(os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "ultrallm:", err)
		os.Exit(1)
	}
}

func serve(path string) error {
	ctx := context.Background()
	if os.Getenv("ULTRALLM_IGNORE_TERM") == "1" {
		signal.Ignore(syscall.SIGTERM)
	} else {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
		defer stop()
	}
	c, err := ultrallmtest.Load(path, os.LookupEnv)
	if err != nil {
		return err
	}
	return ultrallmtest.Serve(ctx, c, os.Stderr)
}
