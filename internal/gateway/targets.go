package gateway

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/routes"
)

// maxTargets bounds how many targets are kept apart: under the profile's own
// provider the model is whatever a client asks for. What comes after them is
// neither counted nor left alone.
const maxTargets = 256

// Why a target is left alone, in the words of Seen.Down, /health and RINGLET_TRIED.
const (
	downCooling = "cooling" // it asked for a wait that is not over
	downOpen    = "open"    // its breaker is
)

// targets is what was seen of each target since the start, over reloads.
type targets struct {
	mu     sync.Mutex
	byName map[string]*seenTarget
	// changed says that experience was gathered since the last snapshot.
	changed bool
}

// seenTarget is one of them; its fields belong to targets.mu.
type seenTarget struct {
	counts  health.Target
	breaker *breaker
	cooling time.Time // until when; zero where it is not
	last    *failure  // the newest that counts, without what the upstream wrote
	output  float64   // running mean of its answers' length, in tokens; 0: none was reported
	experience
}

func newTargets() *targets { return &targets{byName: map[string]*seenTarget{}} }

// get is what is kept of a target; nil where there are too many. Call it with the lock.
func (t *targets) get(name string) *seenTarget {
	name = clean(name, 200)
	x := t.byName[name]
	if x == nil && len(t.byName) < maxTargets {
		x = &seenTarget{counts: health.Target{Target: name}, breaker: newBreaker()}
		t.byName[name] = x
	}
	return x
}

// add counts one attempt; status is 0 where there was no answer.
func (t *targets) add(target string, status int, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.get(target)
	if x == nil {
		return
	}
	x.counts.Requests++
	x.counts.LastStatus = status
	if failed {
		x.counts.Failures++
	}
}

// look is what is to be known of a target before it is chosen.
func (t *targets) look(target routes.Target, now time.Time) routes.Seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.byName[clean(target.String(), 200)]
	if x == nil {
		return unseen()
	}
	s := x.experience.seen(now)
	s.Output = int(x.output + 0.5)
	switch {
	case now.Before(x.cooling):
		s.Down = downCooling
	case x.breaker.down():
		s.Down = downOpen
	}
	return s
}

// showed remembers how long an answer of a target was, in tokens.
func (t *targets) showed(target routes.Target, output int64) {
	if output < 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if x := t.get(target.String()); x != nil {
		x.output = forgetfulMean(x.output, float64(output), 16)
	}
}

// forgetfulMean is a running mean in which about the last n values count; 0 is none yet.
func forgetfulMean(mean, value, n float64) float64 {
	if mean == 0 {
		return value
	}
	return mean + (value-mean)/n
}

// permit asks the breaker of a target for an attempt. The attempt is made in any
// case: who asks knows by [targets.look] whether it should be.
func (t *targets) permit(target routes.Target) *permit {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &permit{in: t, name: target.String(), start: time.Now()}
	if x := t.get(p.name); x != nil {
		p.lastResort = p.start.Before(x.cooling)
		if done, err := x.breaker.cb.Allow(); err == nil {
			p.done = done
		} else {
			p.lastResort = true
		}
	}
	return p
}

// permit is one attempt, until it is known what came of it.
type permit struct {
	in    *targets
	name  string
	start time.Time
	done  func(error) // the breaker's; nil where it was not asked, or said no
	// lastResort says that the target was down, and asked nevertheless.
	lastResort bool
}

// answered says that the target's answer has begun: a target on probation is
// taken back without waiting for the end of what may be a long stream.
func (p *permit) answered() {
	if p == nil { // a count of tokens is no attempt
		return
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	x := p.in.get(p.name)
	if x == nil || p.done == nil || x.breaker.state() != "half-open" {
		return
	}
	p.done(nil)
	p.done = nil
}

// succeeded says that the target answered, first after the given time.
func (p *permit) succeeded(first time.Duration) {
	p.end(nil, func(x *seenTarget, now time.Time) {
		// Only who asked it while it was down knows that it works again; a long stream
		// that began before says nothing about it.
		if p.lastResort {
			x.cooling = time.Time{}
			if x.breaker.down() {
				x.breaker = newBreaker()
			}
		}
		x.experience.saw(now, true, first)
	})
}

// failed says that it did not, and for how long it wants to be left alone.
func (p *permit) failed(f *failure, wait time.Duration) {
	p.end(errTargetFailed, func(x *seenTarget, now time.Time) {
		if wait > 0 {
			x.cooling = now.Add(wait)
		}
		short := *f
		short.header, short.body = nil, nil
		x.last = &short
		x.experience.saw(now, false, now.Sub(p.start))
	})
}

// dismissed says that what came of it tells nothing about the target: the request
// was wrong, the client left, or nothing was sent.
func (p *permit) dismissed() { p.end(errNoVerdict, nil) }

func (p *permit) end(verdict error, remember func(*seenTarget, time.Time)) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	x := p.in.get(p.name)
	if x == nil {
		return
	}
	if remember != nil {
		remember(x, time.Now())
		p.in.changed = true
	}
	if p.done != nil {
		p.done(verdict)
		p.done = nil
	}
}

// waiting is the newest failure of a target that is down, and how long it still
// is; nil where nothing is known of one.
func (t *targets) waiting(target routes.Target, now time.Time) (*failure, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.byName[clean(target.String(), 200)]
	if x == nil {
		return nil, 0
	}
	return x.last, max(x.cooling.Sub(now), x.breaker.until.Sub(now), 0)
}

// list is what /health shows.
func (t *targets) list() []health.Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	var out []health.Target
	for _, x := range t.byName {
		if x.counts.Requests == 0 && x.experience.At.IsZero() {
			continue // it was never asked: it has no key, or speaks no format of the request's
		}
		c := x.counts
		if c.Breaker = x.breaker.state(); c.Breaker == "open" {
			until := x.breaker.until
			c.OpenUntil = &until
		}
		if now.Before(x.cooling) {
			until := x.cooling
			c.CoolingUntil = &until
		}
		x.experience.report(&c, now)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b health.Target) int { return strings.Compare(a.Target, b.Target) })
	return out
}
