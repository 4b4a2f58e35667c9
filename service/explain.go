package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// JobError says that the init system tried and failed, and why.
type JobError struct {
	Alias  string
	Verb   string   // "start", "stop", "restart", "reload"
	Unit   string   // the unit whose job it was
	Job    string   // the job's result: "failed", "timeout", "dependency", "canceled"
	Result string   // the unit's: "exit-code", "signal", "timeout", "watchdog", "resources", "start-limit-hit"…
	Code   int      // the engine's exit status or signal, by Result
	Port   int      // the port, when it is the port that failed
	Lines  []string // what the engine said, oldest first, at most five lines
}

// PortFailed says that it was the port that could not be opened.
func (e *JobError) PortFailed() bool {
	return e.Result == portTaken || strings.HasSuffix(e.Unit, ".socket")
}

// PortTaken says that it was because somebody else had the port.
func (e *JobError) PortTaken() bool {
	return e.Result == portTaken || strings.HasSuffix(e.Unit, ".socket") && e.Result == "resources"
}

// Sandboxed says that the service did not start for its sandbox. The next Install
// tries anew what this machine allows.
func (e *JobError) Sandboxed() bool {
	return e.Result == "exit-code" && slices.Contains(units.SandboxExits(), e.Code)
}

// Error is one sentence; it ends with the engine's own words.
func (e *JobError) Error() string {
	s := fmt.Sprintf("the proxy of %q did not %s: %s", e.Alias, e.Verb, e.reason())
	if len(e.Lines) > 0 {
		s += ": " + strings.Join(e.Lines, "; ")
	}
	return s
}

func (e *JobError) reason() string {
	if e.Job == "canceled" {
		return "another command came in between"
	}
	if e.Result == portTaken {
		return fmt.Sprintf("port %d is taken", e.Port)
	}
	if strings.HasSuffix(e.Unit, ".socket") {
		switch e.Result {
		case "resources":
			return fmt.Sprintf("systemd cannot listen on port %d, it may be taken", e.Port)
		case "trigger-limit-hit", "service-start-limit-hit":
			return "the engine was started too often"
		}
		return "its port cannot be opened (" + e.Result + ")"
	}
	if e.Verb == "reload" {
		switch e.Result {
		case "timeout":
			return "the engine did not answer in time"
		}
		return "the engine keeps its old configuration"
	}
	switch e.Result {
	case "exit-code":
		if e.Code == 203 {
			return "its program cannot be run"
		}
		return fmt.Sprintf("the engine exited with status %d", e.Code)
	case "signal", "core-dump":
		return fmt.Sprintf("the engine was ended by signal %d (%v)", e.Code, syscall.Signal(e.Code))
	case "timeout":
		if e.Verb == "stop" {
			return "the engine did not end in time"
		}
		return "the engine was not ready in time"
	case "watchdog":
		return "the engine hung, and the watchdog ended it"
	case "protocol":
		return "the engine ended before it was ready"
	case "start-limit-hit":
		return "it failed too often in a minute"
	case "oom-kill":
		return "the engine ran out of the memory that it is allowed"
	case "resources":
		return "systemd lacks the resources to start it"
	}
	if e.Job == "dependency" {
		return "its port is not open"
	}
	if e.onLaunchd() {
		return "launchd did not do it"
	}
	return "systemd says " + e.Job
}

// onLaunchd says that it was launchd's job.
func (e *JobError) onLaunchd() bool { return e.Unit == units.LaunchdLabel(e.Alias) }

// Hint names the command to go on with.
func (e *JobError) Hint() string {
	switch {
	case e.Job == "canceled":
		return "see how it is: ringlet proxy status " + e.Alias
	case e.PortTaken():
		return "choose another port: ringlet proxy enable " + e.Alias + " --port N"
	case e.Result == "exit-code" && e.Code >= 200 && e.Code < 250:
		if e.onLaunchd() {
			return "write its launchd agent anew, for the binary that is there now: ringlet proxy enable " + e.Alias
		}
		return "write its unit files anew: ringlet proxy enable " + e.Alias
	case e.Result == "oom-kill":
		return "allow it more: systemctl --user edit " + units.ServiceName(e.Alias) + ", with MemoryMax= under [Service]"
	case e.Verb == "reload":
		return "put it right and run: ringlet proxy restart " + e.Alias
	}
	return "see its log: ringlet proxy logs " + e.Alias
}

// ExitCode is that of a refusal by the init system.
func (e *JobError) ExitCode() int { return int(fault.InitSystem) }

// explain completes a failure from the unit's properties and from what was
// logged since it began. It always returns e: that the reason cannot be found
// must not hide the failure.
func (s *systemd) explain(ctx context.Context, e *JobError, since time.Time) error {
	get := s.bus.getter()
	pid := 0
	switch {
	case strings.HasSuffix(e.Unit, ".socket"):
		get.socket(e.Unit, "Result", func(v value) { e.Result = v.text() })
		if socket, err := s.readUnit(e.Unit); err == nil {
			e.Port = port(socket)
		}
	case e.Verb == "reload":
		get.service(e.Unit, "ReloadResult", func(v value) { e.Result = v.text() })
		// The helper says why; the engine, which goes on, says other things.
		get.service(e.Unit, "ExecReload", func(v value) { pid = v.commandPID() })
	default:
		get.service(e.Unit, "Result", func(v value) { e.Result = v.text() })
		get.service(e.Unit, "ExecMainStatus", func(v value) { e.Code = v.number() })
		get.service(e.Unit, "ExecMainPID", func(v value) { pid = v.number() })
	}
	if err := get.ask(ctx); err != nil {
		s.log.DebugContext(ctx, "no properties to explain a failure", "unit", e.Unit, "error", err)
	}
	s.forgetProbe(ctx, e)
	e.Lines = s.said(ctx, pid, since)
	return e
}
