package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// launchd is the Supervisor over launchd, as one user sees it. No part of it is
// for one platform only, but for plistFiles and startedAt: so it is tested where
// no launchd is.
type launchd struct {
	ctl        Launchctl
	files      plistFiles
	host       Host
	log        *slog.Logger
	dir        string // ~/Library/LaunchAgents
	configPath func(alias string) string
	backups    backups
	ps         processes
}

// plistFiles puts a job's file into LaunchAgents and takes it away.
type plistFiles interface {
	install(path string, content []byte) error
	remove(path string) error
}

// How long launchd is waited for.
const (
	launchdPause   = 20 * time.Millisecond
	bootstrapPause = 250 * time.Millisecond
	// bootstrapPatience: launchd removes a job only after its process has ended,
	// and answers 5 to its bootstrap until then.
	bootstrapPatience = 15 * time.Second
	readyTimeout      = 20 * time.Second // as TimeoutStartSec= under systemd
	goneTimeout       = 15 * time.Second // a stop: ExitTimeOut, and some
)

func connectLaunchd(opts ConnectOptions, log *slog.Logger) (Supervisor, error) {
	l := &launchd{ctl: opts.Launchctl, files: systemPlists(), host: opts.Host, log: log, dir: opts.LaunchAgents, configPath: opts.ConfigPath, backups: newBackups(opts, log), ps: systemProcesses}
	if l.ctl == nil {
		l.ctl = launchctl("/bin/launchctl")
	}
	if l.dir == "" {
		dir, err := launchAgents()
		if err != nil {
			return nil, fmt.Errorf("find the folder of launchd's agents: %w", err)
		}
		l.dir = dir
	}
	return l, nil
}

func (l *launchd) Name() string { return "launchd" }
func (l *launchd) Close()       {}

// run asks launchctl, and takes the given exit statuses for a yes.
func (l *launchd) run(ctx context.Context, args []string, fine ...int) (Answer, error) {
	a, err := l.ctl.Run(ctx, args...)
	l.log.DebugContext(ctx, "launchctl", "args", args, "code", a.Code, "error", err)
	if err != nil {
		return a, fmt.Errorf("launchctl %s: %w", args[0], err)
	}
	if a.Code != 0 && !slices.Contains(fine, a.Code) {
		return a, &ctlError{args, a}
	}
	return a, nil
}

// domains are where a job of this user's can be loaded: that of the login at the
// screen, and that of the user, which is there for a login over ssh as well.
func (l *launchd) domains() []string {
	uid := strconv.Itoa(l.host.uid())
	return []string{"gui/" + uid, "user/" + uid}
}

// find looks for the job in both domains. ok is false where it is in neither.
// It can be in both: each login loads the user's agents into its own. Then it is
// the one that runs; the other has found the port taken, and left.
func (l *launchd) find(ctx context.Context, alias string) (first job, ok bool, err error) {
	for _, domain := range l.domains() {
		a, err := l.run(ctx, []string{"print", domain + "/" + units.LaunchdLabel(alias)}, ctlNotFound, ctlNoDomain, ctlUnsupported, ctlNoProcess, ctlIO)
		if err != nil {
			return job{}, false, l.refused(alias, "be asked", err)
		}
		if a.Code == 0 {
			j := parsePrint(a.Out)
			j.domain = domain
			if j.pid != 0 {
				return j, true, nil
			}
			if !ok {
				first, ok = j, true
			}
		}
	}
	return first, ok, nil
}

// home is the domain to load a job into: gui where there is one, as a job there
// ends with the login, and starts with it.
func (l *launchd) home(ctx context.Context) (string, error) {
	domains := l.domains()
	a, err := l.run(ctx, []string{"print", domains[0]}, ctlNotFound, ctlNoDomain, ctlUnsupported, ctlIO)
	if err == nil && a.Code != 0 {
		return domains[1], nil
	}
	return domains[0], err
}

// refused words an answer of launchctl's.
func (l *launchd) refused(alias, verb string, err error) error {
	var no *ctlError
	if err == nil || !errors.As(err, &no) {
		return err
	}
	if alias == "" {
		return fault.New(fault.InitSystem, fmt.Sprintf("look at it: launchctl print %s", l.domains()[0]), "launchd cannot %s: %w", verb, err)
	}
	if no.answer.Code == ctlUnsupported {
		return fault.New(fault.InitSystem, "type the same command in a terminal on its screen; over ssh launchd takes it only for what was started over ssh",
			"the proxy of %q cannot %s: %w", alias, verb, err)
	}
	domain := l.domains()[0]
	if len(no.args) > 1 && strings.HasPrefix(no.args[1], l.domains()[1]) {
		domain = l.domains()[1]
	}
	hint := fmt.Sprintf("look at it: launchctl print %s/%s", domain, units.LaunchdLabel(alias))
	if no.args[0] == "bootstrap" && no.answer.Code == ctlIO {
		// The status stands for nearly anything; a removal that goes on was waited for.
		hint = "see whether it is switched off in System Settings, General, Login Items, and whether its file is sound: plutil -lint " +
			filepath.Join(l.dir, units.LaunchdName(alias)) + "; then " + hint
	}
	return fault.New(fault.InitSystem, hint, "the proxy of %q cannot %s: %w", alias, verb, err)
}

// Inspect is the command that shows a proxy's job.
func (l *launchd) Inspect(ctx context.Context, alias string) string {
	domain := l.domains()[0]
	if j, loaded, err := l.find(ctx, alias); err == nil && loaded {
		domain = j.domain
	} else if home, err := l.home(ctx); err == nil {
		domain = home
	}
	return "launchctl print " + domain + "/" + units.LaunchdLabel(alias)
}

// plist is a job's file; content is nil when there is none.
type plist struct {
	unitFile
	agent units.Agent
}

func (p plist) port() int {
	_, port, err := net.SplitHostPort(p.origin.Listen)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(port)
	return n
}

// read reads the file of a profile's job. One that is another's, or for another
// configuration than config (this home's where that is ""), is a [*ForeignUnit].
func (l *launchd) read(alias, config string) (plist, error) {
	if config == "" && l.configPath != nil {
		config = l.configPath(alias)
	}
	return l.readFor(alias, config)
}

// readFor is read for any configuration where config is "".
func (l *launchd) readFor(alias, config string) (plist, error) {
	p := plist{unitFile: unitFile{path: filepath.Join(l.dir, units.LaunchdName(alias))}}
	content, err := safefile.Read(p.path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return p, err
	}
	if p.origin, err = units.InspectLaunchd(content); err != nil {
		return p, &ForeignUnit{Path: p.path}
	}
	if other := p.origin.ConfigPath; config != "" && other != config {
		return p, &ForeignUnit{Path: p.path, Config: other}
	}
	if p.agent, err = units.DecodeLaunchd(content); err != nil && !p.origin.Edited {
		return p, &ForeignUnit{Path: p.path}
	}
	p.content = content
	return p, nil
}

// Check implements [Supervisor].
func (l *launchd) Check(_ context.Context, alias, config string) error {
	_, err := l.read(alias, config)
	return err
}

// installed lists the profiles that have a job of this home's, sorted.
func (l *launchd) installed() (aliases []string, err error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		alias, ok := units.LaunchdAliasOf(entry.Name())
		if !ok {
			continue
		}
		p, err := l.read(alias, "")
		var foreign *ForeignUnit
		switch {
		case errors.As(err, &foreign):
		case err != nil:
			l.log.Warn("job left out", "file", entry.Name(), "error", err)
		case p.content != nil:
			aliases = append(aliases, alias)
		}
	}
	return aliases, nil
}
