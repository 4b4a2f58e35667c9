package main

import (
	"context"
	"fmt"
	"time"
)

// sameFormat measures whole answers where nothing is translated.
func sameFormat(ctx context.Context, b *bench) error {
	return b.lane(ctx, "messages", "Same format, whole answer", false)
}

// streams measures streamed answers where nothing is translated.
func streams(ctx context.Context, b *bench) error {
	return b.lane(ctx, "messages", "Same format, streamed answer of 150 KB", true)
}

// translated measures Messages requests that a Chat Completions upstream answers.
// nginx cannot do that.
func translated(ctx context.Context, b *bench) error {
	nginx := b.nginx
	b.nginx = ""
	defer func() { b.nginx = nginx }()
	if err := b.lane(ctx, "chat", "Messages to Chat Completions, whole answer", false); err != nil {
		return err
	}
	return b.lane(ctx, "chat", "Messages to Chat Completions, streamed answer", true)
}

func (b *bench) lane(ctx context.Context, format, title string, stream bool) error {
	targets, stop, err := b.targets(ctx, format)
	if err != nil {
		return err
	}
	defer stop()
	t := newLaneTable(title, stream)
	for _, size := range []struct{ bytes, rounds int }{{1_000, 3000}, {150_000, 1000}, {1_000_000, 200}} {
		if b.size != "" && b.size != sizeName(size.bytes) {
			continue
		}
		j := job{body: conversation(size.bytes, stream, false), end: endWhole, rounds: size.rounds}
		if stream {
			j.end, j.rounds = endStream, size.rounds/3
		}
		results, err := b.measure(ctx, targets, j)
		if err != nil {
			return err
		}
		t.add(sizeName(size.bytes), results)
	}
	t.print()
	return nil
}

func sizeName(n int) string {
	if n >= 1_000_000 {
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d KB", n/1_000)
}

// linearInSize shows whether the cost per byte stays the same.
func linearInSize(ctx context.Context, b *bench) error {
	up, err := b.direct()
	if err != nil {
		return err
	}
	proxy, err := b.startRinglet(ctx, "ringlet", b.ringlet, engine{format: "messages", rules: 2})
	if err != nil {
		return err
	}
	defer proxy.stop()
	fmt.Printf("\n### Linear in the body\n\n| body | added, ms | added per MB, ms | CPU per MB, ms |\n|---|---|---|---|\n")
	for _, mb := range []int{1, 2, 4, 8, 16, 32} {
		results, err := b.measure(ctx, []*target{up, proxy}, job{body: conversation(mb*1_000_000, false, false), end: endWhole, rounds: max(20, 100/mb)})
		if err != nil {
			return err
		}
		added := median(results[1].total) - median(results[0].total)
		fmt.Printf("| %d MB | %s | %s | %s |\n", mb, ms(added), ms(added/time.Duration(mb)), ms(results[1].cpu/time.Duration(mb)))
	}
	return nil
}

// linearInRules shows what rules cost that do not match.
func linearInRules(ctx context.Context, b *bench) error {
	up, err := b.direct()
	if err != nil {
		return err
	}
	targets := []*target{up}
	counts := []int{1, 10, 100, 1000}
	for _, n := range counts {
		t, err := b.startRinglet(ctx, "ringlet", b.ringlet, engine{format: "messages", rules: n})
		if err != nil {
			return err
		}
		defer t.stop()
		targets = append(targets, t)
	}
	results, err := b.measure(ctx, targets, job{body: conversation(1_000, false, false), end: endWhole, rounds: 1000})
	if err != nil {
		return err
	}
	fmt.Printf("\n### Linear in the rules\n\n| rules that do not match | added, ms | CPU per request, ms |\n|---|---|---|\n")
	for i, n := range counts {
		r := results[i+1]
		fmt.Printf("| %d | %s | %s |\n", n, ms(median(r.total)-median(results[0].total)), ms(r.cpu))
	}
	return nil
}
