package cli

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func agentsCmd(e *env) *cobra.Command {
	return group("agents", "Show the coding agents that profiles can be made for", agentsListCmd(e), agentsInspectCmd(e))
}

func agentsListCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the agents, and which are installed", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			list, broken := a.Agents(c.Context())
			if e.json {
				if err := e.printJSON(list); err != nil {
					return err
				}
				return broken
			}
			var rows [][]string
			for _, i := range list {
				installed := "no"
				if i.Installed {
					installed = strings.TrimSpace(orText(i.Version, "yes"))
				}
				name := i.Title
				if i.Variant != "" {
					name = i.Variant
				}
				rows = append(rows, []string{i.Agent, name, installed, orText(strings.Join(i.Profiles, ", "), "-"), orText(i.Path, "-")})
			}
			if err := e.table([]string{"Agent", "Name", "Installed", "Profiles", "Path"}, rows); err != nil {
				return err
			}
			return broken
		},
	}
}

func agentsInspectCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "inspect <agent>", Short: "Show an agent: where it is, who uses it, how it is pointed at a proxy", Args: exactly("agent"),
		ValidArgsFunction: e.complete(agentNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			i, broken := a.Agent(c.Context(), args[0])
			if i.Agent == "" {
				return broken
			}
			if e.json {
				if err := e.printJSON(i); err != nil {
					return err
				}
				return broken
			}
			if err := e.lines(agentLines(i)); err != nil {
				return err
			}
			return broken
		},
	}
}

func agentLines(i app.AgentInfo) [][2]string {
	lines := [][2]string{{"Agent", i.Agent}, {"Name", i.Title}}
	if i.Installed {
		lines = append(lines, [2]string{"Program", i.Path}, [2]string{"Version", orText(i.Version, i.Problem)})
	} else {
		lines = append(lines, [2]string{"Program", "not installed; install it: " + i.Install})
	}
	if i.Variant != "" {
		lines = append(lines, [2]string{"Variant", i.Variant})
	}
	pointed := "by its environment and arguments; no settings of its own are touched"
	if i.Settings != "" {
		pointed = "by " + i.Settings + " in the profile's home"
	}
	lines = append(lines, [2]string{"Pointed at its proxy", pointed}, [2]string{"Wire formats", strings.Join(i.Formats, ", ")},
		[2]string{"Made for", i.Provider}, [2]string{"Profiles", orText(strings.Join(i.Profiles, ", "), "none; make one: ringlet profiles create "+i.Agent+" <alias> --proxy")})
	for _, n := range i.Notes {
		lines = append(lines, [2]string{"Note", n})
	}
	return lines
}

// lines prints a value behind each name.
func (e *env) lines(list [][2]string) error {
	for _, l := range list {
		if _, err := fmt.Fprintf(e.stdout, "%s: %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}
