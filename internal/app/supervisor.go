package app

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway"
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

// inspectCommand is the init system's own command to look at the proxy.
func inspectCommand(supervisor, alias string) string {
	if supervisor == launchd {
		return fmt.Sprintf("launchctl print gui/%d/%s", os.Getuid(), units.LaunchdLabel(alias))
	}
	return "systemctl --user status " + strings.TrimSuffix(units.ServiceName(alias), ".service")
}

// editedByHand says what becomes of such changes.
func editedByHand(supervisor, alias string) string {
	if supervisor == launchd {
		return "its launchd agent was edited by hand; ringlet proxy restart " + alias + " writes the file anew"
	}
	return fmt.Sprintf("a unit file was edited by hand; your changes belong into a drop-in (systemctl --user edit %s); ringlet proxy restart %s writes the file anew", units.ServiceName(alias), alias)
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
