package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// startTime measures from exec to the READY=1 that the init system gets.
func startTime(ctx context.Context, b *bench) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	config, err := b.ringletConfig(port, engine{format: "messages", rules: 2})
	if err != nil {
		return err
	}
	socket := filepath.Join(b.dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	var times, cpus []time.Duration
	for range max(10, int(60*b.rounds)) {
		took, cpu, err := b.startOnce(ctx, config, conn, socket)
		if err != nil {
			return err
		}
		times, cpus = append(times, took), append(cpus, cpu)
	}
	slices.Sort(times)
	slices.Sort(cpus)
	fmt.Printf("\n### From exec to READY=1\n\n%d starts: fastest %s ms, median %s ms, p90 %s ms; CPU of a start and an end, median %s ms\n", len(times),
		ms(times[0]), ms(median(times)), ms(quantile(times, 0.9)), ms(median(cpus)))
	return nil
}

func (b *bench) startOnce(ctx context.Context, config string, conn *net.UnixConn, socket string) (took, cpu time.Duration, err error) {
	cmd := b.ringletCommand(ctx, b.ringlet, config, "NOTIFY_SOCKET="+socket)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if s := cmd.ProcessState; s != nil {
			cpu = s.UserTime() + s.SystemTime()
		}
	}()
	_ = conn.SetReadDeadline(start.Add(10 * time.Second))
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return 0, 0, fmt.Errorf("wait for READY=1: %w", err)
		}
		if strings.HasPrefix(string(buf[:n]), "READY=1") {
			return time.Since(start), 0, nil
		}
	}
}

// openStreams is how many streams are open at once for the memory's sake.
const openStreams = 1000

// memory measures what is resident when idle, and with many streams open.
func memory(ctx context.Context, b *bench) error {
	fmt.Printf("\n### Memory\n\n| target | idle, MB | of that anonymous | after 200 requests of 1 MB | with %d streams of 10 KB requests | with %d of 150 KB |\n|---|---|---|---|---|---|\n", openStreams, openStreams)
	targets, stop, err := b.targets(ctx, "messages")
	if err != nil {
		return err
	}
	defer stop()
	for _, t := range targets[1:] {
		cells := []string{}
		if err := settle(ctx); err != nil {
			return err
		}
		all, anon, err := resident(family(t.pid))
		if err != nil {
			return err
		}
		cells = append(cells, mb(all), mb(anon))
		if t.name == "claude-code-router" {
			fmt.Printf("| %s | %s | | | |\n", t.name, strings.Join(cells, " | "))
			continue
		}
		if _, err := b.measure(ctx, []*target{t}, job{body: conversation(1_000_000, false, false), end: endWhole, rounds: 200}); err != nil {
			return err
		}
		if err := settle(ctx); err != nil {
			return err
		}
		if all, _, err = resident(family(t.pid)); err != nil {
			return err
		}
		cells = append(cells, mb(all))
		for _, size := range []int{10_000, 150_000} {
			all, err := holdStreams(ctx, t, size)
			if err != nil {
				return err
			}
			cells = append(cells, mb(all))
		}
		fmt.Printf("| %s | %s |\n", t.name, strings.Join(cells, " | "))
	}
	return nil
}

// settle gives a target the time to become quiet.
func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
		return nil
	}
}

// holdStreams opens streams that stay open, and tells the memory meanwhile.
func holdStreams(ctx context.Context, t *target, size int) (int64, error) {
	request := t.request(conversation(size, true, true))
	buf := make([]byte, 4096)
	for range openStreams {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.addr())
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(2 * requestTimeout))
		if _, err := conn.Write(request); err != nil {
			return 0, err
		}
		var got strings.Builder
		for !strings.Contains(got.String(), "text_delta") {
			n, err := conn.Read(buf)
			if err != nil {
				return 0, fmt.Errorf("%w after %q", err, got.String())
			}
			got.Write(buf[:n])
		}
	}
	if err := settle(ctx); err != nil {
		return 0, err
	}
	all, _, err := resident(family(t.pid))
	return all, err
}

func mb(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }
