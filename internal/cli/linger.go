package cli

import "github.com/spf13/cobra"

// lingerCmd is about running without a login, which is the user's, not a proxy's.
func lingerCmd(e *env) *cobra.Command {
	set := func(use, short string, on bool) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: exactly(),
			RunE: func(c *cobra.Command, _ []string) error {
				a, err := e.app()
				if err != nil {
					return err
				}
				changed, err := a.SetLinger(c.Context(), on)
				switch {
				case err != nil:
					return err
				case !changed:
					e.note("It was so already.")
				case on:
					e.note("Your services, the enabled proxies among them, start at boot and outlive your logout.")
				default:
					e.note("Your services, the enabled proxies among them, start at your login and end with your last logout.")
				}
				return e.done("", "")
			},
		}
	}
	return group("linger", "Start proxies at boot, before anyone logs in, or only at your login",
		set("on", "Start your services at boot, and keep them running after you log out", true),
		set("off", "Start your services at login, and end them with your last logout", false),
		&cobra.Command{
			Use: "status", Short: "Show whether your services run without a login", Args: exactly(),
			RunE: func(c *cobra.Command, _ []string) error {
				a, err := e.app()
				if err != nil {
					return err
				}
				s, err := a.Linger(c.Context())
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(s)
				}
				if s.Linger {
					e.note("On: the services of %s start at boot, and outlive the logout.", s.User)
				} else {
					e.note("Off: the services of %s start at login, and end with the last logout. Switch it on with: ringlet daemon linger on", s.User)
				}
				return nil
			},
		})
}
