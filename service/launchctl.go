package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Launchctl runs launchd's command. The implementation is /bin/launchctl; tests
// have one that is as strict (launchctltest).
type Launchctl interface {
	// Run returns launchctl's answer; an error says that it could not be run at all.
	Run(ctx context.Context, args ...string) (Answer, error)
}

// Answer is what one launchctl said.
type Answer struct {
	Code int // the exit status
	Out  string
	Err  string
}

// launchctl's exit statuses, seen in https://github.com/Homebrew/homebrew-core/issues/132781,
// https://github.com/chenhg5/cc-connect/issues/35, https://github.com/duh17/oppi/issues/38;
// launchctl(1) names none of them.
const (
	ctlNoProcess   = 3   // bootout of what is not loaded
	ctlIO          = 5   // bootstrap: nearly anything, a job that is still being removed above all
	ctlInProgress  = 36  // bootout: it goes on after launchctl's end
	ctlLoaded      = 37  // bootstrap of what is loaded
	ctlNoDomain    = 112 // print of a domain that is not there
	ctlNotFound    = 113 // print, kickstart of what is not loaded
	ctlUnsupported = 125 // gui/UID without a login at the screen
)

// ctlError is an answer that says no.
type ctlError struct {
	args   []string
	answer Answer
}

func (e *ctlError) Error() string {
	said := strings.TrimSpace(e.answer.Err)
	if said == "" {
		said = strings.TrimSpace(e.answer.Out)
	}
	return fmt.Sprintf("launchctl %s exited with status %d: %s", strings.Join(e.args, " "), e.answer.Code, firstLine(said))
}

// launchctl is the real one, by its path.
type launchctl string

func (l launchctl) Run(ctx context.Context, args ...string) (Answer, error) {
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, string(l), args...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	a := Answer{Out: out.String(), Err: complaint.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		a.Code, err = exit.ExitCode(), nil
	}
	return a, err
}

// job is what `launchctl print` says of a loaded job. Its text "is NOT API in any
// sense at all" (launchctl(1)), so as little of it is read as can be, and nothing
// fails where a line is missing.
type job struct {
	domain   string // "gui/501"
	state    string // "running", "not running", "spawn scheduled", "xpcproxy"…
	pid      int    // 0 when no process is there
	exited   bool   // it has ended before, by exiting
	exit     int    // and with this status
	signaled bool   // it was ended by a signal
	runs     int    // how often it was started since it was loaded; 0 when not said
}

// failed says that the job's process ended, and not well.
func (j job) failed() bool { return j.pid == 0 && (j.signaled || j.exited && j.exit != 0) }

// parsePrint reads the lines that are indented once: further in are endpoints
// and sockets with states of their own.
func parsePrint(text string) job {
	var j job
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "\t")
		key, value, found := strings.Cut(line, " = ")
		if !ok || !found {
			continue
		}
		switch key {
		case "state":
			j.state = value
		case "pid":
			j.pid, _ = strconv.Atoi(value)
		case "runs":
			j.runs, _ = strconv.Atoi(value)
		case "last exit code": // "(never exited)", "1", "78: EX_CONFIG"
			number, _, _ := strings.Cut(value, ":")
			if n, err := strconv.Atoi(number); err == nil {
				j.exited, j.exit = true, n
			}
		case "last terminating signal": // "Killed: 9"
			j.signaled = true
		}
	}
	return j
}

// disabledIn says whether `launchctl print-disabled` has the label as disabled;
// older versions say true for that.
func disabledIn(text, label string) bool {
	for line := range strings.Lines(text) {
		name, is, found := strings.Cut(strings.TrimSpace(line), " => ")
		if found && name == `"`+label+`"` {
			return is == "disabled" || is == "true"
		}
	}
	return false
}
