package app

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// launchd is the supervisor that is not systemd, by name.
const launchd = "launchd"

// unitName is what the init system calls the proxy.
func unitName(supervisor, alias string) string {
	if supervisor == launchd {
		return units.LaunchdLabel(alias)
	}
	return units.ServiceName(alias)
}

// unitWord is what the init system has of a proxy.
func unitWord(supervisor string) string {
	if supervisor == launchd {
		return "launchd agent"
	}
	return "unit"
}

// inspectCommand is the init system's own command to look at the proxy.
func inspectCommand(ctx context.Context, sup service.Supervisor, alias string) string {
	if own, ok := sup.(interface {
		Inspect(ctx context.Context, alias string) string
	}); ok {
		return own.Inspect(ctx, alias)
	}
	return "systemctl --user status " + strings.TrimSuffix(units.ServiceName(alias), ".service")
}

// editedByHand says what becomes of such changes.
func editedByHand(supervisor, alias string) string {
	if supervisor == launchd {
		return "its launchd agent was edited by hand; ringlet proxy restart " + alias + " writes the file anew, and keeps what was in it"
	}
	return fmt.Sprintf("a unit file was edited by hand; your changes belong into a drop-in (systemctl --user edit %s); ringlet proxy restart %s writes the file anew, and keeps what was in it", units.ServiceName(alias), alias)
}

// warnOfKept says what became of a file that somebody edited by hand.
func (a *App) warnOfKept(k service.Kept) {
	did := "was edited by hand, and has been written anew"
	if k.Removed {
		did = "was edited by hand, and has been removed"
	}
	name := filepath.Base(k.Path)
	hint := ""
	if !strings.HasSuffix(name, ".plist") {
		hint = "; settings of your own belong in a drop-in, which stays: systemctl --user edit " + name
	}
	a.warn("%s %s; what was in it is kept in %s%s", k.Path, did, k.Backup, hint)
}

// dropper is a supervisor whose units the user can change by files of their own.
type dropper interface {
	DropIns(alias string) ([]string, error)
}

// tellOfDropIns says which files of the user's stay when a profile's units go.
func (a *App) tellOfDropIns(ctx context.Context, sup service.Supervisor, alias, verb string) {
	d, ok := sup.(dropper)
	if !ok {
		return
	}
	files, err := d.DropIns(alias)
	if err != nil {
		a.log.DebugContext(ctx, "drop-ins cannot be listed", "error", err)
	}
	if len(files) == 0 {
		return
	}
	until := "they are in force again when it is enabled"
	if verb == "delete" {
		until = "a later profile of this name would have them; remove what you do not want"
	}
	fmt.Fprintf(a.stderr, "Your own drop-ins for %q stay; %s: %s\n", alias, until, strings.Join(files, " "))
}

// logName is where the init system has a proxy's log.
func logName(supervisor string) string {
	if supervisor == launchd {
		return "the files of launchd and the engine"
	}
	return "the journal"
}

// logSource is the same in one word, for JSON.
func logSource(supervisor string) string {
	if supervisor == launchd {
		return launchd
	}
	return "journal"
}

func noLingering() error {
	return fault.New(fault.InitSystem, "see what runs: ringlet daemon status", "launchd starts a user's agents at the login, and cannot start them before it")
}

// besidesProxyLog stands in the place of the journal where what an engine prints
// goes to a file that nobody rotates, as under launchd and in a session. All
// records are in proxy.log: what is left for that file are stacks, and that
// proxy.log cannot be written.
func besidesProxyLog(stderr io.Writer) gateway.JournalFunc {
	return func(message string, _ int, fields map[string]string) error {
		stack, unwritten := fields["RINGLET_STACK"], fields["RINGLET_UNWRITTEN"]
		if stack == "" && unwritten == "" {
			return nil
		}
		_, err := fmt.Fprintln(stderr, strings.TrimSpace(message+"\n"+stack))
		return err
	}
}
