package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/internal/session"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// ExitError carries the agent's own exit code through the command.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("the agent exited with %d", e.Code) }

// RunProfile runs the profile's agent. direct leaves out a proxy that it has. With a proxy, it makes sure that the
// proxy runs the current configuration and is this user's own, and that the
// agent is pointed at it. Supervised, the agent takes this process's place;
// without an init system it is a child, and its exit code is an *ExitError.
func (a *App) RunProfile(ctx context.Context, alias string, args []string, direct bool) error {
	p, err := a.profile(alias)
	if err != nil {
		return err
	}
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return err
	}
	if direct && p.Proxy.Enabled {
		a.warn("this run goes past the proxy of %q: no rule applies, and nothing is counted", alias)
	}
	if direct || !p.Proxy.Enabled {
		return a.runDirect(ctx, agent, p, args)
	}
	// What can be refused, an agent that is not installed for one, is refused
	// before a proxy is started.
	host, err := a.host()
	if err != nil {
		return err
	}
	if _, err := agent.Find(host); err != nil {
		return err
	}
	sup, err := a.connect(ctx, alias)
	var none *service.Unavailable
	switch {
	case errors.As(err, &none) && len(a.unitFiles(alias)) == 0:
		return a.runSession(ctx, agent, p, args)
	case err != nil:
		return err
	}
	defer sup.Close()
	if err := a.ready(ctx, sup, p); err != nil {
		return a.notReady(ctx, sup, agent, p, err)
	}
	cmd, err := a.proxiedCommand(ctx, agent, p, args)
	if err != nil {
		return err
	}
	if err := a.started(ctx, agent, p, cmd); err != nil {
		return err
	}
	sup.Close()
	return session.Exec(cmd.Path, cmd.Argv, cmd.Env)
}

// ready makes sure that the supervised proxy of p serves its newest
// configuration, and that the agent points at it. Where that is so already,
// nothing is written and systemd is only asked: a run must not cost a
// daemon-reload.
func (a *App) ready(ctx context.Context, sup service.Supervisor, p profiles.Profile) error {
	// Read anew: a disable in between must not leave the agent pointed at nothing.
	p, release, err := a.locked(ctx, p.Alias.String(), a.proxied)
	if err != nil {
		return err
	}
	defer release()
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return err
	}
	if a.serves(ctx, sup, p, c) {
		if err := a.point(ctx, p, c.Port); err != nil {
			return err
		}
		if err := a.settleRotation(ctx, p); err != nil {
			return err
		}
		a.warnings(a.missingKeys(p, seesFiles))
		return nil
	}
	r, err := a.enable(ctx, sup, p, func(*profiles.Profile) error { return nil })
	if err != nil {
		return err
	}
	a.warnings(r.Warnings)
	return nil
}

// serves reports whether the enabled unit of p runs, and its engine proves to
// be p's, with at least the configuration in c. Any doubt is a no.
func (a *App) serves(ctx context.Context, sup service.Supervisor, p profiles.Profile, c profiles.Change) bool {
	states, err := sup.Status(ctx, []string{p.Alias.String()})
	if err != nil || unresolved(p) || !awake(p, states[0]) || !states[0].Enabled || states[0].Edited || states[0].Port != c.Port {
		return false
	}
	client, err := a.checker(sup, p, c.Port)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	report, err := client.Check(ctx)
	if external(p) {
		if err == nil && a.outdated(p, states[0].Started) {
			a.warn("ultrallm runs with an older configuration; the newest is used after: ringlet proxy restart %s", p.Alias)
		}
		return err == nil
	}
	return err == nil && (states[0].PID == 0 || report.PID == states[0].PID) && report.Seq >= c.Seq && !report.Draining
}

// awake says that an engine runs, or left for being idle and runs with the next
// connection.
func awake(p profiles.Profile, st service.State) bool {
	return st.Status == service.Running || st.Status == service.Listening && p.Proxy.Idle > 0
}

func (a *App) warnings(list []string) {
	for _, w := range list {
		a.warn("%s", w)
	}
}

