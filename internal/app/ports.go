package app

import (
	"context"
	"errors"
	"os"
	"os/user"
	"strconv"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// stolen is a port that somebody else bound before the init system did.
type stolen struct{ error }

// Unwrap lets the sentence's hint and the init system's own error be found.
func (e *stolen) Unwrap() error { return e.error }

// explainPort names the holder of a port that could not be opened.
func (a *App) explainPort(_ context.Context, p profiles.Profile, port int, err error) error {
	var job *service.JobError
	if !errors.As(err, &job) || !job.PortFailed() {
		return err
	}
	holder := profiles.HolderOf(port)
	switch {
	case holder != "":
		return takenBy(p, port, holder, err)
	case job.PortTaken():
		return &stolen{err} // by who has let go of it since, such as one who looked whether it is free
	}
	return err
}

func takenBy(p profiles.Profile, port int, holder string, err error) error {
	return &stolen{fault.New(fault.InitSystem, "end it, or choose another port: ringlet proxy enable "+p.Alias.String()+" --port N",
		"port %d of the proxy of %q is taken by %s: %w", port, p.Alias, holder, err)}
}

// portStolen says that err is about a port that somebody else holds.
func portStolen(err error) bool {
	var s *stolen
	return errors.As(err, &s)
}

// username is this user's name, or the uid where it has none.
func username() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

// adoptPorts gives profiles that the registry of ports does not know, as after it
// was lost together with their config.yaml, the ports that their units have.
func (a *App) adoptPorts(ctx context.Context, sup service.Supervisor, list ...profiles.Profile) error {
	ports, err := a.Profiles.Ports()
	if err != nil {
		return err
	}
	var names []string
	for _, p := range list {
		if alias := p.Alias.String(); ports[alias] == 0 {
			names = append(names, alias)
		}
	}
	if len(names) == 0 {
		return nil
	}
	states, err := sup.Status(ctx, names)
	if err != nil {
		return err
	}
	for _, st := range states {
		if st.Installed && st.Port > 0 {
			if err := a.Profiles.Adopt(ctx, profiles.Alias(st.Alias), st.Port); err != nil {
				return err
			}
		}
	}
	return nil
}
