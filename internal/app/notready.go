package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// lastLines is how much of a proxy's log an error has: as much as a service.JobError.
const lastLines = 5

// notReady says why an agent was not started: its proxy could not be. What the
// init system knows and what the engine said last is added where the error has
// none of it, and the way past the proxy where there is one. sup is nil where
// no init system runs the proxy.
func (a *App) notReady(ctx context.Context, sup service.Supervisor, agent agents.Agent, p profiles.Profile, err error) error {
	if ctx.Err() != nil {
		return err
	}
	alias := p.Alias.String()
	hint := hintOr(err, "see its log: ringlet proxy logs "+alias)
	if a.canGoPast(ctx, agent, p) {
		hint += "; or go past the proxy this once: ringlet profiles run --direct " + alias
	}
	told := ""
	var job *service.JobError
	if sup != nil && !errors.As(err, &job) {
		told = unitSays(ctx, sup, alias)
	}
	return fault.New(kind(err), hint, "%s was not started, because its proxy does not serve: %w%s", agent.Title(), err, told)
}

// unitSays is how the proxy's unit is and the end of its log, or "" where
// neither can be told.
func unitSays(ctx context.Context, sup service.Supervisor, alias string) string {
	var out string
	if states, err := sup.Status(ctx, []string{alias}); err == nil && states[0].Installed {
		s := states[0]
		out = fmt.Sprintf("; its %s is %s", unitWord(sup.Name()), s.Status)
		if s.Result != "" && s.Result != "success" {
			out += fmt.Sprintf(" (%s)", s.Result)
		}
	}
	var lines []string
	err := sup.Logs(ctx, alias, service.LogOptions{Lines: lastLines}, func(l service.Line) error {
		lines = append(lines, l.Message)
		return nil
	})
	if err == nil && len(lines) > 0 {
		out += "; its log ends: " + strings.Join(lines, "; ")
	}
	return out
}

// canGoPast reports whether a run with --direct would start the agent.
func (a *App) canGoPast(ctx context.Context, agent agents.Agent, p profiles.Profile) bool {
	direct, err := a.direct(agent, p)
	if err != nil {
		return false
	}
	_, err = agent.Command(ctx, agents.RunOptions{Host: a.hostAnywhere(), Home: a.home(p), Model: p.Model, Serving: a.serving(p), Direct: direct})
	return err == nil
}
