package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/routes"
	"github.com/spf13/cobra"
)

func routeCmd(e *env) *cobra.Command {
	return group("route", "Add, list, remove and test routing rules", routeAddCmd(e), routeListCmd(e), routeRemoveCmd(e), routeTestCmd(e))
}

func routeAddCmd(e *env) *cobra.Command {
	var priority count
	priority.least = -1_000_000
	weight := count{value: 1, least: 1, most: routes.MaxWeight}
	c := &cobra.Command{
		Use:   "add <alias> <name> <condition> <target>",
		Short: "Add a rule: requests that meet the condition go to the target",
		Long: `Add a rule. Rules are tried by priority, high to low; at the same priority those
with a condition come before "always", and older ones before newer ones. What
comes later is the fallback of what comes earlier.

A condition compares facts of the request: tokens (of the whole prompt), tools,
thinking, stream, images, model, max_tokens, messages, subagent, thinking_mode,
effort, hour, weekday; joined by and, or, not and parentheses.`,
		Example: `  ringlet proxy route add work "long-context" "tokens > 100000" "minimax/MiniMax-M2.7" --priority 10
  ringlet proxy route add work "night" "hour >= 22 and not subagent" "zai/glm-4.7"
  ringlet proxy route add work "default" "always" "anthropic/claude-sonnet-4"`,
		Args:              exactly("alias", "name", "condition", "target"),
		ValidArgsFunction: e.complete(profileNames, nothing, conditions, targets),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			rule := routes.Rule{Name: args[1], Condition: args[2], Target: args[3], Priority: priority.value, Weight: weight.value}
			r, err := a.AddRoute(c.Context(), args[0], rule)
			if err != nil {
				return err
			}
			e.warnings(r.Warnings)
			e.note("Added rule %q, number %d of %d in the order. %s", rule.Name, r.Place, r.Of, r.Applied.Sentence(args[0]))
			return e.done("profile", args[0])
		},
	}
	c.Flags().Var(&priority, "priority", "rules of a higher priority come first; may be negative")
	c.Flags().Var(&weight, "weight", "the rule's share of the conversations under the strategy weighted")
	return c
}

func routeListCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list <alias>", Short: "List the rules in the order in which they are tried", Args: exactly("alias"),
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			rules, err := a.Routes(c.Context(), args[0])
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(rules)
			}
			if len(rules) == 0 {
				e.note(`%q has no rule: every request goes to its own provider. Add one with: ringlet proxy route add %s default always anthropic/claude-sonnet-4`, args[0], args[0])
				return nil
			}
			var rows [][]string
			for i, r := range rules {
				rows = append(rows, []string{strconv.Itoa(i + 1), r.Name, r.Condition, r.Target, strconv.Itoa(r.Priority), strconv.Itoa(r.Weight), r.Resolved})
			}
			return e.table([]string{"#", "Rule", "Condition", "Target", "Priority", "Weight", "Model sent"}, rows)
		},
	}
}

func routeRemoveCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "remove <alias> <name>", Short: "Remove a rule", Args: exactly("alias", "name"),
		ValidArgsFunction: e.complete(profileNames, ruleNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			r, err := a.RemoveRoute(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			e.note("Removed rule %q. %s", args[1], r.Applied.Sentence(args[0]))
			return e.done("profile", args[0])
		},
	}
}

func modelAliasCmd(e *env) *cobra.Command {
	set := &cobra.Command{
		Use: "set <alias> <from-model> <to-target>", Short: "Send requests for one model name to a target",
		Example: `  ringlet proxy alias set work "claude-sonnet-4" "minimax/MiniMax-M2.7"`,
		Args:    exactly("alias", "from-model", "to-target"), ValidArgsFunction: e.complete(profileNames, nothing, targets),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			r, err := a.SetAlias(c.Context(), args[0], args[1], args[2])
			if err != nil {
				return err
			}
			e.warnings(r.Warnings)
			e.note("Requests for %q go to %s. %s", args[1], args[2], r.Applied.Sentence(args[0]))
			return e.done("profile", args[0])
		},
	}
	list := &cobra.Command{
		Use: "list <alias>", Short: "List the model aliases", Args: exactly("alias"), ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			aliases, err := a.Aliases(c.Context(), args[0])
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(aliases)
			}
			if len(aliases) == 0 {
				e.note(`%q has no model alias. Set one with: ringlet proxy alias set %s claude-sonnet-4 minimax/MiniMax-M2.7`, args[0], args[0])
				return nil
			}
			var rows [][]string
			for _, m := range aliases {
				rows = append(rows, []string{m.From, m.To, m.Resolved})
			}
			return e.table([]string{"Model", "Target", "Model sent"}, rows)
		},
	}
	remove := &cobra.Command{
		Use: "remove <alias> <from-model>", Short: "Remove a model alias", Args: exactly("alias", "from-model"),
		ValidArgsFunction: e.complete(profileNames, aliasNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			r, err := a.RemoveAlias(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			e.note("Removed the alias %q. %s", args[1], r.Applied.Sentence(args[0]))
			return e.done("profile", args[0])
		},
	}
	return group("alias", "Give another target to a requested model's name", set, list, remove)
}

func strategyCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "strategy <alias> [simple|weighted|lowest-cost|adaptive|conditional]", Short: "Show or choose how the matching rules' targets are used",
		Long: `Show or choose the strategy:
  conditional  the first matching rule's target; when it fails, the next one's, and so on
  simple       the first matching rule's target; its error goes to the client
  weighted     a matching rule's target, drawn by weight and kept for the conversation
  lowest-cost  the matching rules' cheapest target for this request; then the next cheapest
  adaptive     the matching rules' best target by success and time to the first byte, as seen so far`,
		Args: between(1, "alias", "strategy"),
		ValidArgsFunction: e.complete(profileNames, func(context.Context, *app.App, []string) []string {
			var out []string
			for _, s := range routes.Available() {
				out = append(out, string(s))
			}
			return out
		}),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				cfg, err := a.Config(c.Context(), args[0])
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(map[string]string{"profile": args[0], "strategy": cfg.Strategy})
				}
				_, err = fmt.Fprintln(e.stdout, cfg.StrategyTitle)
				return err
			}
			r, err := a.SetStrategy(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			e.note("The strategy of %q is %s. %s", args[0], r.StrategyTitle, r.Applied.Sentence(args[0]))
			return e.done("profile", args[0])
		},
	}
}
