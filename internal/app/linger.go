package app

import (
	"context"
	"errors"

	"github.com/ringlet/ringlet/service"
)

// LingerStatus says whether this user's services run without a login. The field
// names are stable.
type LingerStatus struct {
	User   string `json:"user"`
	Linger bool   `json:"linger"`
}

// Linger says how lingering is now. Where there is no systemd at all it is an
// error (*service.Unavailable).
func (a *App) Linger(ctx context.Context) (LingerStatus, error) {
	s := LingerStatus{User: username(), Linger: a.init.Host.Linger(username())}
	sup, err := a.connect(ctx, "")
	if err == nil {
		defer sup.Close()
		if sup.Name() != "systemd" {
			return s, noLingering()
		}
		return s, nil
	}
	var none *service.Unavailable
	if errors.As(err, &none) && none.Reason != service.NoUserManager && none.Reason != service.NoBus && none.Reason != service.Unreachable && none.Reason != service.Root {
		return s, err
	}
	return s, nil
}

// SetLinger switches lingering on or off. It says whether that changed anything.
func (a *App) SetLinger(ctx context.Context, on bool) (changed bool, err error) {
	if a.init.Host.Supervisor() != "systemd" {
		return false, noLingering()
	}
	before := a.init.Host.Linger(username())
	defer a.progress(ctx, "waiting for the user manager")()
	// Also where it is so already: the manager may still have to be started.
	if err := service.SetLinger(ctx, on, service.LingerOptions{Logger: a.log}); err != nil {
		return false, err
	}
	return before != on, nil
}

// LingerFor switches lingering on for the proxy of a profile that exists.
func (a *App) LingerFor(ctx context.Context, aliases ...string) error {
	for _, alias := range aliases {
		if _, err := a.profile(alias); err != nil {
			return err
		}
	}
	_, err := a.SetLinger(ctx, true)
	return err
}
