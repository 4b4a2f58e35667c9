package cli

import (
	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

// serveCmd runs the built-in engine in this process. The unit starts it; a
// person can too, in the foreground.
func serveCmd(e *env) *cobra.Command {
	var o app.ServeOptions
	c := &cobra.Command{
		Use:   "serve --config <config.yaml>",
		Short: "Run the proxy engine in the foreground",
		Long: `Run the engine in the foreground until SIGTERM or Ctrl-C, which drain it. It reads
one config.yaml, and the keys. SIGHUP lets it read both anew. systemd starts it
this way, and hands it the listening socket.`,
		Example: "  ringlet proxy serve --config ~/.claude-profiles/work/.ultrallm/config.yaml",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := e.logger()
			if err != nil {
				return err
			}
			o.Logger, o.Hangup, o.Stderr = log, e.hangup, e.stderr
			return app.Serve(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Config, "config", "", "the generated config.yaml")
	c.Flags().StringVar(&o.Credentials, "credentials", "", "the folder of the keys (default: credentials in ringlet's configuration folder)")
	c.Flags().StringVar(&o.Lease, "lease", "", "leave when nobody holds this lock file any more")
	c.Flags().IntVar(&o.ListenFD, "listen-fd", 0, "serve on this inherited listening socket")
	c.Flags().IntVar(&o.ServingFD, "serving-fd", 0, "hold this inherited lock while the engine serves")
	c.Flags().StringVar(&o.Idle, "idle", "", "leave after so long without a request (15m); systemd's socket wakes the engine again")
	c.Flags().StringVar(&o.MemoryMax, "memory-max", "", "what it may have in memory (256M), where its control group does not say")
	_ = c.Flags().MarkHidden("lease")
	_ = c.Flags().MarkHidden("listen-fd")
	_ = c.Flags().MarkHidden("serving-fd")
	_ = c.MarkFlagRequired("config")
	return c
}

// mendCmd is what the unit runs that mends another.
func mendCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "mend <alias>",
		Short: "Make a proxy start whose unit asks for what this machine forbids",
		Long: `Look at a proxy whose service has failed. Where that was for its sandbox (exit
status 217, 218 or 226), try what this machine allows, write the unit without the
rest and start it. systemd runs this by ringlet-mend@<alias>.service.`,
		Args: exactly("alias"), Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			log, err := e.logger()
			if err != nil {
				return err
			}
			return app.Mend(c.Context(), app.MendOptions{Alias: args[0], Logger: log, Stderr: e.stderr})
		},
	}
}

// reloadWaitCmd is the unit's ExecReload: it makes a reload tell the truth.
func reloadWaitCmd(e *env) *cobra.Command {
	var o app.ReloadWaitOptions
	c := &cobra.Command{
		Use:   "reload-wait --config <config.yaml> --pid <pid>",
		Short: "Signal a running engine to read its configuration anew, and wait until it has",
		Long: `Signal a running engine and wait until it runs the configuration and keys that are
on disk now. Exits 1 with the engine's own sentence when it refused them. This is
the ExecReload= of the unit, so that systemctl --user reload tells the truth.`,
		Args:   exactly(),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := e.logger()
			if err != nil {
				return err
			}
			o.Logger = log
			return app.ReloadWait(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Config, "config", "", "the generated config.yaml")
	c.Flags().StringVar(&o.Credentials, "credentials", "", "the folder of the keys")
	c.Flags().StringVar(&o.Profile, "profile", "", "the profile that the engine serves")
	c.Flags().IntVar(&o.Port, "port", 0, "the engine's port")
	c.Flags().IntVar(&o.PID, "pid", 0, "the engine's process id")
	for _, name := range []string{"config", "profile", "port", "pid"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}
