package service

import (
	"context"
	"errors"

	"github.com/ringlet/ringlet/units"
)

// StartAll implements [Supervisor] through ringlet.target: what is enabled hangs
// on it, and all of it starts at once.
func (s *systemd) StartAll(ctx context.Context) error {
	aliases, others, err := s.installed()
	if err != nil {
		return err
	}
	if others {
		// The target would start those of other homes too.
		return s.each(ctx, aliases, func(st State) bool { return st.Enabled && st.Status != Running }, s.Start)
	}
	for _, alias := range aliases {
		if err := s.forgive(ctx, alias); err != nil {
			return s.refused(alias, "start", err)
		}
	}
	if _, err := s.bus.start(ctx, units.Target); err != nil && !isDBus(err, "NoSuchUnit") {
		return err
	}
	// A target is content when what it wants has failed. Starting that again, one
	// by one, either helps or says why not.
	return s.each(ctx, aliases, func(st State) bool { return st.Enabled && st.Status != Running }, s.Start)
}

// StopAll implements [Supervisor] through ringlet.target.
func (s *systemd) StopAll(ctx context.Context) error {
	aliases, others, err := s.installed()
	if err != nil {
		return err
	}
	if !others {
		if _, err := s.bus.stop(ctx, units.Target); err != nil && !isDBus(err, "NoSuchUnit") {
			return err
		}
	}
	// Besides what the target stops: units that a drop-in took off it, and the
	// failed state of an engine that had to be killed.
	return s.each(ctx, aliases, func(st State) bool { return st.Status != Stopped && st.Status != Disabled }, s.Stop)
}

// each does something to every proxy that wants it, and goes on after a failure.
func (s *systemd) each(ctx context.Context, aliases []string, wanted func(State) bool, do func(context.Context, string) error) error {
	states, err := s.Status(ctx, aliases)
	if err != nil {
		return err
	}
	var errs []error
	for _, st := range states {
		if wanted(st) {
			errs = append(errs, do(ctx, st.Alias))
		}
	}
	return errors.Join(errs...)
}
