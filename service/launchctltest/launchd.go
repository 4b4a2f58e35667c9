// Package launchctltest is a stand-in for launchd and its command launchctl, for
// tests on any machine: it keeps the state of this user's domains, really runs
// the jobs, and refuses what the real one refuses, or would silently ignore.
//
// It is built from launchctl(1), launchd.plist(5) and what people report of exit
// statuses and races; where reports differ it does what is harder to live with.
// It has not been compared with a Mac.
package launchctltest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringlet/ringlet/service"
)

// Launchd is the stand-in; it is a [service.Launchctl]. Once it is served its
// settings change by [Launchd.Change] only.
type Launchd struct {
	UID int
	// GUI says that the user is logged in at the screen; else there is only the
	// domain user/UID.
	GUI bool
	// Scale divides the job's ThrottleInterval, which would cost every test of a
	// crash five seconds. ExitTimeOut counts in full.
	Scale time.Duration
	// Patient says that a job that failed stays so: its ThrottleInterval takes longer
	// than the test, however slow that is.
	Patient bool
	// Home is the user's home folder, as the jobs see it.
	Home string
	// Lag is how long a job is still there after its process has ended, and bootout
	// with it; meanwhile bootstrap answers 5.
	Lag time.Duration

	// Old says that it answers as before macOS 13: a job that is loaded or disabled
	// has statuses of its own at bootstrap, which are 5 since, and print-disabled
	// says true and false.
	Old bool
	// Deaf says that gui/UID can be looked at, and takes nothing, as people see over
	// ssh on macOS 26.
	Deaf bool

	t        T
	mu       sync.Mutex
	jobs     map[string]*job   // by domain/label
	disabled map[string]bool   // by domain/label
	environ  map[string]string // launchctl setenv
	calls    []string
	ending   sync.WaitGroup // processes that are waited for, and removals
}

// T is what the stand-in wants of a test.
type T interface {
	Errorf(format string, args ...any)
}

// New is a launchd with a login at the screen. It fails the test when a job is
// left at its end.
func New(t testing.TB, uid int) *Launchd {
	l := Boot(t, uid)
	t.Cleanup(l.Shutdown)
	return l
}

// Boot is [New] for who calls Shutdown.
func Boot(t T, uid int) *Launchd {
	return &Launchd{UID: uid, GUI: true, Scale: 20, Home: os.Getenv("HOME"), Lag: 30 * time.Millisecond, t: t, jobs: map[string]*job{}, disabled: map[string]bool{}, environ: map[string]string{}}
}

// Shutdown ends what is left of jobs, each of which is a failure.
func (l *Launchd) Shutdown() {
	l.mu.Lock()
	for target, j := range l.jobs {
		l.t.Errorf("launchctl: %s is loaded at the end of the test", target)
		j.removed = true
		l.signal(j, killed)
	}
	l.mu.Unlock()
	l.ending.Wait()
}

// Calls are the command lines so far, without the user's domain, and without
// those that only look.
func (l *Launchd) Calls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.calls), func(c string) bool { return strings.HasPrefix(c, "print") || strings.HasPrefix(c, "getenv") })
}

var _ service.Launchctl = (*Launchd)(nil)

// Run implements [service.Launchctl].
func (l *Launchd) Run(ctx context.Context, args ...string) (service.Answer, error) {
	if err := ctx.Err(); err != nil {
		return service.Answer{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, strings.Join(args, " "))
	if len(args) == 0 {
		return l.misused(args)
	}
	want := map[string]int{"bootstrap": 3, "bootout": 2, "enable": 2, "disable": 2, "print": 2, "print-disabled": 2, "kickstart": 3, "getenv": 2, "setenv": 3}
	if n, known := want[args[0]]; !known || len(args) != n {
		return l.misused(args)
	}
	switch args[0] {
	case "bootstrap":
		return l.bootstrap(args[1], args[2]), nil
	case "kickstart":
		if args[1] != "-k" {
			return l.misused(args)
		}
	}
	switch args[0] {
	case "getenv": // what is not set is an empty answer
		return service.Answer{Out: l.environ[args[1]] + "\n"}, nil
	case "setenv":
		l.environ[args[1]] = args[2]
		return service.Answer{}, nil
	}
	target := args[len(args)-1]
	domain, label, answer := l.resolve(target)
	if answer.Code != 0 {
		return answer, nil
	}
	switch args[0] {
	case "print-disabled":
		return l.printDisabled(domain), nil
	case "print":
		if label == "" {
			return l.printDomain(domain), nil
		}
	}
	if label == "" {
		return l.misused(args)
	}
	if l.deaf(domain) && (args[0] == "bootout" || args[0] == "kickstart") {
		return no(125, "Could not %s service %q: 125: Domain does not support specified action", args[0], label), nil
	}
	j := l.jobs[target]
	switch args[0] {
	case "enable", "disable":
		l.disabled[target] = args[0] == "disable"
		return service.Answer{}, nil
	case "print":
		if j == nil {
			return no(113, "Could not find service %q in domain for %s", label, domain), nil
		}
		return service.Answer{Out: j.text(target)}, nil
	case "bootout":
		return l.bootout(target, j), nil
	default:
		return l.kickstart(target, j), nil
	}
}

// Change changes settings between two commands.
func (l *Launchd) Change(settings func(*Launchd)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	settings(l)
}

func (l *Launchd) deaf(domain string) bool { return l.Deaf && strings.HasPrefix(domain, "gui/") }

// misused is for command lines that no launchctl takes: those are mistakes of the
// caller's, not states of the machine.
func (l *Launchd) misused(args []string) (service.Answer, error) {
	l.t.Errorf("launchctl does not take: %q", args)
	return no(64, "Unrecognized subcommand or usage: %v", args), nil
}

func no(code int, format string, args ...any) service.Answer {
	return service.Answer{Code: code, Err: fmt.Sprintf(format, args...) + "\n"}
}

// resolve reads a domain target or a service target.
func (l *Launchd) resolve(target string) (domain, label string, answer service.Answer) {
	parts := strings.SplitN(target, "/", 3)
	uid := ""
	if len(parts) > 1 {
		uid = parts[1]
	}
	if len(parts) == 3 {
		label = parts[2]
	}
	switch {
	case uid != strconv.Itoa(l.UID), parts[0] != "gui" && parts[0] != "user", strings.Contains(label, "/"), len(parts) == 3 && label == "":
		l.t.Errorf("launchctl: %q is no target of this user's", target)
		return "", "", no(112, "Could not find domain for %s", target)
	case parts[0] == "gui" && !l.GUI:
		return "", "", no(125, "Domain does not support specified action")
	}
	return parts[0] + "/" + uid, label, service.Answer{}
}
