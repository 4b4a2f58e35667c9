// Package app is what the ringlet command does, without its words: each method
// of [App] is one verb. It puts the stores, the supervisor, the agents and the
// engine's health together, and is the one place where they are assembled
// ([Open]).
//
// The order of work inside a verb follows two rules: everything that can be
// refused is refused before anything is written, and each step can be repeated,
// so that a verb that was interrupted is finished by typing it again.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// version is set by the linker: -X github.com/ringlet/ringlet/internal/app.version=v1.2.3.
// It is never changed at run time.
var version = "0.1.0-dev"

// Version is the version of this build.
func Version() string { return version }

// Options are what the command line knows and the verbs need.
type Options struct {
	Logger *slog.Logger
	Stderr io.Writer // progress and warnings
	Init   InitSystem
}

// InitSystem says where the init system is, and which. The zero value is this
// machine's; tests have another.
type InitSystem = service.ConnectOptions

// App is the tool, assembled.
type App struct {
	Dirs      paths.Dirs
	Catalogue *providers.Catalogue
	Profiles  *profiles.Store
	Secrets   *secrets.Store

	log    *slog.Logger
	stderr io.Writer
	init   InitSystem
	typed  string // this binary as it was called: absolute, links as they are
	exe    string // this binary, absolute, links resolved: what units start
}

// Open assembles the tool from the environment. It writes nothing.
func Open(o Options) (*App, error) {
	a, err := assemble(o)
	if err != nil {
		return nil, err
	}
	return a, a.readCatalogue(a.Dirs.ProvidersDir())
}

// assemble is Open without the providers.
func assemble(o Options) (*App, error) {
	if err := refuseSudo(); err != nil {
		return nil, err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fault.New(fault.Failed, "set HOME to your home folder", "there is no home folder: %w", err)
	}
	dirs, err := paths.New(os.Getenv, home)
	if err != nil {
		return nil, err
	}
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	keys := KeyStore(dirs.CredentialsDir(), os.Getenv)
	keys.Log = o.Logger
	return &App{Dirs: dirs, Secrets: keys, log: o.Logger, stderr: o.Stderr, init: o.Init, exe: exe, typed: asTyped(os.Args[0], exe)}, nil
}

// readCatalogue reads the providers' files in dir, and opens the store that asks for them.
func (a *App) readCatalogue(dir string) error {
	catalogue, err := providers.Load(dir)
	if err != nil {
		return err
	}
	waiting := profiles.OnWait(func() { fmt.Fprintln(a.stderr, "waiting for another ringlet command to finish …") })
	store, err := profiles.Open(a.Dirs, Catalogue{catalogue}, a.Secrets, waiting, profiles.WithLogger(a.log), profiles.WithVersion(version))
	if err != nil {
		return err
	}
	a.Catalogue, a.Profiles = catalogue, store
	return nil
}

// KeyStore is where keys are looked for: systemd's credentials, the files in
// dir, the environment that getenv reads (nil for none).
func KeyStore(dir string, getenv func(string) string) *secrets.Store {
	return &secrets.Store{Dir: dir, Getenv: getenv, CredentialsDirectory: os.Getenv("CREDENTIALS_DIRECTORY"),
		BuiltIn: providers.BuiltInOrigin}
}

// executable is the path that units start: absolute and without links, so that
// it stays valid when a package manager replaces a link; of Homebrew's, see keptPath.
func executable() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the ringlet binary: %w", err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return "", fmt.Errorf("find the ringlet binary: %w", err)
	}
	return keptPath(exe), nil
}

// keptPath is the name that a binary keeps through an upgrade. Homebrew installs
// every version into a folder of its own, PREFIX/Cellar/ringlet/VERSION, removes
// the older ones, and keeps PREFIX/opt/ringlet as a link to the newest
// (https://docs.brew.sh/Formula-Cookbook#homebrew-terminology).
func keptPath(exe string) string {
	version := filepath.Dir(filepath.Dir(exe))
	formula := filepath.Dir(version)
	cellar := filepath.Dir(formula)
	if filepath.Base(cellar) != "Cellar" {
		return exe
	}
	kept := filepath.Join(filepath.Dir(cellar), "opt", filepath.Base(formula), "bin", filepath.Base(exe))
	if real, err := filepath.EvalSymlinks(kept); err == nil {
		if same, err := filepath.EvalSymlinks(exe); err == nil && same == real {
			return kept
		}
	}
	return exe
}