// runSession runs the agent and, for as long as it or another run of the
// profile lasts, the engine.
func (a *App) runSession(ctx context.Context, agent agents.Agent, p profiles.Profile, args []string) error {
	lease, err := a.session(ctx, p)
	if err != nil {
		return a.notReady(ctx, nil, agent, p, err)
	}
	defer lease.Leave()
	// The engine of a session has this shell's environment.
	a.warnings(a.missingKeys(p, seesShell))
	cmd, err := a.proxiedCommand(ctx, agent, p, args)
	if err != nil {
		return err
	}
	if err := a.started(ctx, agent, p, cmd); err != nil {
		return err
	}
	// Contexts end at the Ctrl-C that belongs to the agent.
	keeping, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	replaced := make(chan int, 1)
	go func() { replaced <- lease.Keep(keeping) }()
	code, err := session.RunChild(ctx, cmd.Path, cmd.Argv, cmd.Env)
	end()
	if n := <-replaced; n > 0 {
		a.warn("the engine of %q ended %s during this run, and was started again; see: ringlet proxy logs %s", p.Alias, times(n), p.Alias)
	}
	if err != nil {
		return err
	}
	if code != 0 {
		return &ExitError{code}
	}
	return nil
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// session starts or joins the engine of p that no init system runs, and points
// the agent at it.
func (a *App) session(ctx context.Context, p profiles.Profile) (*session.Lease, error) {
	p, release, err := a.locked(ctx, p.Alias.String(), a.proxied)
	if err != nil {
		return nil, err
	}
	defer release()
	if p.Proxy.Engine == profiles.EngineUltrallm {
		return nil, fault.New(fault.Failed, fmt.Sprintf(`without systemd only the built-in engine runs: put "engine": "builtin" into %s`, a.Dirs.Profile(p.Alias.String())),
			"the engine of %q is ultrallm, which only systemd runs, and there is none here", p.Alias)
	}
	p.Proxy.EnginePath = "" // a session has the built-in engine
	// Gives out port and token where the profile has none yet.
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return nil, err
	}
	lease, err := a.lease(ctx, p, c)
	var taken *session.PortError
	for tries := 0; errors.As(err, &taken) && p.Proxy.Port == nil && tries < otherPorts; tries++ {
		a.warn("%v; using another port", err)
		if _, err := a.Profiles.Reassign(ctx, p.Alias); err != nil {
			return nil, err
		}
		if c, err = a.Profiles.EnsureConfig(ctx, p.Alias); err != nil {
			return nil, err
		}
		lease, err = a.lease(ctx, p, c)
	}
	if err != nil {
		return nil, err
	}
	if err = a.point(ctx, p, c.Port); err == nil {
		err = a.settleRotation(ctx, p)
	}
	if err != nil {
		lease.Close()
		return nil, err
	}
	return lease, nil
}

func (a *App) lease(ctx context.Context, p profiles.Profile, c profiles.Change) (*session.Lease, error) {
	defer a.progress(ctx, "waiting for the proxy to start")()
	dir := a.Dirs.EngineDir(p.Agent, p.Alias.String())
	return session.Ensure(ctx, session.Options{Alias: p.Alias.String(), Exe: a.exe, ConfigPath: c.ConfigPath,
		CredentialsDir: a.Dirs.CredentialsDir(), Port: c.Port, Seq: c.Seq, RunDir: dir,
		LeasePath: a.leasePath(p), Env: withVariables(os.Environ(), p), Health: current{a, p, c.Port}, Logger: a.log})
}

// leasePath is the file by whose lock a session's engine lives.
func (a *App) leasePath(p profiles.Profile) string {
	return filepath.Join(a.Dirs.EngineDir(p.Agent, p.Alias.String()), "lease")
}

// current asks the engine of a profile with the tokens that it has at that moment:
// they can be rotated while an agent runs.
type current struct {
	app     *App
	profile profiles.Profile
	port    int
}

// Check implements [health.Checker].
func (c current) Check(ctx context.Context) (health.Report, error) {
	client, err := c.app.client(c.profile, c.port)
	if err != nil {
		return health.Report{}, err
	}
	return client.Check(ctx)
}

// runDirect runs the agent of a profile that has no proxy, with its provider's
// endpoint and key in its environment.
func (a *App) runDirect(ctx context.Context, agent agents.Agent, p profiles.Profile, args []string) error {
	direct, err := a.direct(agent, p)
	if err != nil {
		return err
	}
	cmd, err := a.command(ctx, agent, p, agents.RunOptions{Args: args, Direct: direct})
	if err != nil {
		return err
	}
	if err := a.started(ctx, agent, p, cmd); err != nil {
		return err
	}
	return session.Exec(cmd.Path, cmd.Argv, cmd.Env)
}

