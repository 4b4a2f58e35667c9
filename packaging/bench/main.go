// Command bench measures what ringlet's proxy adds to a direct call, beside
// nginx (a plain proxy, the limit) and claude-code-router (what agents are
// otherwise given). All get the same bodies, one request after the other in
// turn, so that a machine that is busy for a while is busy for all of them.
//
//	bench -ringlet build/ringlet -ccr build/bench/ccr-2.0.0 [-before OTHER] [-only same,stream] [-size "1 KB"] [-rounds 0.2]
//
// It prints Markdown tables: docs/performance.md says what they mean. It starts
// everything it needs on free ports of 127.0.0.1, an upstream of its own
// included, and ends all of it. It needs Linux: /proc says what a process used.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// settings are the command line.
type settings struct {
	ringlet string  // the binary
	before  string  // another one to compare with
	nginx   string  // the binary
	ccr     string  // the folder in which npm installed it
	rounds  float64 // times the usual number of rounds
	only    []string
	size    string
	sized   bool // rules go by the size of the prompt
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == "upstream" {
		if err := serveUpstream(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench upstream:", err)
			os.Exit(1)
		}
		return
	}
	var s settings
	var only string
	flag.StringVar(&s.ringlet, "ringlet", "build/ringlet", "ringlet's `binary`")
	flag.StringVar(&s.before, "before", "", "a second `binary` of ringlet, to compare two builds")
	flag.StringVar(&s.nginx, "nginx", "nginx", "nginx's `binary`; empty: without it")
	flag.StringVar(&s.ccr, "ccr", "", "the `folder` in which npm installed claude-code-router; empty: without it")
	flag.Float64Var(&s.rounds, "rounds", 1, "`times` the usual number of rounds")
	flag.StringVar(&s.size, "size", "", "measure only this `size` in the lanes: 1 KB, 150 KB or 1 MB")
	flag.BoolVar(&s.sized, "sized", false, "with rules that need the prompt's size")
	flag.StringVar(&only, "only", "", "measure only these `parts`, separated by commas: "+strings.Join(partNames(), ", "))
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one thing to measure; it prints its table.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

func parts() []part {
	return []part{{"same", sameFormat}, {"stream", streams}, {"translated", translated}, {"size", linearInSize}, {"rules", linearInRules},
		{"start", startTime}, {"memory", memory}}
}

func partNames() []string {
	var out []string
	for _, p := range parts() {
		out = append(out, p.name)
	}
	return out
}

// bench is one run: the folder for everything that is written, and the upstream.
type bench struct {
	settings
	dir      string
	upstream string // host:port
}

func run(ctx context.Context, s settings) (err error) {
	for _, name := range s.only {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	if s.ringlet, err = filepath.Abs(s.ringlet); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ringlet-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{settings: s, dir: dir}
	stop, err := b.startUpstream(ctx)
	if err != nil {
		return err
	}
	defer stop()
	describeMachine(ctx, b)
	for _, p := range parts() {
		if len(s.only) > 0 && !slices.Contains(s.only, p.name) {
			continue
		}
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
