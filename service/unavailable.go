package service

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// Reason is why there is no user manager, told apart because each has another remedy.
type Reason string

// The reasons.
const (
	NoSystemd     Reason = "no-systemd"      // this machine was started by something else
	Container     Reason = "container"       // a container without an init system
	WSL1          Reason = "wsl1"            // has no kernel for it
	WSL2          Reason = "wsl2"            // has one, but systemd is switched off
	NoUserManager Reason = "no-user-manager" // systemd runs, but nothing for this user (plain ssh, su, cron)
	NoBus         Reason = "no-bus"          // the runtime folder is there, the manager's sockets are not (a bug of WSL2's)
	UnderSudo     Reason = "under-sudo"      // refused: it would be root's proxy
	Root          Reason = "root"            // root without a user manager
	Unreachable   Reason = "unreachable"     // the sockets are there, nobody answers
)

// Unavailable says why no Supervisor could be had.
type Unavailable struct {
	Reason Reason
	Err    error  // what connecting said; nil where it was not tried
	Alias  string // the profile that was meant, for the hint; "" for any

	problem, remedy string
}

func (e *Unavailable) Error() string { return e.problem }
func (e *Unavailable) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *Unavailable) Hint() string {
	if e.Alias == "" {
		return e.remedy
	}
	return strings.ReplaceAll(e.remedy, "ALIAS", e.Alias)
}

// ExitCode is that of an init system that cannot be reached.
func (e *Unavailable) ExitCode() int { return int(fault.InitSystem) }

func unavailable(reason Reason, h Host) *Unavailable {
	const session = "; until then `ringlet profiles run ALIAS` runs the proxy itself, for one session"
	e := &Unavailable{Reason: reason}
	switch reason {
	case NoSystemd:
		e.problem = "this machine was not started by systemd, so there is nothing to hand the proxy to"
		e.remedy = "`ringlet profiles run ALIAS` runs the proxy itself, for one session"
	case Container:
		e.problem = "this is a container without systemd, so there is nothing to hand the proxy to"
		e.remedy = "`ringlet profiles run ALIAS` runs the proxy itself, for one session"
	case WSL1:
		e.problem = "this is version 1 of WSL, where systemd cannot run"
		e.remedy = "convert it in PowerShell: wsl --set-version DISTRIBUTION 2" + session
	case WSL2:
		e.problem = "systemd is switched off in this WSL distribution"
		e.remedy = `put "systemd=true" under "[boot]" in /etc/wsl.conf, then in PowerShell: wsl --shutdown` + session
	case NoUserManager:
		e.problem = fmt.Sprintf("systemd runs no user manager for %s: there is no %s", h.username(), h.runtimeDir())
		e.remedy = "start it, now and at every boot: " + h.lingerCommand() + session
	case NoBus:
		e.problem = fmt.Sprintf("the user manager of %s has no socket in %s", h.username(), h.runtimeDir())
		e.remedy = fmt.Sprintf("restart it: sudo systemctl restart user@%d", h.uid()) + session
	case UnderSudo:
		e.problem = "ringlet runs under sudo: the proxy would belong to root, not to you"
		e.remedy = "run the same command without sudo"
	case Root:
		e.problem = "root has no user manager here, and a proxy needs no root"
		e.remedy = "use ringlet as an ordinary user, or start one for root: " + h.lingerCommand() + session
	case Unreachable:
		e.problem = fmt.Sprintf("the user manager of %s does not answer in %s", h.username(), h.runtimeDir())
		e.remedy = fmt.Sprintf("look at it: systemctl status user@%d; restart it: sudo systemctl restart user@%d", h.uid(), h.uid())
	}
	return e
}
