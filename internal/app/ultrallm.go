package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// checker asks the engine of p on port how it is, in the way that its kind allows.
func (a *App) checker(sup service.Supervisor, p profiles.Profile, port int) (health.Checker, error) {
	if !external(p) {
		return a.client(p, port)
	}
	return a.ultrallm(sup, p, port), nil
}

// ultrallm asks an ultrallm engine that sup runs.
func (a *App) ultrallm(sup service.Supervisor, p profiles.Profile, port int) health.External {
	return health.External{Port: port, Profile: p.Alias.String(), Engine: engineUltrallm, PID: func(ctx context.Context) (int, error) {
		states, err := sup.Status(ctx, []string{p.Alias.String()})
		if err != nil {
			return 0, err
		}
		return states[0].PID, nil
	}}
}

// writeKeys writes the file with the keys for an ultrallm engine of p, from the
// stored ones: those that config.yaml names. A key that is missing is left out;
// that it is missing is said elsewhere.
func (a *App) writeKeys(p profiles.Profile) error {
	store := KeyStore(a.Dirs.CredentialsDir(), nil)
	var vars []units.Variable
	owner := map[string]string{} // by variable
	for _, use := range a.uses(p) {
		e, err := use.provider.Endpoint(use.endpoint)
		if err != nil {
			return err
		}
		up := upstream(use.provider, e)
		if up.AuthHeader == providers.NoAuth || up.KeyEnv == "" {
			continue
		}
		formats := SortedKeys(e)
		if len(formats) == 0 {
			continue
		}
		key, _, err := store.Key(use.provider.ID, "", e[formats[0]])
		if err != nil {
			a.log.Debug("no key for ultrallm", "provider", use.provider.ID, "error", err)
			continue
		}
		if other, ok := owner[up.KeyEnv]; ok {
			if !sameValue(vars, up.KeyEnv, key) {
				return fault.New(fault.Failed, fmt.Sprintf("use the built-in engine, which tells them apart: ringlet proxy enable %s --engine builtin", p.Alias),
					"%s and %s have different keys under one name, %s, and ultrallm reads one", other, use.provider.ID, up.KeyEnv)
			}
			continue
		}
		owner[up.KeyEnv] = use.provider.ID
		vars = append(vars, units.Variable{Name: up.KeyEnv, Value: key})
	}
	data, err := units.EnvironmentFile(vars)
	if err != nil {
		return err
	}
	return a.replaceKeys(a.Dirs.UltrallmKeys(p.Alias.String()), data)
}

// replaceKeys writes the file unless it is so already: its time tells whether
// the engine that runs has read it.
func (a *App) replaceKeys(path string, data []byte) error {
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return err
	}
	if old, err := safefile.Read(path, true); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := safefile.Write(path, data, 0o600); err != nil {
		return err
	}
	a.log.Debug("file written", "path", path)
	return nil
}

// removeKeys removes the file with a profile's keys for ultrallm, and the folder
// with the last one.
func (a *App) removeKeys(alias string) error {
	path := a.Dirs.UltrallmKeys(alias)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := safefile.Remove(path); err != nil {
		return err
	}
	a.log.Debug("file removed", "path", path)
	_ = os.Remove(filepath.Dir(path)) // fails while there are others
	return nil
}

func sameValue(vars []units.Variable, name, value string) bool {
	for _, v := range vars {
		if v.Name == name {
			return v.Value == value
		}
	}
	return false
}

// outdated says whether p's configuration or keys were written after its
// ultrallm engine started, which it reads only then.
func (a *App) outdated(p profiles.Profile, started time.Time) bool {
	for _, path := range []string{a.Dirs.EngineConfig(p.Agent, p.Alias.String()), a.Dirs.UltrallmKeys(p.Alias.String())} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(started) {
			return true
		}
	}
	return false
}

// runUltrallm is [App.run] for an ultrallm engine. It cannot take up a new
// configuration while it runs, so it is restarted for one.
func (a *App) runUltrallm(ctx context.Context, sup service.Supervisor, p profiles.Profile, c profiles.Change) error {
	alias := p.Alias.String()
	if why := unusable(p.Proxy.EnginePath); why != "" {
		return fault.New(fault.Failed, "look for it anew: ringlet proxy enable "+alias, "the ultrallm binary of %q, %s, %s", alias, p.Proxy.EnginePath, why)
	}
	if err := a.writeKeys(p); err != nil {
		return err
	}
	if err := sup.Install(ctx, a.spec(p, c)); err != nil {
		return err
	}
	states, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return err
	}
	if states[0].Status == service.Running {
		works, err := working(ctx, a.ultrallm(sup, p, c.Port))
		if err != nil || works && !a.outdated(p, states[0].Started) {
			return err
		}
		fmt.Fprintf(a.stderr, "restarting ultrallm, which reads its configuration only when it starts …\n")
		return a.restartUltrallm(ctx, sup, p, c)
	}
	// The binary opens the port by itself, and its words about a taken one are not
	// known here.
	if err := held(p, c.Port); err != nil {
		return err
	}
	if err := sup.Start(ctx, alias); err != nil {
		return startFailed(p, c.Port, err)
	}
	return a.awaitUltrallm(ctx, sup, p, c.Port)
}

