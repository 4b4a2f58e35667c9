package service

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// probed is what trials found, and for what: another kernel or another systemd
// is tried anew.
type probed struct {
	Systemd    string   `json:"systemd"` // its whole version
	Boot       string   `json:"boot"`    // the kernel's boot id
	Namespaces bool     `json:"namespaces"`
	Refused    []string `json:"refused,omitempty"` // directives of the sandbox that do not work here all the same
}

// probe says whether a service of this user can be hardened by a user namespace,
// and what of that cannot be had here. Transient units try it once, and the answer
// is kept in a file until the next boot: where it is not allowed
// (user.max_user_namespaces=0, the AppArmor profile of Ubuntu 24.04, many
// containers) a unit that asks for it does not start at all. An error says that a
// trial had no answer, which says nothing about this machine.
func (s *systemd) probe(ctx context.Context) (probed, error) {
	now := probed{Boot: s.bootID()}
	if err := s.bus.manager(ctx, "Version", &now.Systemd); err != nil {
		return now, err
	}
	if data, err := safefile.Read(s.probePath, false); err == nil {
		var old probed
		if json.Unmarshal(data, &old) == nil && old.Systemd == now.Systemd && old.Boot == now.Boot {
			return old, nil
		}
	}
	var err error
	if now.Namespaces, now.Refused, err = s.tryNamespaces(ctx); err != nil {
		s.log.DebugContext(ctx, "a trial of user namespaces had no answer", "error", err)
		return now, err
	}
	if data, err := json.Marshal(now); err == nil {
		if err := safefile.Write(s.probePath, append(data, '\n'), 0o600); err != nil {
			s.log.WarnContext(ctx, "what was found out about user namespaces cannot be kept", "file", s.probePath, "error", err)
		}
	}
	return now, nil
}

// tryNamespaces tries the whole sandbox and, where that does not work, its
// directives one by one: in a container it can be a single one that fails
// (systemd-nspawn covers /proc/kmsg, so that ProtectKernelLogs= cannot).
func (s *systemd) tryNamespaces(ctx context.Context) (work bool, refused []string, err error) {
	all := units.Namespaced()
	if work, err = s.try(ctx, all); work || err != nil {
		return work, nil, err
	}
	base := all[:1] // PrivateUsers=
	if work, err = s.try(ctx, base); !work || err != nil {
		return false, nil, err
	}
	left := base
	for _, d := range all[1:] {
		work, err = s.try(ctx, []units.Sandbox{base[0], d})
		switch {
		case err != nil:
			return false, nil, err
		case work:
			left = append(left[:len(left):len(left)], d)
		default:
			refused = append(refused, d.Key)
		}
	}
	work, err = s.try(ctx, left)
	return work, refused, err
}

// try runs a service that does nothing, in a sandbox.
func (s *systemd) try(ctx context.Context, sandbox []units.Sandbox) (works bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	properties := []sd.Property{
		sd.PropDescription("ringlet tries whether user namespaces work here"),
		sd.PropType("oneshot"),
		sd.PropExecStart([]string{"/bin/sh", "-c", ":"}, false),
		property("CollectMode", "inactive-or-failed"), // nothing of it stays
		property("NoNewPrivileges", true),
	}
	home := s.host.env("HOME")
	for _, d := range sandbox {
		value := d.Value
		if paths, ok := value.([]string); ok { // over D-Bus systemd expands no specifiers
			var expanded []string
			for _, path := range paths {
				expanded = append(expanded, strings.ReplaceAll(path, "%h", filepath.Join("/", home)))
			}
			value = expanded
		}
		properties = append(properties, property(d.Key, value))
	}
	result, err := s.bus.job(ctx, "StartTransientUnit", func(conn *sd.Conn, ctx context.Context, unit, mode string, done chan<- string) (int, error) {
		return conn.StartTransientUnitContext(ctx, unit, mode, properties, done)
	}, "ringlet-probe-"+strings.ToLower(rand.Text()[:8])+".service", "fail")
	return tried(result, err)
}

// unanswered says whether a D-Bus error is a bus's that had no answer, or a manager's
// that had no room for one:
// https://dbus.freedesktop.org/doc/api/html/group__DBusProtocol.html.
func unanswered(name string) bool {
	switch strings.TrimPrefix(name, "org.freedesktop.DBus.Error.") {
	case "NoReply", "Timeout", "TimedOut", "Disconnected", "NoServer", "ServiceUnknown", "NameHasNoOwner", "NoMemory", "LimitsExceeded":
		return true
	}
	return false
}

// tried reads what became of a trial's job. It is an answer of this machine's that
// it failed, or that systemd does not know a directive; not, that there was no
// answer in time, or that systemd starts nothing now, as while it shuts down.
func tried(result string, err error) (works bool, _ error) {
	var no dbus.Error
	switch {
	case errors.As(err, &no) && !strings.HasPrefix(no.Name, managerName+".") && !unanswered(no.Name):
		return false, nil
	case err != nil:
		return false, err
	case result == "done", result == "failed":
		return result == "done", nil
	}
	return false, fmt.Errorf("a trial of what a service may be closed off by was ended by systemd: %s", result)
}

func property(name string, value any) sd.Property {
	return sd.Property{Name: name, Value: dbus.MakeVariant(value)}
}

func (s *systemd) bootID() string {
	id, _ := os.ReadFile(s.host.path("/proc/sys/kernel/random/boot_id")) // "" is as good as any: it stays the same
	return strings.TrimSpace(string(id))
}

// forgetProbe has the next Install try again: a unit did not start for its
// namespaces, so that what was found out before does not hold any more.
func (s *systemd) forgetProbe(ctx context.Context, e *JobError) {
	if e.Sandboxed() {
		s.forgetTrial(ctx)
	}
}

func (s *systemd) forgetTrial(ctx context.Context) {
	if err := safefile.Remove(s.probePath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.DebugContext(ctx, "cannot forget about user namespaces", "error", err)
	}
}

// Prober is a [Supervisor] that found out what this machine allows.
type Prober interface {
	// Retry has user namespaces tried again by the next Install or comparison where
	// they were refused: they may be allowed by now. Where they work, what of the
	// sandbox is refused all the same is not tried again before the next boot.
	Retry(ctx context.Context)
}

// Retry implements [Prober].
func (s *systemd) Retry(ctx context.Context) {
	if data, err := safefile.Read(s.probePath, false); err == nil {
		var old probed
		if json.Unmarshal(data, &old) != nil || !old.Namespaces {
			s.forgetTrial(ctx)
		}
	}
}
