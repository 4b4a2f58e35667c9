package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// Applied says what became of a saved change.
type Applied string

// The fates of a change.
const (
	Nothing  Applied = ""         // not tried
	Live     Applied = "live"     // the running engine uses it
	Saved    Applied = "saved"    // no engine runs; the next one will use it
	Disabled Applied = "disabled" // the proxy is not enabled
	// NeedsRestart is a change that the running engine, ultrallm, cannot take up.
	NeedsRestart Applied = "needs-restart"
	AtStart      Applied = "at-start"  // ultrallm does not run; it reads it when it starts
	Unchanged    Applied = "unchanged" // it was so already
)

// Sentence tells the user.
func (a Applied) Sentence(alias string) string {
	switch a {
	case Live:
		return fmt.Sprintf("In force in the running proxy of %q from now on.", alias)
	case Unchanged:
		return "It was so already."
	case Disabled:
		return fmt.Sprintf("Saved; the proxy of %q is disabled, enable it with: ringlet proxy enable %s", alias, alias)
	case NeedsRestart:
		return "Saved; ultrallm does not reload, so it is used after: ringlet proxy restart " + alias
	case AtStart:
		return "Saved; used at the next start: ringlet proxy start " + alias
	default:
		return "Saved; used at the next request."
	}
}

// reloadTimeout bounds a reload: reading two small files and compiling rules.
const reloadTimeout = 15 * time.Second

// apply lets the engine that runs for p, if any, take up its newest
// configuration, and waits until it has.
func (a *App) apply(ctx context.Context, p profiles.Profile, c profiles.Change) (Applied, error) {
	if !p.Proxy.Enabled {
		return Disabled, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reloadTimeout)
	defer cancel()
	defer a.progress(ctx, "waiting for the proxy to take it up")()
	sup, err := a.connect(ctx, p.Alias.String())
	var none *service.Unavailable
	switch {
	case errors.As(err, &none):
		return a.reloadSession(ctx, p, c)
	case err != nil:
		return Nothing, err
	}
	defer sup.Close()
	if external(p) {
		return a.saveForUltrallm(ctx, sup, p)
	}
	return a.reload(ctx, sup, p, c)
}

// refusal puts the engine's own sentence in the place of the init system's.
func (a *App) refusal(ctx context.Context, p profiles.Profile, c profiles.Change, err error) error {
	client, cerr := a.client(p, c.Port)
	if cerr != nil {
		return err
	}
	report, herr := client.Check(ctx)
	if herr != nil || report.ReloadError == "" {
		return err
	}
	return refused(p.Alias.String(), report.ReloadError)
}

func refused(alias, sentence string) error {
	return fault.New(fault.Failed, fmt.Sprintf("mend the file, or write it anew from the profile: ringlet proxy config %s --regenerate; the routes from before still answer", alias),
		"the running proxy of %q refused its new configuration: %s", alias, sentence)
}

// reloadSession lets an engine that no init system runs take the change up: one
// of profiles run, or one in the foreground.
func (a *App) reloadSession(ctx context.Context, p profiles.Profile, c profiles.Change) (Applied, error) {
	if c.Port == 0 {
		return Saved, nil
	}
	client, err := a.client(p, c.Port)
	if err != nil {
		return Saved, nil // without a token no engine of this profile can run
	}
	report, err := patiently(ctx, client)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Nothing, ctx.Err()
	case health.Is(err, health.NoAnswer):
		return Nothing, notTold(p.Alias.String(), err)
	case err != nil:
		// Whatever listens there is not this profile's engine; run and enable will say so.
		return Saved, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := signalAndWait(ctx, untilGone{client, cancel}, report, c.Seq); err != nil {
		if errors.Is(err, syscall.ESRCH) || errors.Is(context.Cause(ctx), errGone) {
			return Saved, nil // its session has ended; the next engine reads the newest
		}
		var no *reloadRefused
		if errors.As(err, &no) {
			return Nothing, refused(p.Alias.String(), no.sentence)
		}
		return Nothing, err
	}
	return Live, nil
}

// notTold is a change that may be in force, or not.
func notTold(alias string, err error) error {
	return fault.New(fault.Failed, "try again: ringlet proxy reload "+alias,
		"what was changed is saved, but whether the running proxy of %q has taken it up cannot be told: %w", alias, err)
}

