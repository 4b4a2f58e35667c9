package launchctltest

import (
	"fmt"
	"path"
	"strings"

	"github.com/ringlet/ringlet/service"
)

// text is what print says of a job, with what surrounds the lines that matter: the
// form is that of outputs in public reports, of macOS 12 to 26.
func (j *job) text(target string) string {
	var b strings.Builder
	state := "not running"
	switch {
	case j.leaving:
		state = "SIGTERMed"
	case j.process != nil:
		state = "running"
	case j.waiting:
		state = "spawn scheduled"
	}
	list := func(name string, lines ...string) {
		fmt.Fprintf(&b, "\t%s = {\n", name)
		for _, line := range lines {
			fmt.Fprintf(&b, "\t\t%s\n", line)
		}
		b.WriteString("\t}\n\n")
	}
	fmt.Fprintf(&b, "%s = {\n\tactive count = 1\n\tpath = %s\n\ttype = LaunchAgent\n\tstate = %s\n\n\tprogram = %s\n", target, j.path, state, j.agent.ProgramArguments[0])
	list("arguments", j.agent.ProgramArguments...)
	fmt.Fprintf(&b, "\tstdout path = %s\n\tstderr path = %s\n", j.agent.StandardOutPath, j.agent.StandardErrorPath)
	// A value may look like a line that matters.
	list("inherited environment", "SSH_AUTH_SOCK => /private/tmp/com.apple.launchd.x/Listeners", "STATE => state = running")
	list("default environment", "PATH => /usr/bin:/bin:/usr/sbin:/sbin")
	list("environment", "XPC_SERVICE_NAME => "+j.agent.Label)
	fmt.Fprintf(&b, "\tdomain = %s [100005]\n\tasid = 100005\n\tminimum runtime = %d\n\texit timeout = %d\n\truns = %d\n", path.Dir(target), j.agent.ThrottleInterval, j.agent.ExitTimeOut, j.runs)
	if j.process != nil {
		fmt.Fprintf(&b, "\tpid = %d\n\timmediate reason = speculative\n\tforks = 0\n\texecs = 1\n", j.process.Pid)
	}
	switch {
	case j.signal != 0:
		fmt.Fprintf(&b, "\tlast terminating signal = %v: %d\n", j.signal, j.signal)
	case j.exit < 0:
		b.WriteString("\tlast exit code = (never exited)\n")
	case j.exit == 78:
		b.WriteString("\tlast exit code = 78: EX_CONFIG\n")
	default:
		fmt.Fprintf(&b, "\tlast exit code = %d\n", j.exit)
	}
	// Deeper in there are states of other things.
	b.WriteString("\n\tevent triggers = {\n\t\tx => {\n\t\t\tstate = 1\n\t\t\tpid = 99999999\n\t\t}\n\t}\n\n")
	fmt.Fprintf(&b, "\tspawn type = interactive (4)\n\tjetsam priority = 40\n\tjob state = %s\n\tproperties = keepalive | runatload | inferred program\n}\n", state)
	return b.String()
}

func (l *Launchd) printDomain(domain string) service.Answer {
	return service.Answer{Out: fmt.Sprintf("%s = {\n\ttype = login\n\thandle = 100005\n\tservices = {\n\t\t       0      -   com.apple.x\n\t}\n}\n", domain)}
}

func (l *Launchd) printDisabled(domain string) service.Answer {
	words := map[bool]string{true: "disabled", false: "enabled"}
	if l.Old {
		words = map[bool]string{true: "true", false: "false"}
	}
	var b strings.Builder
	b.WriteString("disabled services = {\n")
	for target, off := range l.disabled {
		if label, ok := strings.CutPrefix(target, domain+"/"); ok {
			fmt.Fprintf(&b, "\t\t%q => %s\n", label, words[off])
		}
	}
	return service.Answer{Out: b.String() + "\t}\nlogin item associations = {\n\t\t\"dev.x\" => \"1\"\n\t}\n"}
}
