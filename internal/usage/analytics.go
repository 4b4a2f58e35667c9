package usage

import "time"

// Analytics is what GET /spend/analytics answers, of the built-in engine and of
// ultrallm alike. It has the shape of LiteLLM's GET /user/daily/activity
// (docs.litellm.ai/docs/proxy/cost_tracking, "Daily Spend Breakdown API"): a
// list of days, each broken down by model, and totals; without its pages, keys
// and teams, which a proxy of one user does not have. The query may have
// start_date and end_date, YYYY-MM-DD, both included.
type Analytics struct {
	Results  []AnalyticsDay  `json:"results"` // newest day first; days without requests are left out
	Metadata AnalyticsTotals `json:"metadata"`
}

// AnalyticsDay is one day, in local time.
type AnalyticsDay struct {
	Date      string             `json:"date"` // YYYY-MM-DD
	Metrics   Metrics            `json:"metrics"`
	Breakdown AnalyticsBreakdown `json:"breakdown"`
}

// AnalyticsBreakdown are a day's parts.
type AnalyticsBreakdown struct {
	Models map[string]AnalyticsModel `json:"models"` // by target, "provider/model"; "" for requests that none was asked
}

// AnalyticsModel is one model's part of a day.
type AnalyticsModel struct {
	Metrics Metrics `json:"metrics"`
}

// Metrics are sums over requests.
type Metrics struct {
	Spend              *float64 `json:"spend"`         // US dollars, as far as prices are known; null where none is
	PromptTokens       int64    `json:"prompt_tokens"` // all that went in, what a cache read or wrote included
	CompletionTokens   int64    `json:"completion_tokens"`
	CacheReadTokens    int64    `json:"cache_read_input_tokens"`
	CacheWriteTokens   int64    `json:"cache_creation_input_tokens"`
	TotalTokens        int64    `json:"total_tokens"` // prompt and completion
	SuccessfulRequests int64    `json:"successful_requests"`
	FailedRequests     int64    `json:"failed_requests"`
	APIRequests        int64    `json:"api_requests"`
	UnpricedRequests   int64    `json:"unpriced_requests"` // those missing in spend; LiteLLM has no such figure
}

// AnalyticsTotals are the sums over all days.
type AnalyticsTotals struct {
	Spend              *float64 `json:"total_spend"`
	PromptTokens       int64    `json:"total_prompt_tokens"`
	CompletionTokens   int64    `json:"total_completion_tokens"`
	CacheReadTokens    int64    `json:"total_cache_read_input_tokens"`
	CacheWriteTokens   int64    `json:"total_cache_creation_input_tokens"`
	TotalTokens        int64    `json:"total_tokens"`
	APIRequests        int64    `json:"total_api_requests"`
	SuccessfulRequests int64    `json:"total_successful_requests"`
	FailedRequests     int64    `json:"total_failed_requests"`
	UnpricedRequests   int64    `json:"total_unpriced_requests"`
}

// Analyst adds records up to an [Analytics]. Make it by [NewAnalyst].
type Analyst struct {
	days  *Sums
	parts map[string]*Sums // by day, grouped by target
}

// NewAnalyst starts from nothing.
func NewAnalyst() *Analyst { return &Analyst{NewSums(ByDay), map[string]*Sums{}} }

// Add takes a record in.
func (a *Analyst) Add(r Record) {
	if !r.Generates() {
		return
	}
	a.days.Add(r)
	day := ByDay.key(r)
	if a.parts[day] == nil {
		a.parts[day] = NewSums(ByTarget)
	}
	a.parts[day].Add(r)
}

// Analytics are the sums so far.
func (a *Analyst) Analytics() Analytics {
	out := Analytics{Results: []AnalyticsDay{}}
	days := a.days.Groups()
	for i := len(days) - 1; i >= 0; i-- {
		day := AnalyticsDay{Date: days[i].Key, Metrics: days[i].metrics(), Breakdown: AnalyticsBreakdown{map[string]AnalyticsModel{}}}
		for _, g := range a.parts[day.Date].Groups() {
			day.Breakdown.Models[g.Key] = AnalyticsModel{g.metrics()}
		}
		out.Results = append(out.Results, day)
	}
	m := a.days.Total.metrics()
	out.Metadata = AnalyticsTotals{m.Spend, m.PromptTokens, m.CompletionTokens, m.CacheReadTokens, m.CacheWriteTokens, m.TotalTokens,
		m.APIRequests, m.SuccessfulRequests, m.FailedRequests, m.UnpricedRequests}
	return out
}

func (s *Sum) metrics() Metrics {
	m := Metrics{PromptTokens: s.In(), CompletionTokens: s.Output, CacheReadTokens: s.CacheRead, CacheWriteTokens: s.CacheWrite,
		TotalTokens: s.In() + s.Output, SuccessfulRequests: s.Requests - s.Failed, FailedRequests: s.Failed, APIRequests: s.Requests,
		UnpricedRequests: s.Unpriced}
	if s.Priced > 0 {
		m.Spend = &s.Cost
	}
	return m
}

// AddAnalytics takes another engine's sums in, of the days from since on. What
// they do not tell (rules, the model asked for, times to the first byte) stays
// unknown.
func (s *Sums) AddAnalytics(profile string, a Analytics, since time.Time) {
	first := ""
	if !since.IsZero() {
		first = since.Local().Format(time.DateOnly)
	}
	for _, day := range a.Results {
		if day.Date < first {
			continue
		}
		for model, part := range day.Breakdown.Models {
			r := Record{Profile: profile, Target: model}
			key := s.by.key(r)
			if s.by == ByDay {
				key = day.Date
			}
			for _, sum := range []*Sum{s.group(key), &s.Total} {
				sum.addMetrics(part.Metrics)
			}
			if part.Metrics.TotalTokens > 0 && (part.Metrics.UnpricedRequests > 0 || part.Metrics.Spend == nil) {
				s.unpriced[model] = true
			}
		}
	}
}

func (s *Sum) addMetrics(m Metrics) {
	s.Requests += m.APIRequests
	s.Failed += m.FailedRequests
	s.Input += m.PromptTokens - m.CacheReadTokens - m.CacheWriteTokens
	s.Output += m.CompletionTokens
	s.CacheRead += m.CacheReadTokens
	s.CacheWrite += m.CacheWriteTokens
	switch {
	case m.Spend != nil:
		s.Cost += *m.Spend
		s.Priced += max(0, m.APIRequests-m.UnpricedRequests)
		s.Unpriced += m.UnpricedRequests
	case m.TotalTokens > 0:
		s.Unpriced += max(m.UnpricedRequests, 1)
	}
}