// patiently checks an engine again while something has its port and is silent: that
// may be the engine, on a busy machine, or on its way in or out.
func patiently(ctx context.Context, engine health.Checker) (health.Report, error) {
	again := time.NewTicker(reloadPause)
	defer again.Stop()
	for began := time.Now(); ; {
		report, err := engine.Check(ctx)
		if !health.Is(err, health.NoAnswer) || time.Since(began) > answerTimeout {
			return report, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return report, err
		}
	}
}

// untilGone ends a wait when the engine does not listen any more.
type untilGone struct {
	health.Checker
	end context.CancelCauseFunc
}

var errGone = errors.New("the engine has ended")

func (u untilGone) Check(ctx context.Context) (health.Report, error) {
	r, err := u.Checker.Check(ctx)
	if health.Is(err, health.NotListening) {
		u.end(errGone)
	}
	return r, err
}

// reloadRefused is the engine's own sentence about a file that it did not take.
type reloadRefused struct{ sentence string }

func (e *reloadRefused) Error() string { return e.sentence }

// signalAndWait sends SIGHUP to the engine that gave the report, and waits
// until a reload that began after that has ended well: with at least seq, and
// with keys read since.
func signalAndWait(ctx context.Context, client health.Checker, before health.Report, seq int64) error {
	since := time.Now()
	if err := syscall.Kill(before.PID, syscall.SIGHUP); err != nil {
		return fmt.Errorf("signal the engine (pid %d): %w", before.PID, err)
	}
	report, err := health.WaitFor(ctx, client, func(r health.Report) bool {
		if r.PID != before.PID {
			return true // it restarted, and read everything anew
		}
		if r.Reloads == before.Reloads {
			return false
		}
		taken := r.ReloadError == "" && r.Seq >= seq && r.KeysLoadedAt != nil && !r.KeysLoadedAt.Before(since)
		return taken || r.ReloadError != ""
	})
	if err != nil {
		return fmt.Errorf("wait for the engine to take up its configuration: %w", err)
	}
	if report.ReloadError != "" {
		return &reloadRefused{report.ReloadError}
	}
	return nil
}

// client asks the engine of p on port.
func (a *App) client(p profiles.Profile, port int) (health.Client, error) {
	token, err := a.Secrets.Token(p.Alias.String())
	if err != nil {
		return health.Client{}, err
	}
	return healthClient(a.Secrets, port, p.Alias.String(), token)
}

// healthClient asks with the profile's token, or with the one before while they
// are rotated. Once that has ended the engine proves itself by the new one: the old
// one, which others may know, lets nobody pass for the engine.
func healthClient(store *secrets.Store, port int, alias string, token secrets.Secret) (health.Client, error) {
	c := health.Client{Port: port, Profile: alias, Token: token.Reveal()}
	switch previous, err := store.PreviousToken(alias); {
	case err == nil && !previous.Ended:
		c.Previous = previous.Token.Reveal()
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return c, err
	}
	return c, nil
}

// Reload lets a running engine read its configuration and its keys anew.
func (a *App) Reload(ctx context.Context, alias string) (Applied, error) {
	name, err := profiles.ParseAlias(alias)
	if err != nil {
		return Nothing, err
	}
	p, err := a.proxied(alias)
	if err != nil {
		return Nothing, err
	}
	// The file may be broken: then the engine says so, and keeps what it has.
	c, err := a.Profiles.EnsureConfig(ctx, name)
	var broken *profiles.ConfigError
	if errors.As(err, &broken) {
		port, perr := a.Profiles.Port(name)
		if perr != nil {
			return Nothing, perr
		}
		c = profiles.Change{Port: port, Seq: p.Seq}
	} else if err != nil {
		return Nothing, err
	}
	applied, err := a.apply(ctx, p, c)
	if err == nil && broken != nil {
		err = broken
	}
	return applied, err
}

// proxied reads a profile that has an enabled proxy.
func (a *App) proxied(alias string) (profiles.Profile, error) {
	p, err := a.profile(alias)
	if err == nil && !p.Proxy.Enabled {
		err = fault.New(fault.Failed, "enable it: ringlet proxy enable "+alias, "the proxy of %q is disabled", alias)
	}
	return p, err
}
