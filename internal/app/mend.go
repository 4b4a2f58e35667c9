package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// MendOptions are what the unit that mends another has.
type MendOptions struct {
	Alias  string
	Logger *slog.Logger
	Stderr io.Writer
}

// mendTimeout bounds the mending of one service: two dozen trials at most, each of
// some milliseconds. The unit's own limit is a little more.
const mendTimeout = 80 * time.Second

// Mend makes a proxy start that did not for its sandbox: a kernel or a setting
// took away what its unit asks for. systemd runs it when the proxy's service has
// failed, whatever for; what failed otherwise is left alone. It needs nothing but
// the unit files, so that it works for the proxies of every home.
func Mend(ctx context.Context, o MendOptions) error {
	if status, err := strconv.Atoi(os.Getenv("MONITOR_EXIT_STATUS")); err == nil && !slices.Contains(units.SandboxExits(), status) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, mendTimeout)
	defer cancel()
	sup, err := service.Connect(ctx, service.ConnectOptions{Logger: o.Logger})
	if err != nil {
		return err
	}
	defer sup.Close()
	mender, ok := sup.(service.Mender)
	if !ok {
		return fault.New(fault.Failed, "start it: ringlet proxy start "+o.Alias, "%s has no units that could be mended", sup.Name())
	}
	m, err := mender.Mend(ctx, o.Alias)
	if err != nil || m.Status == 0 {
		return err
	}
	text := mendedSentence(o.Alias, m)
	if under, err := journal.StderrIsJournalStream(); err == nil && under {
		// So that it stands among the lines about the proxy's own unit as well.
		return journal.Send(text, journal.PriWarning, map[string]string{"USER_UNIT": units.ServiceName(o.Alias), "SYSLOG_IDENTIFIER": "ringlet"})
	}
	fmt.Fprintln(o.Stderr, text)
	return nil
}

// mendedSentence says what was wrong, and what was done about it.
func mendedSentence(alias string, m service.Mended) string {
	s := fmt.Sprintf("the proxy of %q did not start, with exit status %d", alias, m.Status)
	if !m.Started {
		return s + fmt.Sprintf(", although a trial of what its unit asks for works; it is left as it is: look at its drop-ins (systemctl --user cat %s), then: ringlet proxy start %s", units.ServiceName(alias), alias)
	}
	what, again := "user namespaces, which this machine does not let services have any more", "once that is allowed again"
	if m.Namespaces {
		again = "after a boot that allows it again"
		what = "what does not work here any more (" + strings.Join(m.Refused, ", ") + ")"
		if len(m.Refused) == 0 {
			what = "what did not work" // another run has mended it, and it was for something that works again
		}
	}
	return s + fmt.Sprintf("; its unit does without %s, and it is started again; %s, take it back with: ringlet proxy restart %s", what, again, alias)
}
