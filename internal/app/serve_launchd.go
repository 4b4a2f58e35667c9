package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/routes"
)

// launchdLine begins a line of the file that launchd collects, whose lines have no
// time unless the engine says it. It has the form of proxy.log's lines.
func launchdLine(w io.Writer, message string) error {
	_, err := fmt.Fprintf(w, "time=%s %s\n", time.Now().Format("2006-01-02T15:04:05.000Z07:00"), message)
	return err
}

// serveUnderLaunchd runs an engine that launchd has started. A second one of the
// same profile leaves without a failure, or launchd would start it again every
// five seconds: each kind of login, at the screen and over ssh, loads the user's
// agents into a domain of its own, and this one is meant for both.
func serveUnderLaunchd(ctx context.Context, g gateway.Options, keys *secrets.Store) error {
	// Why an engine does not start is said without a time.
	if err := launchdLine(g.Stderr, fmt.Sprintf("level=info msg=\"engine %s starts, process %d\"", g.Version, os.Getpid())); err != nil {
		g.Logger.Debug("launchd's log of this engine cannot be written", "error", err)
	}
	g.Journal = besidesProxyLog(g.Stderr)
	err := gateway.Run(ctx, g)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	pid, ok := twin(ctx, g.ConfigPath, keys)
	if !ok {
		return err
	}
	return launchdLine(g.Stderr, fmt.Sprintf("level=info msg=\"process %d serves this profile already, as another login has it; process %d leaves\"", pid, os.Getpid()))
}

// twin is the engine that serves the same profile on the same port, by its proof.
func twin(ctx context.Context, config string, keys *secrets.Store) (pid int, ok bool) {
	data, err := os.ReadFile(config)
	if err != nil {
		return 0, false
	}
	cfg, err := routes.ParseConfig(config, data)
	if err != nil {
		return 0, false
	}
	token, err := keys.Token(cfg.Ringlet.Profile)
	if err != nil {
		return 0, false
	}
	client, err := healthClient(keys, cfg.Server.Port, cfg.Ringlet.Profile, token)
	if err != nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	report, err := client.Check(ctx)
	return report.PID, err == nil && !report.Draining
}
