package gateway

import (
	"net/http"
	"path/filepath"
	"slices"
	"time"

	spend "github.com/ringlet/ringlet/internal/usage"
)

// spent is the record as the usage file keeps it, at what its target's tokens
// cost; price is nil where nobody knows.
func (r *record) spent(price *spend.Price) *spend.Record {
	out := spend.Record{Time: r.start.Local(), Profile: r.profile, Path: clean(r.path, 100), Model: clean(r.model, 100), Rule: clean(r.rule, 100),
		Target: clean(r.target, 200), Tried: slices.Clone(r.tried), Status: r.status, Outcome: r.outcome,
		Input: spend.Tokens(r.usage.input), Output: spend.Tokens(r.usage.output),
		CacheRead: spend.Tokens(r.usage.cacheRead), CacheWrite: spend.Tokens(r.usage.cacheWrite), Duration: r.duration.Milliseconds()}
	if r.estimate > 0 {
		out.Estimated = spend.Tokens(int64(r.estimate))
	}
	if r.firstByte > 0 {
		out.FirstByte = spend.Tokens(r.firstByte.Milliseconds())
	}
	out = out.Priced(price)
	return &out
}

// price is what a target's tokens cost; nil where the configuration does not say.
func (s *snapshot) price(target string) *spend.Price {
	p, ok := s.config.Ringlet.Prices[target]
	if !ok {
		return nil
	}
	return &spend.Price{Input: p.Input, Output: p.Output, CacheRead: p.CacheRead, CacheWrite: p.CacheWrite}
}

// analyticsDays is how far back /spend/analytics looks where it is not asked for
// a time, in days.
const analyticsDays = 30

// analytics answers GET /spend/analytics: sums of the usage files, which hold
// what was recorded up to a moment ago.
func (x *exchange) analytics() {
	if err := checkMethod(x.r, http.MethodGet, http.MethodHead); err != nil {
		x.refuse(err)
		return
	}
	if err := x.snap.checkToken(x.r); err != nil {
		x.refuse(err)
		return
	}
	from, until, bad := period(x.r, time.Now())
	if bad != "" {
		x.refuse(&apiError{status: http.StatusBadRequest, kind: invalidRequest, message: bad + " must be a day, as in 2026-11-01"})
		return
	}
	a := spend.NewAnalyst()
	broken := 0
	err := spend.Read(spend.Dir(filepath.Dir(x.e.opts.ConfigPath)), from, func(r spend.Record) {
		if r.Time.Before(until) {
			a.Add(r)
		}
	}, func(*spend.BadLine) { broken++ })
	if err != nil {
		x.e.rec.event(priWarning, x.e.profile, "the usage files cannot be read: "+oneLine(err.Error()))
		x.refuse(&apiError{status: http.StatusInternalServerError, kind: apiFailure, message: "the usage files cannot be read; see: ringlet proxy logs " + x.e.profile})
		return
	}
	if broken > 0 {
		x.e.log.Debug("lines of the usage files left out", "lines", broken)
	}
	x.answerJSON(a.Analytics())
}

// period reads start_date and end_date, days of local time that are both
// included; bad names the one that is none.
func period(r *http.Request, now time.Time) (from, until time.Time, bad string) {
	y, m, d := now.Date()
	from = time.Date(y, m, d-analyticsDays+1, 0, 0, 0, 0, time.Local)
	until = time.Date(y, m, d+1, 0, 0, 0, 0, time.Local)
	query := r.URL.Query()
	if s := query.Get("start_date"); s != "" {
		t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
		if err != nil {
			return from, until, "start_date"
		}
		from = t
	}
	if s := query.Get("end_date"); s != "" {
		t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
		if err != nil {
			return from, until, "end_date"
		}
		until = t.AddDate(0, 0, 1)
	}
	return from, until, ""
}
