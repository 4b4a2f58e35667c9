package launchctltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

const (
	terminated = syscall.SIGTERM
	killed     = syscall.SIGKILL
)

// job is one that is loaded.
type job struct {
	agent   units.Agent
	path    string
	process *os.Process // nil when none runs
	ended   chan struct{}
	runs    int
	spawned time.Time
	exit    int // -1 before the first
	signal  syscall.Signal
	waiting bool // to be started again
	leaving bool // bootout has signalled it
	removed bool
}

func (l *Launchd) bootstrap(domain, path string) service.Answer {
	d, label, answer := l.resolve(domain)
	if answer.Code != 0 {
		return no(answer.Code, "Bootstrap failed: %d: %s", answer.Code, strings.TrimSpace(answer.Err))
	}
	refuse := func(code int, why string) service.Answer { return no(code, "Bootstrap failed: %d: %s", code, why) }
	if label != "" || !filepath.IsAbs(path) {
		l.t.Errorf("launchctl: bootstrap %s %s: it takes a domain and an absolute path", domain, path)
		return refuse(64, "usage")
	}
	info, err := os.Lstat(path)
	if err != nil {
		return refuse(5, "Input/output error")
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 || ok && int(st.Uid) != os.Getuid() {
		return refuse(122, "Path had bad ownership/permissions")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return refuse(5, "Input/output error")
	}
	agent, err := units.DecodeLaunchd(content)
	if err != nil {
		// launchd would ignore an unknown key; nobody would notice.
		l.t.Errorf("launchctl: bootstrap of %s: %v", path, err)
		return refuse(5, "Input/output error")
	}
	session := map[string]string{"gui": "Aqua", "user": "Background"}[strings.Split(d, "/")[0]]
	target := d + "/" + agent.Label
	switch old := l.jobs[target]; {
	case agent.Label+".plist" != filepath.Base(path), len(agent.ProgramArguments) == 0 || !filepath.IsAbs(agent.ProgramArguments[0]):
		l.t.Errorf("launchctl: bootstrap of %s: label %q, arguments %q", path, agent.Label, agent.ProgramArguments)
		return refuse(5, "Input/output error")
	case agent.StandardOutPath == "" || agent.Umask != 0o077:
		l.t.Errorf("launchctl: bootstrap of %s: what it prints goes to %q, with umask %o", path, agent.StandardOutPath, agent.Umask)
		return refuse(5, "Input/output error")
	case l.deaf(d):
		return refuse(125, "Domain does not support specified action")
	case l.disabled[target] && l.Old:
		return refuse(119, "Service is disabled")
	case !slices.Contains(agent.SessionTypes, session), l.disabled[target]:
		return refuse(5, "Input/output error")
	case old != nil && old.leaving:
		return refuse(5, "Input/output error")
	case old != nil && l.Old:
		return refuse(37, "Operation already in progress")
	case old != nil:
		return refuse(5, "Input/output error")
	}
	for _, t := range agent.SessionTypes {
		if !slices.Contains([]string{"Aqua", "Background", "LoginWindow", "StandardIO", "System"}, t) {
			l.t.Errorf("launchctl: bootstrap of %s: there is no session type %q", path, t)
		}
	}
	j := &job{agent: agent, path: path, exit: -1}
	l.jobs[target] = j
	if agent.RunAtLoad {
		l.spawn(target, j)
	}
	return service.Answer{}
}

// Login is a login at the screen: each agent of the folder that is enabled is
// loaded into gui/UID, whatever user/UID has.
func (l *Launchd) Login(dir string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.GUI = true
	l.load("gui", dir)
}

// load is what a session does with the user's folder at its begin.
func (l *Launchd) load(session, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.plist"))
	if err != nil {
		l.t.Errorf("launchd: %v", err)
	}
	for _, file := range files {
		target := fmt.Sprintf("%s/%d/%s", session, l.UID, strings.TrimSuffix(filepath.Base(file), ".plist"))
		if l.disabled[target] || l.jobs[target] != nil {
			continue
		}
		if a := l.bootstrap(filepath.Dir(target), file); a.Code != 0 {
			l.t.Errorf("launchd: a login does not load %s: %s", file, a.Err)
		}
	}
}

// bootout answers before the process has ended, and the job is gone only after.
func (l *Launchd) bootout(target string, j *job) service.Answer {
	if j == nil {
		return no(3, "Boot-out failed: 3: No such process")
	}
	if j.leaving {
		return no(36, "Boot-out failed: 36: Operation now in progress")
	}
	j.leaving = true
	running := j.process != nil
	l.end(j, func() { delete(l.jobs, target) })
	if running {
		return no(36, "Boot-out failed: 36: Operation now in progress")
	}
	return service.Answer{}
}

// end has the job's process end in time, and does the rest after it. It is called
// with the lock, as is the rest.
func (l *Launchd) end(j *job, rest func()) {
	j.removed = true
	ended := j.ended
	if j.process != nil {
		l.signal(j, terminated)
	}
	l.ending.Go(func() {
		if ended != nil {
			grace := time.NewTimer(time.Duration(j.agent.ExitTimeOut) * time.Second)
			defer grace.Stop()
			select {
			case <-ended:
			case <-grace.C:
				l.mu.Lock()
				l.signal(j, killed)
				l.mu.Unlock()
				<-ended
			}
		}
		lag := time.NewTimer(l.Lag)
		defer lag.Stop()
		<-lag.C
		l.mu.Lock()
		defer l.mu.Unlock()
		rest()
	})
}

// kickstart -k kills what runs with SIGKILL.
func (l *Launchd) kickstart(target string, j *job) service.Answer {
	if j == nil {
		return no(113, "Could not find service %q", target)
	}
	if j.leaving {
		return no(3, "No such process")
	}
	if ended := j.ended; j.process != nil {
		j.removed = true // not to be started again by its end
		l.signal(j, killed)
		l.mu.Unlock()
		<-ended
		l.mu.Lock()
		if j.leaving {
			return no(3, "No such process")
		}
		j.removed = false
	}
	j.waiting = false
	l.spawn(target, j)
	return service.Answer{}
}

func (l *Launchd) signal(j *job, sig syscall.Signal) {
	if j.process == nil {
		return
	}
	if err := j.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		l.t.Errorf("launchctl: %v to %s: %v", sig, j.agent.Label, err)
	}
}

