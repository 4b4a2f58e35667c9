package cli

import (
	"fmt"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

func proxyEnableCmd(e *env) *cobra.Command {
	port := portFlag{count: count{least: 1, most: 65535}}
	var engine string
	var all, atBoot bool
	var flags app.EnableFlags
	c := &cobra.Command{
		Use: "enable <alias>… | --all", Short: "Run profiles' proxies at login and now", ValidArgsFunction: e.completeEach(profileNames),
		Args: func(c *cobra.Command, args []string) error { return oneOrAll(c, args, all) },
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if engine != "" {
			if err := app.CheckEngine(engine); err != nil {
				return err
			}
		}
		if port.value > 0 && (len(args) > 1 || all) {
			return fault.New(fault.Usage, "pin the ports one by one: ringlet proxy enable work --port 8085", "--port is one port, and these are several profiles")
		}
		for _, name := range []string{"idle", "memory-max", "tasks-max", "cpu-quota", "engine", "log-size", "log-keep"} {
			if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
				return fault.New(fault.Usage, "leave it out to keep what is, or see: ringlet proxy enable --help", "--%s is empty", name)
			}
		}
		o, err := flags.Options()
		if err != nil {
			return err
		}
		o.Port, o.Engine = port.value, engine
		a, err := e.app()
		if err != nil {
			return err
		}
		if atBoot {
			// Before anything else: it starts the user manager where there was none.
			if err := a.LingerFor(c.Context(), args...); err != nil {
				return err
			}
		}
		if all {
			return e.enableMany(c, a, nil, o)
		}
		if len(args) > 1 {
			return e.enableMany(c, a, args, o)
		}
		r, err := a.Enable(c.Context(), args[0], o)
		if err != nil {
			return err
		}
		e.enabled(r)
		return e.done("profile", args[0])
	}
	c.Flags().Var(&port, "port", "pin the proxy to this port; auto gives a pinned port up for one of ringlet's choice")
	c.Flags().BoolVar(&atBoot, "at-boot", false, "start it at boot, before anyone logs in: switches lingering on, for all of your services (ringlet daemon linger)")
	c.Flags().StringVar(&engine, "engine", "", "the engine: builtin, ultrallm, or auto for an ultrallm binary where there is one; it is kept")
	c.Flags().BoolVar(&all, "all", false, "every profile; like several aliases, it costs one reload of the init system's units")
	_ = c.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions(app.Engines(), cobra.ShellCompDirectiveNoFileComp))
	limitFlags(c, &flags)
	return c
}

// limitFlags adds the flags about what a proxy may use.
func limitFlags(c *cobra.Command, f *app.EnableFlags) {
	c.Flags().StringVar(&f.Idle, "idle", "", "the engine leaves after so long without a request, and starts with the next connection: 15m, or off; it is kept, as the limits are")
	c.Flags().StringVar(&f.MemoryMax, "memory-max", "", "what the proxy may have in memory: 256M, 1G, or default (512M)")
	c.Flags().StringVar(&f.TasksMax, "tasks-max", "", "how many threads and processes it may have: 64, or default (512)")
	c.Flags().StringVar(&f.CPUQuota, "cpu-quota", "", "how much of a processor it may use: 50%, or default (no limit)")
	c.Flags().StringVar(&f.LogSize, "log-size", "", "how large proxy.log becomes before a new one is begun: 10M, 1G, or default (10M)")
	c.Flags().StringVar(&f.LogKeep, "log-keep", "", "how many older logs are kept beside it: 0 to 100, or default (2)")
	for name, words := range map[string][]string{"log-size": {"10M", "default"}, "log-keep": {"5", "default"}, "idle": {"15m", "off"}, "memory-max": {"256M", "1G", "default"}, "tasks-max": {"64", "default"}, "cpu-quota": {"50%", "default"}} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// useLines say what a proxy uses, and what it may.
func useLines(s app.ProxyStatus) string {
	out := ""
	if s.Memory > 0 {
		of := ""
		if s.Limits.MemoryMax > 0 {
			of = " of " + sizeText(s.Limits.MemoryMax)
		}
		out += fmt.Sprintf("Memory: %s%s\n", sizeText(s.Memory), of)
	}
	if s.CPU > 0 {
		out += fmt.Sprintf("CPU: %.2f s", s.CPU)
		if s.Limits.CPUQuota > 0 {
			out += fmt.Sprintf(", at most %d%% of a processor", s.Limits.CPUQuota)
		}
		out += "\n"
	}
	if s.Tasks > 0 && s.Limits.TasksMax > 0 {
		out += fmt.Sprintf("Tasks: %d of %d\n", s.Tasks, s.Limits.TasksMax)
	} else if s.Tasks > 0 {
		out += fmt.Sprintf("Tasks: %d\n", s.Tasks)
	} else if s.Memory > 0 && s.Limits.TasksMax > 0 && s.Limits.TasksMax != app.DefaultTasks { // it runs, and they are not counted here
		out += fmt.Sprintf("Tasks: at most %d\n", s.Limits.TasksMax)
	}
	return out + idleLine(s.Idle)
}

// limitLine is there for a proxy with limits of its own.
func limitLine(l app.LimitsInfo) string {
	if l.Default {
		return ""
	}
	cpu := ""
	if l.CPUQuota > 0 {
		cpu = fmt.Sprintf(", %d%% of a processor", l.CPUQuota)
	}
	return fmt.Sprintf("Limits: %s, %d tasks%s\n", sizeText(l.MemoryMax), l.TasksMax, cpu)
}

// logLine is there for a proxy.log with bounds of its own.
func logLine(l app.LogInfo) string {
	if l.Default {
		return ""
	}
	return fmt.Sprintf("Log: %s, and %d older %s as large\n", sizeText(l.MaxBytes), l.Keep, plural(l.Keep, "one", "ones"))
}

// idleLine is there for a proxy whose engine leaves.
func idleLine(idle string) string {
	if idle == "off" {
		return ""
	}
	return "Idle: leaves after " + idle + " without a request\n"
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	switch {
	case n >= 10<<30 || n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
