package main

import (
	"fmt"
	"strings"
	"time"
)

// laneTable is the figures of one lane: a row per size and target.
type laneTable struct {
	title  string
	stream bool
	rows   []string
}

func newLaneTable(title string, stream bool) *laneTable {
	return &laneTable{title: title, stream: stream}
}

// add takes the results of one size over. Ratios are of what is added to the
// direct call's median, which is the first result.
func (t *laneTable) add(size string, results []result) {
	added := map[string][2]time.Duration{}
	cpu := map[string]time.Duration{}
	for _, r := range results {
		added[r.target.name] = [2]time.Duration{median(r.first) - median(results[0].first), median(r.total) - median(results[0].total)}
		cpu[r.target.name] = r.cpu
	}
	for _, r := range results {
		name := r.target.name
		cells := []string{size, name}
		if t.stream {
			cells = append(cells, ms(median(r.first)), ms(quantile(r.first, 0.99)))
			if name == "direct" {
				cells = append(cells, "", "", "")
			} else {
				cells = append(cells, ms(added[name][0]), ratio(added[name][0], added["nginx"][0]), ratio(added[name][0], added["claude-code-router"][0]))
			}
		}
		cells = append(cells, ms(median(r.total)), ms(quantile(r.total, 0.99)))
		if name == "direct" {
			cells = append(cells, "", "", "", "", "")
		} else {
			cells = append(cells, ms(added[name][1]), ratio(added[name][1], added["nginx"][1]), ratio(added[name][1], added["claude-code-router"][1]),
				ms(r.cpu), ratio(r.cpu, cpu["nginx"]))
		}
		t.rows = append(t.rows, "| "+strings.Join(cells, " | ")+" |")
	}
}

func (t *laneTable) print() {
	head := []string{"body", "target"}
	if t.stream {
		head = append(head, "first byte, median ms", "p99", "added", "of nginx's", "of ccr's")
	}
	head = append(head, "answer, median ms", "p99", "added", "of nginx's", "of ccr's", "CPU ms", "of nginx's")
	fmt.Printf("\n### %s\n\n| %s |\n|%s\n", t.title, strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, r := range t.rows {
		fmt.Println(r)
	}
}

// ms prints milliseconds with three digits that count.
func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	switch {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1 || v <= -1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// ratio of two durations; empty where there is nothing to compare with.
func ratio(a, b time.Duration) string {
	if a <= 0 || b <= 0 {
		return ""
	}
	if v := float64(a) / float64(b); v < 0.1 {
		return fmt.Sprintf("1/%.0f", 1/max(v, 1e-6))
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
