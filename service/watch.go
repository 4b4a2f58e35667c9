package service

import (
	"context"
	"errors"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// Watcher is a [Supervisor] that tells of changes.
type Watcher interface {
	// Watch calls changed after units of a profile have changed their state, until
	// ctx ends (its error is returned) or the connection is lost (another error).
	// Changes that follow one another quickly may be told once. With "" it says that
	// any may have: so it begins, as what changed before is not told.
	Watch(ctx context.Context, changed func(alias string)) error
}

// Watch implements [Watcher] by the manager's signals. It may be called once per
// connection.
func (s *systemd) Watch(ctx context.Context, changed func(alias string)) error {
	// The library drops what finds no room, and says so on the other channel.
	updates, errs := make(chan *sd.PropertiesUpdate, 256), make(chan error, 1)
	subscribe := func(_ context.Context, conn *sd.Conn) error {
		conn.SetPropertiesSubscriber(updates, errs)
		return conn.Subscribe()
	}
	lost, err := s.bus.calling(ctx, "Subscribe", subscribe)
	if err != nil {
		return fault.New(fault.InitSystem, "look at it: systemctl --user status", "the user manager does not tell of changes: %w", err)
	}
	changed("")
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost:
			return errLost
		case u := <-updates:
			if alias, ok := units.AliasOf(u.UnitName); ok {
				changed(alias)
			}
		case <-errs: //nolint:errcheck // that there was one is all that counts
			changed("") // something was missed; whoever looks again knows it all
		}
	}
}

var errLost = errors.New("the connection to the user manager was lost")
