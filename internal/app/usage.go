package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ringlet/ringlet/internal/usage"
	"github.com/ringlet/ringlet/profiles"
)

// UsageOptions say which requests are added up, and how.
type UsageOptions struct {
	Alias string    // "" for all profiles
	Since time.Time // zero for all times
	By    usage.By  // "" is by target for one profile, by profile for all
}

// UsageRow is what a group of requests adds up to. The field names are stable.
type UsageRow struct {
	By             usage.By `json:"by"`
	Name           string   `json:"name"`     // of the profile, target, model, rule or day; "" for requests without one
	Requests       int64    `json:"requests"` // those for an answer of a model
	Failed         int64    `json:"failed"`
	Input          int64    `json:"input_tokens"` // without what a cache read or wrote
	Output         int64    `json:"output_tokens"`
	CacheRead      int64    `json:"cache_read_tokens"`
	CacheWrite     int64    `json:"cache_write_tokens"`
	Cost           *float64 `json:"cost_usd"`             // US dollars, as far as prices are known; null where none is
	Unpriced       int64    `json:"unpriced_requests"`    // those missing in the cost
	FirstByte      *int64   `json:"first_byte_median_ms"` // of requests that did not fail; null where none is known
	FirstByteSlow  *int64   `json:"first_byte_p95_ms"`
	CacheReadShare float64  `json:"cache_read_share"` // of all tokens in, 0 to 1
}

// UsageReport is the answer of [App.Usage].
type UsageReport struct {
	By       usage.By
	Rows     []UsageRow
	Total    UsageRow
	Unpriced []string // targets whose price was not known at the time
	Problems []string // what could not be read, a sentence each
}

// maxBadLines bounds how many unreadable lines are named.
const maxBadLines = 5

// Usage adds up what the proxies recorded. A line that cannot be read is
// reported, and left out.
func (a *App) Usage(ctx context.Context, o UsageOptions) (UsageReport, error) {
	by := o.By
	var list []profiles.Profile
	var broken error
	if o.Alias != "" {
		p, err := a.profile(o.Alias)
		if err != nil {
			return UsageReport{}, err
		}
		list = []profiles.Profile{p}
		if by == "" {
			by = usage.ByTarget
		}
	} else {
		all, problems := a.Profiles.List(ctx)
		list, broken = all, errors.Join(problems...)
		if by == "" {
			by = usage.ByProfile
		}
	}
	r := UsageReport{By: by, Rows: []UsageRow{}}
	sums := usage.NewSums(by)
	for _, p := range list {
		if err := a.addUsage(p, o.Since, sums, &r); err != nil {
			return r, err
		}
		if external(p) && p.Proxy.Enabled {
			a.addAnalytics(ctx, p, o.Since, sums, &r)
		}
	}
	for _, g := range sums.Groups() {
		r.Rows = append(r.Rows, usageRow(by, g))
	}
	r.Total = usageRow(by, &sums.Total)
	r.Unpriced = sums.Unpriced()
	return r, broken
}

// addUsage adds a profile's records to sums.
func (a *App) addUsage(p profiles.Profile, since time.Time, sums *usage.Sums, r *UsageReport) error {
	bad := 0
	err := usage.Read(usage.Dir(a.Dirs.EngineDir(p.Agent, p.Alias.String())), since, sums.Add, func(b *usage.BadLine) {
		if bad++; bad <= maxBadLines {
			r.Problems = append(r.Problems, b.Error())
		}
	})
	if bad > maxBadLines {
		r.Problems = append(r.Problems, fmt.Sprintf("and %d more lines of %q that are no usage records", bad-maxBadLines, p.Alias))
	}
	return err
}

// maxAnalytics bounds what is read of an ultrallm engine's sums, in bytes.
const maxAnalytics = 8 << 20

// addAnalytics adds what an ultrallm engine counted, which only it knows.
func (a *App) addAnalytics(ctx context.Context, p profiles.Profile, since time.Time, sums *usage.Sums, r *UsageReport) {
	told, err := a.analytics(ctx, p, since)
	if err != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("what ultrallm counted for %q is left out: %s", p.Alias, sentence(err)))
		return
	}
	sums.AddAnalytics(p.Alias.String(), told, since)
	if r.By == usage.ByRule || r.By == usage.ByModel {
		r.Problems = append(r.Problems, fmt.Sprintf("ultrallm, the engine of %q, does not tell rules, models asked for and waiting times; its requests stand under -", p.Alias))
	}
}

func (a *App) analytics(ctx context.Context, p profiles.Profile, since time.Time) (usage.Analytics, error) {
	var out usage.Analytics
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return out, err
	}
	sup, err := a.connect(ctx, p.Alias.String())
	if err != nil {
		return out, err
	}
	defer sup.Close()
	query := url.Values{"end_date": {time.Now().Format(time.DateOnly)}}
	if !since.IsZero() {
		query.Set("start_date", since.Local().Format(time.DateOnly))
	}
	data, err := a.ultrallm(sup, p, port).Get(ctx, "/spend/analytics?"+query.Encode(), maxAnalytics)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("its answer to GET /spend/analytics makes no sense: %w", err)
	}
	return out, nil
}

func usageRow(by usage.By, s *usage.Sum) UsageRow {
	row := UsageRow{By: by, Name: s.Key, Requests: s.Requests, Failed: s.Failed, Input: s.Input, Output: s.Output,
		CacheRead: s.CacheRead, CacheWrite: s.CacheWrite, Unpriced: s.Unpriced}
	if s.Priced > 0 {
		row.Cost = &s.Cost
	}
	if median, p95, ok := s.FirstByte(); ok {
		row.FirstByte, row.FirstByteSlow = &median, &p95
	}
	if in := s.In(); in > 0 {
		row.CacheReadShare = float64(s.CacheRead) / float64(in)
	}
	return row
}
