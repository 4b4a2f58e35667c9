package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/routes"
	"github.com/spf13/cobra"
)

// factFlags are the facts of a request as flags. Only those that are given count.
type factFlags struct {
	facts                                                routes.Request
	tokens, tools, images, maxTokens, messages, ofTheDay count
}

func (f *factFlags) add(c *cobra.Command) {
	f.ofTheDay.most = 23
	for _, n := range []struct {
		value       *count
		name, usage string
	}{
		{&f.tokens, "tokens", "estimated size of the whole prompt"}, {&f.tools, "tools", "tool definitions"}, {&f.images, "images", "images and documents"},
		{&f.maxTokens, "max-tokens", "the cap on the answer"}, {&f.messages, "messages", "messages in the conversation"}, {&f.ofTheDay, "hour", "local hour, 0 to 23; now unless given"},
	} {
		if n.value.most == 0 {
			n.value.most = 1_000_000_000
		}
		c.Flags().Var(n.value, n.name, n.usage)
	}
	for _, s := range []struct {
		value       *string
		name, usage string
	}{
		{&f.facts.Model, "model", "the model's name as the agent asks for it"}, {&f.facts.ThinkingMode, "thinking-mode", "enabled, adaptive or disabled"},
		{&f.facts.Effort, "effort", "low, medium, high, …"}, {&f.facts.Weekday, "weekday", "mon to sun; today unless given"},
	} {
		c.Flags().StringVar(s.value, s.name, "", s.usage)
	}
	for _, b := range []struct {
		value       *bool
		name, usage string
	}{
		{&f.facts.Thinking, "thinking", "extended thinking is on"}, {&f.facts.Stream, "stream", "a stream is asked for"}, {&f.facts.Subagent, "subagent", "the request comes from a subagent"},
	} {
		c.Flags().BoolVar(b.value, b.name, false, b.usage)
	}
}

// check refuses what no request can say.
func (f *factFlags) check() error {
	if d := f.facts.Weekday; d != "" && !strings.Contains("mon tue wed thu fri sat sun", d) || len(d) != 0 && len(d) != 3 {
		return fault.New(fault.Usage, "write mon, tue, wed, thu, fri, sat or sun", "there is no weekday %q", d)
	}
	return nil
}

// set puts what was given into r.
func (f *factFlags) set(c *cobra.Command, r *routes.Request) {
	given := func(name string, put func()) {
		if c.Flags().Changed(name) {
			put()
		}
	}
	given("tokens", func() { r.Tokens = f.tokens.value })
	given("tools", func() { r.Tools = f.tools.value })
	given("images", func() { r.Images = f.images.value })
	given("max-tokens", func() { r.MaxTokens = f.maxTokens.value })
	given("messages", func() { r.Messages = f.messages.value })
	given("hour", func() { r.Hour = f.ofTheDay.value })
	given("model", func() { r.Model = f.facts.Model })
	given("thinking-mode", func() { r.ThinkingMode = f.facts.ThinkingMode })
	given("effort", func() { r.Effort = f.facts.Effort })
	given("weekday", func() { r.Weekday = f.facts.Weekday })
	given("thinking", func() { r.Thinking = f.facts.Thinking })
	given("stream", func() { r.Stream = f.facts.Stream })
	given("subagent", func() { r.Subagent = f.facts.Subagent })
}

func routeTestCmd(e *env) *cobra.Command {
	var path, format string
	var flags factFlags
	c := &cobra.Command{
		Use: "test <alias>", Short: "Show how a request would be routed, and why", Args: exactly("alias"),
		Long: `Show how a request would be routed: what every rule says to it, and the targets in
the order in which they would be tried, each with the reason and an estimate of the
price. Nothing is sent.

The request is a saved one (the JSON body as the agent sent it), or facts given by
flags; flags count before what stands in the file. It is routed as the first of its
conversation, with every target working.`,
		Example: `  ringlet proxy route test work --request request.json
  ringlet proxy route test work --tokens 120000 --tools 12 --thinking --model claude-sonnet-4`,
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			q := app.RouteQuestion{Path: path, Format: format, Set: func(r *routes.Request) { flags.set(c, r) }}
			switch format {
			case routes.Messages, routes.Chat, routes.Responses:
			default:
				return fault.New(fault.Usage, "choose messages, chat or responses", "there is no wire format %q", format)
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			t, err := a.TestRoute(c.Context(), args[0], q)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(t)
			}
			return e.routeTest(t)
		},
	}
	c.Flags().StringVar(&path, "request", "", "a file with a request's JSON body")
	c.Flags().StringVar(&format, "format", routes.Messages, "the file's wire format: messages, chat or responses")
	flags.add(c)
	return c
}

func (e *env) routeTest(t app.RouteTest) error {
	fmt.Fprintf(e.stdout, "Request: %s\nStrategy: %s\n", factsText(t.Facts), t.StrategyTitle)
	var rules, places [][]string
	for _, r := range t.Rules {
		matches := "no"
		if r.Matches {
			matches = "yes"
		}
		rules = append(rules, []string{r.Name, r.Condition, matches})
		if r.Problem != "" {
			e.note("warning: %s; it counts as not matching", r.Problem)
		}
	}
	for i, p := range t.Targets {
		price := "unknown"
		if p.Estimate != nil {
			price = fmt.Sprintf("$%.4f", p.Estimate.USD)
		}
		places = append(places, []string{strconv.Itoa(i + 1), p.Target, p.From + " " + p.Rule, price, p.Why})
	}
	if len(rules) > 0 {
		fmt.Fprintln(e.stdout)
	}
	if err := e.table([]string{"Rule", "Condition", "Matches"}, rules); err != nil {
		return err
	}
	if len(places) == 0 {
		e.note("no rule takes this request; add one: ringlet proxy route add %s default always <provider>/<model>", t.Profile)
		return nil
	}
	fmt.Fprintln(e.stdout)
	return e.table([]string{"#", "Target", "By", "Estimate", "Why"}, places)
}

// factsText is a request in words, without what it does not have.
func factsText(f app.RouteFacts) string {
	parts := []string{orText(f.Model, "no model"), counted(f.Tokens, "token")}
	if f.MaxTokens > 0 {
		parts = append(parts, "at most "+counted(f.MaxTokens, "token")+" of answer")
	}
	for _, n := range []struct {
		n    int
		what string
	}{{f.Tools, "tool"}, {f.Messages, "message"}, {f.Images, "image"}} {
		if n.n > 0 {
			parts = append(parts, counted(n.n, n.what))
		}
	}
	for _, b := range []struct {
		is   bool
		what string
	}{{f.Thinking, "thinking"}, {f.ThinkingMode != "", "thinking mode " + f.ThinkingMode}, {f.Effort != "", "effort " + f.Effort}, {f.Stream, "a stream"}, {f.Subagent, "of a subagent"}} {
		if b.is {
			parts = append(parts, b.what)
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%s at %d:00", f.Weekday, f.Hour)), ", ")
}

func counted(n int, what string) string { return fmt.Sprintf("%d %s", n, plural(n, what, what+"s")) }
