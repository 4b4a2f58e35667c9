package profiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/nearest"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/safefile"
)

// lockPatience is how long a command waits for the others before it gives up,
// where its context does not end sooner. They hold the lock for milliseconds.
const lockPatience = 30 * time.Second

// Store is the profiles of one user. It is safe for concurrent use, by
// goroutines and by processes.
type Store struct {
	dirs    paths.Dirs
	cat     Catalogue
	tokens  Tokens
	log     *slog.Logger
	version string
	onWait  func()
	now     func() time.Time
	write   func(path string, data []byte, perm fs.FileMode) error
	probe   func(ctx context.Context, port int) error
}

// Option changes how a store works.
type Option func(*Store)

// OnWait has f called, once per command, when other commands hold the lock for
// longer than a second; to tell the user why nothing happens.
func OnWait(f func()) Option { return func(s *Store) { s.onWait = f } }

// WithLogger has every file written or removed logged, at debug level; nil
// changes nothing.
func WithLogger(log *slog.Logger) Option {
	return func(s *Store) {
		if log != nil {
			s.log = log
		}
	}
}

// WithVersion has profiles' files name the version of ringlet that wrote them, so
// that an older one can say which it would take to read them.
func WithVersion(version string) Option { return func(s *Store) { s.version = version } }

// Open makes the store. It reads and writes nothing.
func Open(dirs paths.Dirs, cat Catalogue, tokens Tokens, opts ...Option) (*Store, error) {
	s := &Store{dirs: dirs, cat: cat, tokens: tokens, log: slog.New(slog.DiscardHandler), onWait: func() {},
		now: time.Now, write: safefile.Write, probe: bind}
	for _, o := range opts {
		o(s)
	}
	return s, nil
}

// lock takes the one lock under which every file of the store is changed.
func (s *Store) lock(ctx context.Context) (release func(), err error) {
	bounded, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	waiting := time.AfterFunc(time.Second, s.onWait)
	defer waiting.Stop()
	release, err = safefile.Lock(bounded, s.dirs.Lock())
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fault.New(fault.Failed, "wait for it to end, or find it: fuser "+s.dirs.Lock(),
			"another ringlet command has been at work for %v: %w", lockPatience, err)
	}
	return release, err
}

// Get reads a profile. A missing one is a *NotFoundError, one that cannot be
// parsed an error with path, line and column.
func (s *Store) Get(alias Alias) (Profile, error) {
	if _, err := ParseAlias(string(alias)); err != nil {
		return Profile{}, err
	}
	path := s.dirs.Profile(string(alias))
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return Profile{}, s.notFound(alias)
	}
	if err != nil {
		return Profile{}, err
	}
	return decode(path, alias, data)
}

func (s *Store) notFound(alias Alias) error {
	var have []string
	entries, _ := s.names() // an unreadable folder has no names to offer
	for _, name := range entries {
		if stem, ok := strings.CutSuffix(name, ".json"); ok {
			have = append(have, stem)
		}
	}
	return &NotFoundError{What: "profile", Name: string(alias), Nearest: nearest.Names(string(alias), have, 3), List: "ringlet profiles list"}
}

// List reads every profile, sorted by alias, and reports each file that cannot
// be used: none is skipped silently.
func (s *Store) List(ctx context.Context) ([]Profile, []error) {
	names, err := s.names()
	if err != nil {
		return nil, []error{err}
	}
	read, errs := make([]*Profile, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(len(names), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				read[i], errs[i] = s.listed(names[i])
			}
		})
	}
	wg.Wait()
	var out []Profile
	var problems []error
	for i := range names {
		if read[i] != nil {
			out = append(out, *read[i])
		}
		if errs[i] != nil {
			problems = append(problems, errs[i])
		}
	}
	if err := ctx.Err(); err != nil {
		problems = append(problems, err)
	}
	return out, problems
}

// listed reads the profile in a file of the profiles folder; nil where it is none.
func (s *Store) listed(name string) (*Profile, error) {
	stem, ok := strings.CutSuffix(name, ".json")
	if !ok {
		return nil, nil // not a profile: a note, an editor's backup
	}
	alias, err := ParseAlias(stem)
	if err != nil {
		return nil, fault.New(fault.Failed, "rename or remove it", "%s cannot be a profile's file: %w", filepath.Join(s.dirs.ProfilesDir(), name), err)
	}
	p, err := s.Get(alias)
	var gone *NotFoundError
	switch {
	case errors.As(err, &gone): // deleted meanwhile
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &p, nil
}

// names are the files in the profiles folder, sorted, without hidden ones.
func (s *Store) names() ([]string, error) {
	dir := s.dirs.ProfilesDir()
	if err := safefile.CheckDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the profiles: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") { // hidden: a write that is under way
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// save writes a profile's file.
func (s *Store) save(p Profile) error {
	data, err := p.encode(s.version)
	if err != nil {
		return err
	}
	path := s.dirs.Profile(string(p.Alias))
	if err := s.keepOlder(path, Version); err != nil {
		return err
	}
	return s.put(path, data)
}

// put writes a file of the user's own, which nobody else need read.
func (s *Store) put(path string, data []byte) error {
	if err := s.write(path, data, 0o600); err != nil {
		return err
	}
	s.log.Debug("file written", "path", path, "bytes", len(data))
	return nil
}
