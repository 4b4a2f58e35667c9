package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are those of the commands about proxies, by path: what one would type,
// each of them accepted as it stands. They are in help texts and man pages.
func examples() map[string][]string {
	return map[string][]string{
		"proxy enable": {"ringlet proxy enable work", "ringlet proxy enable work dev --at-boot", "ringlet proxy enable --all --idle 15m",
			"ringlet proxy enable work --port 8085 --memory-max 256M"},
		"proxy disable":        {"ringlet proxy disable work", "ringlet proxy disable --all"},
		"proxy start":          {"ringlet proxy start work"},
		"proxy stop":           {"ringlet proxy stop work"},
		"proxy stop-all":       {"ringlet proxy stop-all"},
		"proxy restart":        {"ringlet proxy restart work", "ringlet proxy restart work --when-idle --timeout 2m", "ringlet proxy restart --all"},
		"proxy reload":         {"ringlet proxy reload work"},
		"proxy status":         {"ringlet proxy status", "ringlet proxy status work", "ringlet proxy status --watch", "ringlet proxy status --json"},
		"proxy config":         {"ringlet proxy config work", "ringlet proxy config work --regenerate"},
		"proxy unit":           {"ringlet proxy unit work", "ringlet proxy unit work --diff"},
		"proxy logs":           {"ringlet proxy logs work --follow", "ringlet proxy logs work --since 1h --level warning", `ringlet proxy logs --all --grep "status=(4|5)" --lines 20`},
		"proxy environment":    {"ringlet proxy environment work", "ringlet proxy environment work --record"},
		"proxy token rotate":   {"ringlet proxy token rotate work", "ringlet proxy token rotate work --grace 0"},
		"proxy token revoke":   {"ringlet proxy token revoke work"},
		"proxy route list":     {"ringlet proxy route list work"},
		"proxy route remove":   {`ringlet proxy route remove work "long-context"`},
		"proxy alias list":     {"ringlet proxy alias list work"},
		"proxy alias remove":   {`ringlet proxy alias remove work "claude-haiku-4-5"`},
		"proxy strategy":       {"ringlet proxy strategy work", "ringlet proxy strategy work weighted"},
		"daemon start":         {"ringlet daemon start"},
		"daemon stop":          {"ringlet daemon stop"},
		"daemon restart":       {"ringlet daemon restart", "ringlet daemon restart --when-idle"},
		"daemon status":        {"ringlet daemon status", "ringlet daemon status --json"},
		"daemon linger on":     {"ringlet daemon linger on"},
		"daemon linger off":    {"ringlet daemon linger off"},
		"daemon linger status": {"ringlet daemon linger status"},
		"doctor":               {"ringlet doctor", "ringlet doctor work --offline", "ringlet doctor --fix", "ringlet doctor --json"},
	}
}

// addExamples gives the commands their examples.
func addExamples(root *cobra.Command) {
	for path, list := range examples() {
		if c, _, err := root.Find(strings.Fields(path)); err == nil {
			c.Example = "  " + strings.Join(list, "\n  ")
		}
	}
}
