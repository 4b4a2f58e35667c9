package cli

import (
	"github.com/spf13/cobra"
)

// daemonCmd is about all proxies at once. There is no ringlet daemon: the verbs
// act on ringlet.target, or on launchd's agents one by one.
func daemonCmd(e *env) *cobra.Command {
	return group("daemon", "Start, stop and show all proxies at once (under systemd: ringlet.target)",
		&cobra.Command{
			Use: "start", Short: "Start every enabled proxy", Args: exactly(),
			RunE: func(c *cobra.Command, _ []string) error {
				a, err := e.app()
				if err != nil {
					return err
				}
				n, err := a.StartAll(c.Context())
				if err != nil {
					return err
				}
				if n == 0 {
					e.note(noneEnabled)
				} else {
					e.note("%d enabled %s.", n, plural(n, "proxy runs", "proxies run"))
				}
				return e.done("", "")
			},
		},
		&cobra.Command{
			Use: "stop", Short: "Stop every proxy; they stay enabled", Args: exactly(),
			RunE: func(c *cobra.Command, _ []string) error { return stopAll(e, c) },
		},
		daemonRestartCmd(e),
		&cobra.Command{
			Use: "status", Short: "Show who runs the proxies, and every proxy", Args: exactly(),
			RunE: func(c *cobra.Command, _ []string) error {
				a, err := e.app()
				if err != nil {
					return err
				}
				d, problem := a.DaemonStatus(c.Context())
				if problem != nil && d.Proxies == nil {
					return problem
				}
				if e.json {
					if err := e.printJSON(d); err != nil {
						return err
					}
					return problem
				}
				e.note("Supervisor: %s. Starts at boot: %s.", d.Supervisor, yesNo(d.Linger))
				if len(d.Proxies) == 0 && problem == nil {
					e.note(noProxy)
				}
				if err := e.statusTable(d.Proxies); err != nil {
					return err
				}
				for _, s := range d.Proxies {
					e.statusProblem(s)
				}
				return problem
			},
		},
		lingerCmd(e))
}

// What there is to say where there is nothing to act on.
const (
	noneEnabled = "No proxy is enabled; enable a profile's with: ringlet proxy enable work"
	noProxy     = "No proxy is enabled; enable a profile's: ringlet proxy enable work; or create one with it: ringlet profiles create claude work --proxy -p anthropic"
)

func stopAll(e *env, c *cobra.Command) error {
	a, err := e.app()
	if err != nil {
		return err
	}
	if err := a.StopAll(c.Context()); err != nil {
		return err
	}
	e.note("All proxies are stopped. They stay enabled; start them again with: ringlet daemon start")
	return e.done("", "")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