// working says whether an engine that runs answers; one that is late with it is not
// to be restarted. The error is not about the engine: it could not be asked.
func working(ctx context.Context, engine health.Checker) (bool, error) {
	_, err := patiently(ctx, engine)
	if err != nil && !errors.As(err, new(*health.Error)) {
		return false, err
	}
	return err == nil, nil
}

// held is who has the port of a proxy that does not run.
func held(p profiles.Profile, port int) error {
	if holder := profiles.HolderOf(port); holder != "" {
		return takenBy(p, port, holder, service.ErrNotRunning)
	}
	return nil
}

func (a *App) restartUltrallm(ctx context.Context, sup service.Supervisor, p profiles.Profile, c profiles.Change) error {
	if err := sup.Restart(ctx, p.Alias.String()); err != nil {
		return startFailed(p, c.Port, err)
	}
	return a.awaitUltrallm(ctx, sup, p, c.Port)
}

// errEnded is the cause with which a wait for an engine that has ended ends.
var errEnded = errors.New("the engine has ended")

// awaitUltrallm waits until the engine that was just started answers. systemd
// counts it as started when its program runs; what it says before it ends is why.
func (a *App) awaitUltrallm(ctx context.Context, sup service.Supervisor, p profiles.Profile, port int) error {
	alias := p.Alias.String()
	since := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	_, err := health.WaitFor(ctx, untilEnded{a.ultrallm(sup, p, port), func(ctx context.Context) bool {
		states, err := sup.Status(ctx, []string{alias})
		return err == nil && states[0].Status != service.Running
	}, cancel}, func(health.Report) bool { return true })
	if !errors.Is(context.Cause(ctx), errEnded) {
		return err
	}
	return endedAtOnce(p, port, a.lastWords(context.WithoutCancel(ctx), sup, alias, since.Add(-time.Second)))
}

// startFailed words a job's failure. systemd can see the end of a program before it
// counts it as started, which is a failed start, or after.
func startFailed(p profiles.Profile, port int, err error) error {
	var job *service.JobError
	if !errors.As(err, &job) || job.Result == "exit-code" && job.Code >= 200 && job.Code < 250 { // its program was not run
		return err
	}
	switch job.Result {
	case "exit-code", "signal", "core-dump":
		return endedAtOnce(p, port, job.Lines)
	}
	return err
}

// endedAtOnce is an ultrallm that ended before it answered, with its last words.
func endedAtOnce(p profiles.Profile, port int, words []string) error {
	if err := held(p, port); err != nil {
		return err
	}
	said := ""
	if len(words) > 0 {
		said = ": " + strings.Join(words, "; ")
	}
	return fault.New(fault.InitSystem, fmt.Sprintf("see its log: ringlet proxy logs %s; or choose the built-in engine: ringlet proxy enable %s --engine builtin", p.Alias, p.Alias),
		"ultrallm ended right after its start%s", said)
}

// untilEnded ends a wait when the engine does not run any more.
type untilEnded struct {
	health.Checker
	ended func(context.Context) bool
	end   context.CancelCauseFunc
}

func (u untilEnded) Check(ctx context.Context) (health.Report, error) {
	r, err := u.Checker.Check(ctx)
	if err != nil && u.ended(ctx) {
		u.end(errEnded)
	}
	return r, err
}

// lastWords are the last lines that the engine itself said since a time.
func (a *App) lastWords(ctx context.Context, sup service.Supervisor, alias string, since time.Time) []string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		var out []string
		// What cannot be read is no reason to hide that it ended.
		err := sup.Logs(ctx, alias, service.LogOptions{Lines: 20}, func(l service.Line) error {
			if !l.Manager && !l.Time.Before(since) {
				out = append(out, l.Message)
			}
			return nil
		})
		if err != nil || len(out) > 0 {
			return out[max(0, len(out)-3):]
		}
		select { // the journal may be behind a process that has ended
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// saveForUltrallm keeps a change for the next start of an ultrallm engine.
func (a *App) saveForUltrallm(ctx context.Context, sup service.Supervisor, p profiles.Profile) (Applied, error) {
	if err := a.writeKeys(p); err != nil {
		return Nothing, err
	}
	states, err := sup.Status(ctx, []string{p.Alias.String()})
	if err != nil {
		return Nothing, err
	}
	switch {
	case states[0].Status != service.Running:
		return AtStart, nil
	case a.outdated(p, states[0].Started):
		return NeedsRestart, nil
	}
	return Unchanged, nil
}
