package gateway

import (
	"slices"
	"strings"
	"sync"

	"github.com/ringlet/ringlet/internal/health"
)

// maxTallied bounds how many targets are counted apart: under the profile's own
// provider the model is whatever a client asks for.
const maxTallied = 256

// tally counts what was seen of each target since the start, over reloads.
type tally struct {
	mu      sync.Mutex
	targets map[string]*health.Target
}

func newTally() *tally { return &tally{targets: map[string]*health.Target{}} }

// add counts one attempt; status is 0 where there was no answer.
func (t *tally) add(target string, status int, failed bool) {
	target = clean(target, 200)
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.targets[target]
	if x == nil {
		if len(t.targets) >= maxTallied {
			return
		}
		x = &health.Target{Target: target}
		t.targets[target] = x
	}
	x.Requests++
	x.LastStatus = status
	if failed {
		x.Failures++
	}
}

func (t *tally) list() []health.Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []health.Target
	for _, x := range t.targets {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b health.Target) int { return strings.Compare(a.Target, b.Target) })
	return out
}
