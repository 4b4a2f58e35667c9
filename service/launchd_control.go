package service

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/units"
)

// Start implements [Supervisor]. A job that is loaded and does not run has failed,
// or ended by itself: loading it anew takes up a changed file, and does not wait
// for what is left of its throttling.
func (l *launchd) Start(ctx context.Context, alias string) error {
	p, err := l.owned(alias)
	if err != nil {
		return err
	}
	j, loaded, err := l.find(ctx, alias)
	switch {
	case err != nil:
		return err
	case loaded && j.pid != 0 && !leaving(j):
		err := l.ready(ctx, alias, "start", p, job{}, l.logEnd(p))
		var ended *JobError
		if !errors.As(err, &ended) || ended.Result == "timeout" {
			return err
		}
	}
	if loaded { // it has ended, or is about to
		if err := l.stop(ctx, alias, p); err != nil {
			return err
		}
	}
	return l.load(ctx, alias, "start", p)
}

// owned reads the file of a job that can be started.
func (l *launchd) owned(alias string) (plist, error) {
	p, err := l.read(alias, "")
	if err == nil && p.content == nil {
		err = notInstalled(alias)
	}
	return p, err
}

// load gives the job to launchd, which starts it, and waits until it is ready.
// Whether the port is free is asked before: an engine that finds it taken would
// be started again every five seconds.
func (l *launchd) load(ctx context.Context, alias, verb string, p plist) error {
	if taken(p.port()) {
		l.note(p.origin.ConfigPath, record{Failed: portTaken})
		return &JobError{Alias: alias, Verb: verb, Unit: units.LaunchdLabel(alias), Job: "failed", Result: portTaken, Port: p.port()}
	}
	domain, err := l.home(ctx)
	if err == nil {
		err = l.enable(ctx, domain, alias)
	}
	if err != nil {
		return l.refused(alias, verb, err)
	}
	l.trim(p)
	since := l.logEnd(p)
	l.note(p.origin.ConfigPath, record{Content: sum(p.content)})
	err = l.bootstrap(ctx, domain, alias, p)
	var no *ctlError
	if user := l.domains()[1]; errors.As(err, &no) && no.answer.Code == ctlUnsupported && domain != user {
		// It is there to be looked at, and takes nothing, as is seen over ssh on
		// macOS 26 (https://github.com/NousResearch/hermes-agent/issues/23387).
		if second := l.enable(ctx, user, alias); second == nil && l.bootstrap(ctx, user, alias, p) == nil {
			err = nil
		}
	}
	if err != nil {
		return l.refused(alias, verb, err)
	}
	return l.ready(ctx, alias, verb, p, job{}, since)
}

