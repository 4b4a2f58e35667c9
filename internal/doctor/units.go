package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/service"
)

// UnitFiles are the unit files of proxies.
type UnitFiles interface {
	Drift(ctx context.Context, alias string) (service.Drift, error)
	// Rewrite writes them anew, and says what became of those edited by hand.
	Rewrite(ctx context.Context, alias string) (did string, err error)
	// Withdraw stops and removes the units of a disabled proxy.
	Withdraw(ctx context.Context, alias string) error
}

// Units is about unit files, or launchd's agents.
type Units struct {
	Launchd  bool
	Profiles []Profile
	States   map[string]service.State
	Files    UnitFiles
	Unread   bool // the ports cannot be read
}

// Name implements [Check].
func (Units) Name() string { return "units" }

// Run implements [Check].
func (u Units) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range u.Profiles {
		if f := u.look(ctx, p); f.Result != "" {
			out = append(out, f)
		}
	}
	return out
}

func (u Units) look(ctx context.Context, p Profile) Finding {
	alias := p.Alias
	if !p.Enabled {
		if !u.States[alias].Installed {
			return Finding{}
		}
		return warning(alias, "ringlet proxy disable "+alias, "the proxy is disabled, and still has its %s", u.word("units", "launchd agent")).by(func(ctx context.Context) (string, error) {
			return "removed them", u.Files.Withdraw(ctx, alias)
		})
	}
	rewrite := func(ctx context.Context) (string, error) { return u.Files.Rewrite(ctx, alias) }
	mend := "ringlet proxy enable " + alias
	switch {
	case p.Port == 0 && u.Unread:
		return Finding{} // the check of files has it
	case p.Port == 0:
		return failure(alias, mend, "no port is written down for it: an enable was interrupted, or ports.json was removed").by(rewrite)
	}
	d, err := u.Files.Drift(ctx, alias)
	var foreign *service.ForeignUnit
	if errors.As(err, &foreign) {
		return problem(alias, err)
	}
	if err != nil {
		return problem(alias, fmt.Errorf("the %s cannot be compared: %w", u.word("unit files", "launchd agent"), err))
	}
	list := func(names []string) string { return strings.Join(names, ", ") }
	switch {
	case len(d.Missing) > 0:
		return failure(alias, mend, "%s is missing", list(d.Missing)).by(rewrite)
	case d.Gone:
		return failure(alias, mend, "its %s starts %s, which is not there any more, so that the proxy does not come up again", u.word("unit", "launchd agent"), d.Program).by(rewrite)
	case len(d.Edited) > 0:
		own := u.word("settings of your own belong into a drop-in: systemctl --user edit "+d.Edited[0], "what was in it is kept, as launchd has no drop-ins")
		return warning(alias, mend+"; what was edited: ringlet proxy unit "+alias+" --diff; "+own, "%s was edited by hand", list(d.Edited)).by(rewrite)
	case d.Program != "":
		return warning(alias, "ringlet proxy restart "+alias+", or all: ringlet daemon restart", "its %s starts %s, which is not this ringlet", u.word("unit", "launchd agent"), d.Program).by(rewrite)
	case d.Softer:
		return warning(alias, "ringlet proxy restart "+alias, "user namespaces work here, and its unit does without what they close off; a stricter one is to be had").by(rewrite)
	case len(d.Outdated) > 0:
		return warning(alias, mend+"; what would change: ringlet proxy unit "+alias+" --diff", "%s was written for another version, binary or port", list(d.Outdated)).by(rewrite)
	case len(d.NotEnabled) > 0:
		return failure(alias, mend, "nothing starts the proxy at login: %s is %s", u.word("not enabled", "disabled in launchd"), list(d.NotEnabled)).by(rewrite)
	case len(d.NotLoaded) > 0 && u.Launchd:
		// To load it is to restart the engine, which cuts what takes longer than its drain.
		return warning(alias, "ringlet proxy restart "+alias, "launchd has loaded an older %s", list(d.NotLoaded))
	case len(d.NotLoaded) > 0:
		return warning(alias, "systemctl --user daemon-reload", "the manager has read an older %s", list(d.NotLoaded)).by(rewrite)
	}
	if d.Soft {
		return ok(alias, "the unit files are as ringlet writes them where services may have no user namespaces: less closed off")
	}
	return ok(alias, "%s as ringlet writes %s", u.word("the unit files are", "the launchd agent is"), u.word("them", "it"))
}

// word is one of two, by the init system.
func (u Units) word(systemd, launchd string) string {
	if u.Launchd {
		return launchd
	}
	return systemd
}

// Starter starts proxies, and forgives what failed before.
type Starter interface {
	Start(ctx context.Context, alias string) error
}

// State is about proxies that failed.
type State struct {
	Profiles []Profile
	States   map[string]service.State
	Holder   func(port int) string
	By       Starter
}

// Name implements [Check].
func (State) Name() string { return "state" }

// Run implements [Check].
func (s State) Run(context.Context) []Finding {
	var out []Finding
	for _, p := range s.Profiles {
		st, known := s.States[p.Alias]
		if !p.Enabled || !known {
			continue
		}
		logs := "ringlet proxy logs " + p.Alias
		switch {
		case st.Status == service.Failed:
		case st.Status == service.Starting && (st.Restarts > 0 || st.Result != "success" && st.Result != ""):
			out = append(out, failure(p.Alias, "see why: "+logs, "it ends as often as it is started (%s, %d times by now), and is tried again", st.Result, st.Restarts+1))
			continue
		case st.Status == service.Stopped && s.Holder(p.Port) != "":
			continue // the check of the port says why, and what to do
		case st.Status == service.Stopped:
			// It may be meant so; but who looks for why the agent is refused has found it.
			out = append(out, warning(p.Alias, "ringlet proxy start "+p.Alias, "it is stopped, so its port refuses the agent"))
			continue
		case st.Restarts > 0:
			out = append(out, ok(p.Alias, "%s, after %s by the init system (%s)", st.Status, times(st.Restarts, "restart"), logs))
			continue
		default:
			out = append(out, ok(p.Alias, "%s", st.Status))
			continue
		}
		why := st.Result
		switch why {
		case "start-limit-hit", "service-start-limit-hit", "trigger-limit-hit":
			why = "it failed or was started too often, and the init system gave up (" + why + ")"
		default:
			why = "it failed (" + why + ")"
		}
		f := failure(p.Alias, "ringlet proxy start "+p.Alias+"; why: ringlet proxy logs "+p.Alias, "%s", why)
		if s.Holder(p.Port) == "" { // else the check of the port has the remedy
			f = f.by(func(ctx context.Context) (string, error) {
				return "reset the failure and started it", s.By.Start(ctx, p.Alias)
			})
		}
		out = append(out, f)
	}
	return out
}

// times counts: "1 restart", "2 restarts".
func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
