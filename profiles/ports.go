package profiles

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"golang.org/x/sys/unix"
)

// Port is the port that was given to a profile, or 0.
func (s *Store) Port(alias Alias) (int, error) {
	r, err := s.readRegistry()
	return r.Ports[string(alias)], err
}

// Ports are the ports that were given out, by alias.
func (s *Store) Ports() (map[string]int, error) {
	r, err := s.readRegistry()
	return r.Ports, err
}

// Assign gives a profile a port, pinned or (0) the first free one of the
// user's range, and 8080 after those. A profile that has one keeps it, unless
// another is pinned; whether it can be bound is then not asked, for its own
// socket may hold it. A taken pinned port is a *PortTakenError; an automatic
// one is bound once before it is given out. It is written down in the registry
// and stays with the profile until Release.
func (s *Store) Assign(ctx context.Context, alias Alias, pinned int) (port int, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return 0, err
	}
	return s.assign(ctx, p, pinned)
}

// Reassign gives a profile another port than it has, because somebody else has
// taken it. One that the user pinned is refused: the choice is the user's.
func (s *Store) Reassign(ctx context.Context, alias Alias) (port int, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return 0, err
	}
	if p.Proxy.Port != nil {
		return 0, s.taken(*p.Proxy.Port, alias, "")
	}
	r, err := s.readRegistry()
	if err != nil {
		return 0, err
	}
	return s.choose(ctx, r, alias, r.Ports[string(alias)])
}

// Release gives back what an enabled proxy took: its port, its local token and
// its generated configuration. Logs and usage stay. It can be repeated.
func (s *Store) Release(ctx context.Context, alias Alias) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return err
	}
	if err := safefile.CheckDir(s.dirs.EngineDir(p.Agent, string(alias))); err != nil {
		return err
	}
	if _, err := s.readRegistry(); err != nil { // refused before anything is removed
		return err
	}
	if err := safefile.Remove(s.dirs.EngineConfig(p.Agent, string(alias))); err != nil {
		return fmt.Errorf("remove the configuration of %q: %w", alias, err)
	}
	return s.release(alias)
}

// release gives back port and token, under the lock.
func (s *Store) release(alias Alias) error {
	if err := s.tokens.RemoveToken(string(alias)); err != nil {
		return fmt.Errorf("remove the local token of %q: %w", alias, err)
	}
	r, err := s.readRegistry()
	if err != nil {
		return err
	}
	if _, ok := r.Ports[string(alias)]; !ok {
		return nil
	}
	delete(r.Ports, string(alias))
	return s.saveRegistry(r)
}

// assign does Assign's work under the lock.
func (s *Store) assign(ctx context.Context, p Profile, pinned int) (int, error) {
	alias := p.Alias
	r, err := s.readRegistry()
	if err != nil {
		return 0, err
	}
	has := r.Ports[string(alias)]
	if has == 0 {
		if was := s.portBefore(r, p); was != 0 && (pinned == 0 || pinned == was) {
			// ports.json was removed or made anew. Whether it can be bound is not asked
			// here either: that is found out, and mended, when the proxy starts.
			r.Ports[string(alias)] = was
			return was, s.saveRegistry(r)
		}
	}
	if has != 0 && (pinned == 0 || pinned == has) {
		return has, nil
	}
	if pinned == 0 {
		return s.choose(ctx, r, alias, 0)
	}
	if pinned < 1 || pinned > 65535 {
		return 0, fault.New(fault.Usage, fmt.Sprintf("choose one, as in: ringlet proxy enable %s --port 8081", alias), "port %d is not between 1 and 65535", pinned)
	}
	s.reclaim(r, alias)
	if other := r.holder(pinned); other != "" {
		return 0, s.taken(pinned, alias, other)
	}
	switch err := s.probe(ctx, pinned); {
	case errors.Is(err, unix.EACCES):
		return 0, fault.New(fault.Failed, "choose one above 1023", "port %d can be opened by the administrator only: %w", pinned, err)
	case err != nil:
		return 0, s.taken(pinned, alias, "")
	}
	r.Ports[string(alias)] = pinned
	return pinned, s.saveRegistry(r)
}

// choose gives out the first free port that is not avoid.
func (s *Store) choose(ctx context.Context, r registry, alias Alias, avoid int) (int, error) {
	settings, err := s.Settings()
	if err != nil {
		return 0, err
	}
	s.reclaim(r, alias)
	candidates := settings.Ports.candidates()
	for _, port := range candidates {
		if port == avoid || r.holder(port) != "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if s.probe(ctx, port) != nil {
			continue
		}
		r.Ports[string(alias)] = port
		return port, s.saveRegistry(r)
	}
	return 0, fault.New(fault.Failed,
		fmt.Sprintf("free one (ringlet proxy disable <alias>), pin one (ringlet proxy enable %s --port N), or widen ports.count in %s", alias, s.dirs.Settings()),
		"no port is free for %q: all %d of %s are given to profiles or taken by other programs", alias, len(candidates), settings.Ports)
}

func (s *Store) taken(port int, alias, by Alias) *PortTakenError {
	e := &PortTakenError{Port: port, Alias: alias, Profile: by}
	if by == "" {
		e.Holder = HolderOf(port)
	}
	return e
}

// bind opens a port on loopback and closes it again: the one proof that it can be had.
func bind(ctx context.Context, port int) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// PortTakenError is a port that somebody else has.
type PortTakenError struct {
	Port    int
	Alias   Alias  // the profile that it was wanted for
	Profile Alias  // the profile that has it, or ""
	Holder  string // who holds it, as in "nginx (pid 812)"; "" when that cannot be told
}

func (e *PortTakenError) Error() string {
	switch {
	case e.Profile != "":
		return fmt.Sprintf("port %d is taken by the profile %q", e.Port, e.Profile)
	case e.Holder != "":
		return fmt.Sprintf("port %d is taken by %s", e.Port, e.Holder)
	}
	return fmt.Sprintf("port %d is taken by another program", e.Port)
}

// Hint names the ways on.
func (e *PortTakenError) Hint() string {
	return fmt.Sprintf("choose another with ringlet proxy enable %s --port N, or leave the choice to ringlet: ringlet proxy enable %s --port auto", e.Alias, e.Alias)
}
