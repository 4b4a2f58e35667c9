package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

// stateVersion is the version of the state file that this code reads and writes.
const stateVersion = 1

// savedEvery is how often the state file is written, at most.
const savedEvery = 30 * time.Second

// stateFile is what the strategy adaptive knows, over restarts: a few lines per target.
type stateFile struct {
	Version int                   `json:"version"`
	Targets map[string]experience `json:"targets"` // by "provider/model"
}

// StatePath is the state file beside a config.yaml.
func StatePath(configPath string) string {
	return filepath.Join(filepath.Dir(configPath), "state", "adaptive.json")
}

// newerState is a state file of a newer ringlet, which is left as it is.
type newerState struct{ version int }

func (e *newerState) Error() string {
	return fmt.Sprintf("version %d was written by a newer ringlet; this one reads version %d", e.version, stateVersion)
}

// readState reads a state file; a missing one is empty. What in it makes no sense is
// left out: it is only what was seen, and will be seen again.
func readState(path string) (map[string]experience, error) {
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseState(data)
}

func parseState(data []byte) (map[string]experience, error) {
	var f stateFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Version > stateVersion {
		return nil, &newerState{f.Version}
	}
	if f.Version != stateVersion {
		return nil, fmt.Errorf("version is %d; it must be %d", f.Version, stateVersion)
	}
	for name, e := range f.Targets {
		if _, err := routes.ParseTarget(name); err != nil || !e.sane() {
			delete(f.Targets, name)
		}
	}
	return f.Targets, nil
}

// sane reports whether an experience can have been gathered.
func (e experience) sane() bool {
	most := 1 / (1 - forgetsPerAnswer) // what the weights of all answers can add up to
	return e.Good >= 0 && e.Good <= most+1 && e.Bad >= 0 && e.Bad <= most+1 &&
		math.Abs(e.Mean) < 20 && e.Spread >= 0 && e.Spread < 1e4 && !e.At.IsZero()
}

// restore takes over what was known before the start.
func (t *targets) restore(known map[string]experience, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, e := range known {
		if e.At.After(now) {
			e.At = now // the clock was set back
		}
		if x := t.get(name); x != nil {
			x.experience = e
		}
	}
}

// snapshot is what is known, and whether it changed since the last time.
func (t *targets) snapshot() (known map[string]experience, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed, t.changed = t.changed, false
	known = map[string]experience{}
	for name, x := range t.byName {
		if !x.experience.At.IsZero() {
			known[name] = x.experience
		}
	}
	return known, changed
}

// recall reads the state file at the start. One that cannot be used is no reason not to
// serve: it is said, and what is in it is learned again.
func (e *engine) recall() {
	path := StatePath(e.opts.ConfigPath)
	known, err := readState(path)
	if err == nil {
		e.seen.restore(known, time.Now())
		return
	}
	var newer *newerState
	e.keepState = errors.As(err, &newer)
	e.rec.event(priWarning, e.profile, oneLine(fmt.Sprintf("what was known of the targets is not used: %s: %v", path, err)))
}

// save writes the state file, where the strategy goes by it and there is something new.
func (e *engine) save() {
	if e.keepState || e.current.Load().table.Strategy() != routes.Adaptive {
		return
	}
	known, changed := e.seen.snapshot()
	if !changed {
		return
	}
	path := StatePath(e.opts.ConfigPath)
	data, err := json.MarshalIndent(stateFile{stateVersion, known}, "", "  ")
	if err == nil {
		if err = safefile.CheckDir(filepath.Dir(path)); err == nil {
			err = safefile.Write(path, append(data, '\n'), 0o600)
		}
	}
	if err != nil && !e.saveFailed {
		e.rec.event(priWarning, e.profile, oneLine(fmt.Sprintf("what is known of the targets cannot be saved: %v", err)))
	}
	e.saveFailed = err != nil
}

// saving saves now and then until ctx ends.
func (e *engine) saving(ctx context.Context) {
	tick := time.NewTicker(savedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.save()
		}
	}
}

// ReadExperience is what the engine of a config.yaml has saved of its targets, for who
// wants to know how it would decide. A state file that cannot be used is an error.
func ReadExperience(configPath string) (func(routes.Target) routes.Seen, error) {
	known, err := readState(StatePath(configPath))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return func(t routes.Target) routes.Seen {
		if e, ok := known[clean(t.String(), 200)]; ok {
			return e.seen(now)
		}
		return unseen()
	}, nil
}