// direct is how an agent without a proxy reaches its provider: in the first of
// its own formats that the provider speaks.
func (a *App) direct(agent agents.Agent, p profiles.Profile) (*agents.Direct, error) {
	provider, err := a.Catalogue.Provider(p.Provider)
	if err != nil {
		return nil, err
	}
	e, err := provider.Endpoint(p.Endpoint)
	if err != nil {
		return nil, err
	}
	if provider.AuthHeader == providers.Client {
		return &agents.Direct{AuthHeader: agents.OwnLoginAuth}, a.checkLogin(p)
	}
	up := upstream(provider, e)
	format := ""
	for _, f := range agent.Formats() {
		if format == "" && e[f] != "" && (p.Model == "" || slices.Contains(up.FormatsFor(p.Model), f)) {
			format = f
		}
	}
	if format == "" || provider.Dialect != "" {
		return nil, fault.New(fault.Failed, fmt.Sprintf("give the profile a proxy, which translates: ringlet proxy enable %s; or choose another provider", p.Alias),
			"%s does not speak a wire format of %s's (%s) at its endpoint %q", provider.Name, agent.Title(), strings.Join(agent.Formats(), ", "), p.Endpoint)
	}
	d := &agents.Direct{Format: format, BaseURL: e[format], AuthHeader: up.Auth(format), Headers: provider.Headers}
	if provider.AuthHeader != providers.NoAuth {
		key, _, err := a.Secrets.Key(provider.ID, provider.KeyEnv(e), e[format])
		if err != nil {
			return nil, err
		}
		d.Key = secrets.NewSecret(key)
	}
	return d, nil
}

// proxiedCommand is how the agent of a profile with a proxy is started.
func (a *App) proxiedCommand(ctx context.Context, agent agents.Agent, p profiles.Profile, args []string) (agents.Command, error) {
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return agents.Command{}, err
	}
	token, err := a.Secrets.Token(p.Alias.String())
	if err != nil {
		return agents.Command{}, err
	}
	return a.command(ctx, agent, p, agents.RunOptions{Args: args, Proxy: &agents.Proxy{BaseURL: baseURL(port), Token: token, OwnLogin: a.ownLogin(p)}})
}

// command is how the profile's agent is started; it writes nothing.
func (a *App) command(ctx context.Context, agent agents.Agent, p profiles.Profile, o agents.RunOptions) (agents.Command, error) {
	host, err := a.host()
	if err != nil {
		return agents.Command{}, err
	}
	o.Host, o.Home, o.Model, o.Serving, o.IsolateHome = host, a.home(p), p.Model, a.serving(p), p.IsolateHome
	// No provider's key is the agent's business, but the one that it is given here.
	for _, provider := range a.Catalogue.List() {
		if provider.AuthEnv != "" {
			o.Keys = append(o.Keys, provider.AuthEnv)
		}
	}
	if o.Direct != nil && p.Model != "" { // no proxy resolves a short name
		if id, known, _, err := a.Catalogue.ResolveModel(p.Provider, p.Model); err == nil && known {
			o.Model = id
		}
	}
	cmd, err := agent.Command(ctx, o)
	if err != nil {
		return cmd, err
	}
	a.warnings(cmd.Warnings)
	a.log.Debug("agent", "path", cmd.Path, "unset", cmd.Unset)
	return cmd, nil
}

// serving is what the provider of p serves, as far as the catalogue knows.
func (a *App) serving(p profiles.Profile) agents.Serving {
	provider, err := a.Catalogue.Provider(p.Provider)
	if err != nil {
		return agents.Serving{}
	}
	s := agents.Serving{Model: cmp.Or(p.Model, provider.Large), Small: provider.Small}
	if m, ok := provider.Model(s.Model); ok {
		s.Context = m.Context
	}
	if e, err := provider.Endpoint(p.Endpoint); err == nil {
		s.Formats = upstream(provider, e).FormatsFor(s.Model)
	}
	return s
}

// host is the user's own home, shell and folder.
func (a *App) host() (agents.Host, error) {
	dir, err := os.Getwd()
	if err != nil {
		return agents.Host{}, fault.New(fault.Failed, "change to a folder that exists", "the working folder is gone: %w", err)
	}
	host := a.hostAnywhere()
	host.Dir = dir
	return host, nil
}

// hostAnywhere is the host without the folder, which may be gone: enough to
// look for an agent's program.
func (a *App) hostAnywhere() agents.Host {
	return agents.Host{Home: a.Dirs.Home, Environ: os.Environ()}
}

// started notes the use of the profile, prepares the agent's first run, and
// writes what the agent reads of ringlet's own.
func (a *App) started(ctx context.Context, agent agents.Agent, p profiles.Profile, cmd agents.Command) error {
	if err := agent.FirstRun(ctx, agents.FirstRunOptions{Host: a.hostAnywhere(), Home: a.home(p), OwnLogin: a.ownLogin(p)}); err != nil {
		return err
	}
	for _, f := range cmd.Files {
		a.log.Debug("file written", "path", f.Path)
		if err := safefile.Write(f.Path, f.Content, 0o600); err != nil {
			return err
		}
	}
	// A full disk, or one that cannot be written, is no reason not to run.
	err := a.Profiles.Touch(ctx, p.Alias)
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) || errors.As(err, &link) {
		a.warn("that %q was used is not noted: %v", p.Alias, err)
		return nil
	}
	return err
}