// bootstrap loads the job. While launchd removes a job of before it says 5, and
// 37 or 5 when the job is loaded already, as after a login.
func (l *launchd) bootstrap(ctx context.Context, domain, alias string, p plist) error {
	deadline := time.Now().Add(bootstrapPatience)
	for {
		_, err := l.run(ctx, []string{"bootstrap", domain, p.path})
		var no *ctlError
		if !errors.As(err, &no) {
			return err
		}
		switch no.answer.Code {
		case ctlLoaded, ctlIO:
			if j, loaded, ferr := l.find(ctx, alias); ferr == nil && loaded && j.domain == domain && !leaving(j) {
				return nil
			}
		default:
			return err
		}
		if time.Now().After(deadline) {
			return err
		}
		if pause(ctx, bootstrapPause) != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// leaving says that launchd is about to remove the job.
func leaving(j job) bool { return j.state == "SIGTERMed" || j.state == "SIGKILLed" }

// Stop implements [Supervisor].
func (l *launchd) Stop(ctx context.Context, alias string) error {
	p, err := l.read(alias, "")
	if err != nil {
		return err
	}
	return l.stop(ctx, alias, p)
}

// stop unloads the job: only that keeps launchd from starting it again. The
// engine gets SIGTERM, and ExitTimeOut later SIGKILL. bootout does not wait for
// the end, so that is looked for.
func (l *launchd) stop(ctx context.Context, alias string, p plist) error {
	if p.content != nil {
		r := readRecord(p.origin.ConfigPath)
		if r.Failed != "" {
			r.Failed = "" // who types stop has seen it
			l.note(p.origin.ConfigPath, r)
		}
	}
	deadline := time.Now().Add(goneTimeout)
	asked := map[string]bool{}
	for {
		j, loaded, err := l.find(ctx, alias)
		if err != nil || !loaded {
			return err
		}
		if !asked[j.domain] {
			asked[j.domain] = true
			if _, err := l.run(ctx, []string{"bootout", j.domain + "/" + units.LaunchdLabel(alias)}, ctlNoProcess, ctlInProgress, ctlNotFound); err != nil {
				return l.refused(alias, "stop", err)
			}
			continue
		}
		if time.Now().After(deadline) {
			return &JobError{Alias: alias, Verb: "stop", Unit: units.LaunchdLabel(alias), Job: "failed", Result: "timeout"}
		}
		if err := pause(ctx, launchdPause); err != nil {
			return err
		}
	}
}

// Restart implements [Supervisor]. `kickstart -k` ends the engine with SIGKILL
// (https://github.com/kirodotdev/KiroCrew/issues/1562), so it is asked to leave
// before that. As its exit is no failure, launchd does not start it by itself.
func (l *launchd) Restart(ctx context.Context, alias string) error {
	p, err := l.owned(alias)
	if err != nil {
		return err
	}
	j, loaded, err := l.find(ctx, alias)
	if err != nil {
		return err
	}
	// launchd starts what it has loaded: a changed file has to be loaded anew.
	if !loaded || j.pid == 0 || !l.current(p, j) {
		if loaded {
			if err := l.stop(ctx, alias, p); err != nil {
				return err
			}
		}
		return l.load(ctx, alias, "restart", p)
	}
	// Also where ctx ends meanwhile, as by Ctrl-C: one that was asked to leave, and is
	// not started, would be down.
	begun := context.WithoutCancel(ctx)
	if err := l.drain(begun, alias, j.pid); err != nil {
		return err
	}
	l.trim(p)
	since := l.logEnd(p)
	l.note(p.origin.ConfigPath, record{Content: sum(p.content)})
	a, err := l.run(begun, []string{"kickstart", "-k", j.domain + "/" + units.LaunchdLabel(alias)}, ctlNotFound, ctlNoProcess, ctlUnsupported)
	if err != nil {
		return l.refused(alias, "restart", err)
	}
	if a.Code != 0 { // somebody else unloaded it meanwhile, or its domain takes nothing now
		return l.load(ctx, alias, "restart", p)
	}
	return l.ready(ctx, alias, "restart", p, j, since)
}

// drainTimeout is how long an engine may take to end, as ExitTimeOut has it.
const drainTimeout = 5 * time.Second

// drain asks the engine to leave, and waits until it is gone or out of time.
func (l *launchd) drain(ctx context.Context, alias string, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); errors.Is(err, syscall.ESRCH) {
		return nil
	} else if err != nil {
		return l.refused(alias, "restart", err)
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	for {
		j, loaded, err := l.find(ctx, alias)
		if err == nil && (!loaded || j.pid != pid) {
			return nil
		}
		if pause(ctx, launchdPause) != nil {
			return nil // kickstart -k ends it
		}
	}
}

// spawnPatience is how long a job may look as it did before it is believed that
// its new process has ended already, where launchd does not count the starts.
const spawnPatience = time.Second

// ready waits until the job has a process with its port open, another one than
// before, and notes that. since is where in its log to look for the reason if it
// ends instead.
func (l *launchd) ready(ctx context.Context, alias, verb string, p plist, before job, since int64) error {
	fail := &JobError{Alias: alias, Verb: verb, Unit: units.LaunchdLabel(alias), Job: "failed"}
	began := time.Now()
	for {
		j, loaded, err := l.find(ctx, alias)
		started := j.runs > before.runs || j.runs == 0 && time.Since(began) > spawnPatience
		switch {
		case err != nil:
			return err
		case !loaded:
			fail.Job = "canceled"
			return fail
		case j.pid != 0 && j.pid != before.pid && open(ctx, p.port()):
			// Between the two questions it may have been replaced.
			if again, _, err := l.find(ctx, alias); err == nil && again.pid == j.pid {
				r := readRecord(p.origin.ConfigPath)
				if r.PID != j.pid {
					r.PID, r.Ready, r.Runs, r.Failed = j.pid, time.Now(), j.runs, ""
					r.Exe = p.agent.ProgramArguments[0]
					r.Inode = inode(r.Exe)
					l.note(p.origin.ConfigPath, r)
				}
				return nil
			}
		case j.pid == 0 && started && (j.exited || j.signaled):
			return l.ended(fail, j, p, since)
		}
		if time.Since(began) > readyTimeout {
			fail.Result = "timeout"
			fail.Lines = l.said(p, since)
			return fail
		}
		if err := pause(ctx, launchdPause); err != nil {
			return err
		}
	}
}

// exConfig is launchd's own exit status for a job that it cannot run (sysexits(3));
// cannotExec is systemd's, which JobError knows.
const (
	exConfig   = 78
	cannotExec = 203
)

// ended explains a process that ended before it was ready.
func (l *launchd) ended(fail *JobError, j job, p plist, since int64) error {
	switch {
	case j.failed() && j.exited && j.exit != 0:
		fail.Result, fail.Code = "exit-code", j.exit
	case j.signaled:
		fail.Result, fail.Code = "signal", int(syscall.SIGKILL)
	default:
		fail.Result = "protocol"
	}
	fail.Lines = l.said(p, since)
	if fail.Code == exConfig && len(fail.Lines) == 0 {
		fail.Code = cannotExec
	}
	return fail
}

// Reload implements [Supervisor] by the command that systemd's ExecReload= is.
func (l *launchd) Reload(ctx context.Context, alias string) error {
	p, err := l.owned(alias)
	if err != nil {
		return err
	}
	j, loaded, err := l.find(ctx, alias)
	switch {
	case err != nil:
		return err
	case !loaded || j.pid == 0 || leaving(j):
		return notRunning(alias)
	}
	command := p.agent.ReloadCommand(j.pid)
	lines, err := helper(ctx, command, []string{"HOME=" + l.host.env("HOME"), "PATH=" + p.agent.Environment["PATH"]})
	l.log.DebugContext(ctx, "run", "program", command[0], "args", command[1:], "error", err)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &JobError{Alias: alias, Verb: "reload", Unit: units.LaunchdLabel(alias), Job: "failed", Result: "exit-code", Code: exitCode(err), Lines: lines}
}

// trim keeps the file that launchd appends to from growing: beyond a mebibyte it
// becomes the one of before.
func (l *launchd) trim(p plist) {
	log := units.LaunchdLog(p.origin.ConfigPath)
	if info, err := os.Stat(log); err == nil && info.Size() > 1<<20 {
		if err := os.Rename(log, log+".1"); err != nil {
			l.log.Warn("launchd's log of the engine cannot be put aside", "error", err)
		}
	}
}