// spawn starts the process, with nothing of the caller's environment.
func (l *Launchd) spawn(target string, j *job) {
	j.runs++
	j.spawned, j.waiting = time.Now(), false
	cmd := exec.Command(j.agent.ProgramArguments[0], j.agent.ProgramArguments[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=" + l.Home, "XPC_SERVICE_NAME=" + j.agent.Label, "XPC_FLAGS=0x0"}
	for name, value := range l.environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	for name, value := range j.agent.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := os.OpenFile(j.agent.StandardOutPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, os.FileMode(0o666&^j.agent.Umask))
	if err == nil {
		defer out.Close()
		cmd.Stdout, cmd.Stderr = out, out
		err = cmd.Start()
	}
	if err != nil {
		j.exit, j.signal = 78, 0
		l.again(target, j)
		return
	}
	j.process, j.ended = cmd.Process, make(chan struct{})
	ended := j.ended
	l.ending.Go(func() {
		_ = cmd.Wait() // its state says how it ended
		l.mu.Lock()
		defer l.mu.Unlock()
		j.process, j.ended = nil, nil
		j.exit, j.signal = cmd.ProcessState.ExitCode(), 0
		if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && st.Signaled() {
			j.exit, j.signal = -1, st.Signal()
		}
		close(ended)
		if j.exit != 0 || j.agent.KeepAlive.SuccessfulExit {
			l.again(target, j)
		}
	})
}

// again starts the job once more, ThrottleInterval after the last time.
func (l *Launchd) again(target string, j *job) {
	if j.removed {
		return
	}
	j.waiting = true
	if l.Patient {
		return
	}
	at := j.spawned.Add(time.Duration(j.agent.ThrottleInterval) * time.Second / l.Scale)
	runs := j.runs
	l.ending.Go(func() {
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		<-timer.C
		l.mu.Lock()
		defer l.mu.Unlock()
		if !j.removed && j.waiting && j.runs == runs && l.jobs[target] == j {
			l.spawn(target, j)
		}
	})
}

// PID is the process of a loaded job, "gui/501/label"; 0 when there is none.
func (l *Launchd) PID(target string) (pid int, loaded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.jobs[target]
	if j == nil {
		return 0, false
	}
	if j.process == nil {
		return 0, true
	}
	return j.process.Pid, true
}

// Targets are this user's domains, the one at the screen first.
func (l *Launchd) Targets(label string) (gui, user string) {
	uid := strconv.Itoa(l.UID)
	return "gui/" + uid + "/" + label, "user/" + uid + "/" + label
}