// refuseSudo stops root from writing into a user's home under sudo: the files
// would belong to root, and root's user manager is not the user's.
func refuseSudo() error {
	if os.Geteuid() != 0 || os.Getenv("SUDO_UID") == "" || os.Getenv("SUDO_UID") == "0" {
		return nil
	}
	return fault.New(fault.InitSystem, "run the same command without sudo",
		"ringlet was started with sudo, where it would write root's files and ask root's init system instead of yours (%s's)", os.Getenv("SUDO_USER"))
}

// connect reaches the supervisor, or says why there is none
// (*service.Unavailable). alias is the profile that it is about, "" for all.
func (a *App) connect(ctx context.Context, alias string) (service.Supervisor, error) {
	return a.connectTelling(ctx, alias, a.warnOfKept)
}

// connectTelling is connect where told hears of files that were edited by hand
// and are replaced.
func (a *App) connectTelling(ctx context.Context, alias string, told func(service.Kept)) (service.Supervisor, error) {
	sup, err := a.connectTo(ctx, a.configPath, told)
	var none *service.Unavailable
	if errors.As(err, &none) {
		none.Alias = alias
	}
	return sup, err
}

// connectTo is connectTelling with another way to find configurations, and
// without an alias for its errors.
func (a *App) connectTo(ctx context.Context, configPath func(alias string) string, told func(service.Kept)) (service.Supervisor, error) {
	opts := a.init
	opts.Logger, opts.ConfigPath, opts.Backups, opts.Kept = a.log, configPath, a.Dirs.BackupDir(), told
	return service.Connect(ctx, opts)
}

// configPath is the configuration that an alias' unit has to be for to be this
// home's. The user manager is one per user, homes can be several: daemon stop
// in one of them must leave the proxies of the others alone.
func (a *App) configPath(alias string) string {
	if p, err := a.profile(alias); err == nil {
		return a.Dirs.EngineConfig(p.Agent, alias)
	}
	// A unit whose profile was removed by hand, or cannot be read now: its
	// configuration shows the agent, as long as it is there.
	names := AgentNames()
	for _, agent := range names {
		path := a.Dirs.EngineConfig(agent, alias)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return a.Dirs.EngineConfig(names[0], alias)
}

// operationTimeout is longer than any verb needs: a stop and two starts.
const operationTimeout = 90 * time.Second

// operation serialises verbs on one profile that take several steps (enable,
// disable, delete, run), across processes.
func (a *App) operation(ctx context.Context, alias string) (release func(), err error) {
	path := filepath.Join(a.Dirs.ConfigDir(), "locks", alias)
	done := a.progress(ctx, "waiting for another ringlet command on this profile")
	defer done()
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	release, err = safefile.Lock(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fault.New(fault.Failed, "wait until it has ended, or see what holds the lock: fuser "+path,
			"another ringlet command on %q takes longer than %v", alias, operationTimeout)
	}
	return release, err
}

// progress says what is waited for when it takes more than a second.
func (a *App) progress(ctx context.Context, what string) (done func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-timer.C:
			fmt.Fprintf(a.stderr, "%s …\n", what)
		case <-ctx.Done():
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// counted says every second how many of n are done; of what takes less, nothing.
// what begins after their number and has a place for n.
func (a *App) counted(ctx context.Context, what string, n int, done *atomic.Int64) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-second.C:
				fmt.Fprintf(a.stderr, "%d "+what+" …\n", done.Load(), n)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// warn tells the user, unless --log-level error asks for errors only.
func (a *App) warn(format string, args ...any) {
	if !a.log.Enabled(context.Background(), slog.LevelWarn) {
		return
	}
	fmt.Fprintf(a.stderr, "warning: "+format+"\n", args...)
}
