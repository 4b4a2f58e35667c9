package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// result is what was measured of one target.
type result struct {
	target *target
	first  []time.Duration // until the first byte of the answer's body, in order of size
	total  []time.Duration // until its last
	cpu    time.Duration   // of the target's processes, per request
}

// job is a request for all targets.
type job struct {
	body   []byte
	end    string // what the answer ends with
	rounds int
}

// The ends of answers, in the Messages format.
const (
	endWhole  = `"usage"`
	endStream = "message_stop"
)

// measure sends the job to all targets in turn, request by request: A B C A B C.
// One request is under way at a time, as with an agent.
func (b *bench) measure(ctx context.Context, targets []*target, j job) ([]result, error) {
	n := len(targets)
	results := make([]result, n)
	clients := make([]*client, n)
	requests := make([][]byte, n)
	for i, t := range targets {
		results[i].target = t
		clients[i] = &client{addr: t.addr()}
		defer clients[i].close()
		requests[i] = t.request(j.body)
	}
	rounds := max(10, int(float64(j.rounds)*b.rounds))
	warm := rounds / 10
	before := make([]time.Duration, n)
	for round := -warm; round < rounds; round++ {
		for i, t := range targets {
			if round == 0 {
				if err := results[i].read(&before[i]); err != nil {
					return nil, err
				}
			}
			if round%t.every != 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			took, err := clients[i].do(ctx, requests[i], j.end)
			if err != nil {
				return nil, fmt.Errorf("%s, %d bytes: %w", t.name, len(j.body), err)
			}
			if round >= 0 {
				results[i].first = append(results[i].first, took.first)
				results[i].total = append(results[i].total, took.total)
			}
		}
	}
	for i := range results {
		var after time.Duration
		if err := results[i].read(&after); err != nil {
			return nil, err
		}
		results[i].cpu = (after - before[i]) / time.Duration(len(results[i].total))
		slices.Sort(results[i].first)
		slices.Sort(results[i].total)
	}
	return results, nil
}

func (r *result) read(into *time.Duration) (err error) {
	if r.target.pid != 0 {
		*into, err = cpuTime(family(r.target.pid))
	}
	return err
}

// quantile of durations in order of size.
func quantile[T cmp.Ordered](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func median(sorted []time.Duration) time.Duration { return quantile(sorted, 0.5) }
