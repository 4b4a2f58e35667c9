package profiles

import (
	"context"
	"fmt"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
)

// Delete removes a profile: its engine folder with configuration, logs and
// usage, its token, its port, what ringlet kept to restore, and last its file,
// so that an interrupted delete can be repeated. The profile's home is the
// user's; its path is returned, or "" where nothing was left in it.
func (s *Store) Delete(ctx context.Context, alias Alias) (home string, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return "", err
	}
	engine := s.dirs.EngineDir(p.Agent, string(alias))
	if err := safefile.CheckDir(engine); err != nil {
		return "", err
	}
	if _, err := s.readRegistry(); err != nil { // refused before anything is removed
		return "", err
	}
	for _, dir := range []string{engine, s.dirs.RestoreDir(string(alias))} {
		if err := safefile.RemoveAll(dir); err != nil {
			return "", fault.New(fault.Failed, "make it yours, then repeat the command", "cannot remove %s: %w", dir, err)
		}
		s.log.Debug("folder removed", "path", dir)
	}
	if err := s.release(alias); err != nil {
		return "", err
	}
	if err := safefile.Remove(s.dirs.Profile(string(alias))); err != nil {
		return "", fmt.Errorf("remove the profile %q: %w", alias, err)
	}
	s.log.Debug("file removed", "path", s.dirs.Profile(string(alias)))
	for version := range Version { // what was kept of older ones
		if err := safefile.Remove(fmt.Sprintf("%s.v%d", s.dirs.Profile(string(alias)), version)); err != nil {
			return "", err
		}
	}
	home = s.dirs.ProfileHome(p.Agent, string(alias))
	if safefile.RemoveEmpty(home) {
		home = ""
	}
	return home, nil
}
