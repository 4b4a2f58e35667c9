package app

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
	"github.com/ringlet/ringlet/service"
)

// CreateOptions describe a new profile.
type CreateOptions struct {
	Agent    string // "claude"
	Alias    string
	Provider string
	Endpoint string // "" for the provider's default
	Model    string // "" leaves the choice to the agent
	// IsolateHome gives the agent the profile's home as HOME.
	IsolateHome bool
	Proxy       bool          // enable and start a proxy
	Rules       []routes.Rule // the proxy's first rules, oldest first
	// AskKey is asked for the provider's key where none is stored: KeySource of
	// its argument says whether the shell has one. An empty key goes on without.
	// nil asks nobody.
	AskKey func(context.Context, ProviderInfo) (secrets.Secret, error)
}

// Created is a profile that was created.
type Created struct {
	Alias      string
	AgentTitle string
	Home       string
	Notes      []string // what the profile changes in what the agent tells its maker
	Warnings   []string
	StoredKey  LoginResult   // of the key that was asked for; empty without one
	Enabled    *EnableResult // the proxy runs; nil without one
	NotEnabled error         // why the proxy was saved and not enabled
}

// CreateProfile creates a profile and, if asked, enables its proxy. Without a
// user manager the proxy is saved all the same, and NotEnabled says why it does
// not run.
func (a *App) CreateProfile(ctx context.Context, o CreateOptions) (Created, error) {
	p, agent, err := a.newProfile(o)
	if err != nil {
		return Created{}, err
	}
	// Before anything is made, so that an interrupt at the question leaves nothing.
	stored, err := a.askKey(ctx, o)
	if err != nil {
		return Created{}, err
	}
	release, err := a.operation(ctx, o.Alias)
	if err != nil {
		return Created{}, err
	}
	defer release()
	p, c, err := a.Profiles.Create(ctx, p)
	if err != nil {
		return Created{}, err
	}
	made := Created{Alias: o.Alias, StoredKey: stored, AgentTitle: agent.Title(), Home: a.home(p), Notes: agent.Notes(), Warnings: warnings(c.Warnings)}
	if _, err := agent.Detect(ctx, a.hostAnywhere()); err != nil {
		made.Warnings = append(made.Warnings, sentence(err))
	}
	if !o.Proxy {
		return made, nil
	}
	sup, err := a.connect(ctx, o.Alias)
	if err == nil {
		defer sup.Close()
		var r EnableResult
		if r, err = a.enable(ctx, sup, p, func(p *profiles.Profile) error { return a.chooseEngine(sup, p) }); err == nil {
			made.Enabled = &r
			return made, nil
		}
	}
	var none *service.Unavailable
	if errors.As(err, &none) {
		made.NotEnabled = err
		made.Warnings = append(made.Warnings, a.missingKeys(p, seesFiles)...)
		return made, nil
	}
	// The profile stays: what is wrong can be mended, and enable repeated.
	see := "see: ringlet proxy logs " + o.Alias
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		see = "make room on the disk"
	}
	return made, fault.New(kind(err), hintOr(err, see)+"; then: ringlet proxy enable "+o.Alias,
		"the profile %q is created, but its proxy could not be enabled: %w", o.Alias, err)
}

// askKey asks for the provider's key and stores it, where there is none that
// the profile's requests could use.
func (a *App) askKey(ctx context.Context, o CreateOptions) (LoginResult, error) {
	provider, err := a.Catalogue.Provider(o.Provider)
	if err != nil || o.AskKey == nil || !provider.NeedsKey() {
		return LoginResult{}, err
	}
	source, err := a.keySource(provider, o.Endpoint)
	var missing *secrets.MissingError
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return LoginResult{}, nil // there is one that cannot be used: a warning says why
	case source != shellOnly || !o.Proxy:
		return LoginResult{}, nil
	}
	key, err := o.AskKey(ctx, a.providerInfo(provider))
	if err != nil || key.Empty() {
		return LoginResult{}, err
	}
	return a.Login(ctx, o.Provider, "", key)
}

// newProfile is the profile that o asks for, checked but not stored.
func (a *App) newProfile(o CreateOptions) (profiles.Profile, agents.Agent, error) {
	alias, err := profiles.ParseAlias(o.Alias)
	if err != nil {
		return profiles.Profile{}, nil, err
	}
	agent, err := agents.ByName(o.Agent)
	if err != nil {
		return profiles.Profile{}, nil, err
	}
	p := profiles.Profile{Alias: alias, Agent: agent.ID(), Provider: o.Provider, Endpoint: cmp.Or(o.Endpoint, "default"), Model: o.Model,
		IsolateHome: o.IsolateHome, CreatedAt: time.Now().UTC(),
		Proxy: profiles.Proxy{Enabled: o.Proxy, Strategy: routes.Conditional, Rules: o.Rules}}
	return p, agent, a.checkNew(p)
}

// checkNew refuses what Create would refuse, before a lock file or a folder is
// made for a profile that will not be.
func (a *App) checkNew(p profiles.Profile) error {
	var none *profiles.NotFoundError
	if _, err := a.Profiles.Get(p.Alias); err == nil {
		return &profiles.ExistsError{Alias: p.Alias}
	} else if !errors.As(err, &none) {
		return err
	}
	provider, err := a.Catalogue.Provider(p.Provider)
	if err != nil {
		return err
	}
	if _, err := provider.Endpoint(p.Endpoint); err != nil {
		return err
	}
	if p.Model != "" {
		if err := routes.CheckModelName(p.Model); err != nil {
			return err
		}
	}
	if err := a.checkLogin(p); err != nil {
		return err
	}
	_, err = a.Profiles.Settings()
	return err
}

func kind(err error) fault.Kind { return fault.Kind(fault.ExitCode(err)) }

func hintOr(err error, text string) string {
	if h := fault.Hint(err); h != "" {
		return h
	}
	return text
}

// sentence is an error with its hint, on one line.
func sentence(err error) string {
	if h := fault.Hint(err); h != "" {
		return err.Error() + "; " + h
	}
	return err.Error()
}

// ProfileInfo is a profile as it is listed and inspected. The field names are stable.
type ProfileInfo struct {
	Alias      string     `json:"alias"`
	Agent      string     `json:"agent"`
	AgentTitle string     `json:"-"`
	Provider   string     `json:"provider"`
	Endpoint   string     `json:"endpoint"`
	Proxy      bool       `json:"proxy"` // it has an enabled proxy
	Home       string     `json:"home"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsed   *time.Time `json:"last_used"`
	Model      string     `json:"model"`        // "" leaves the choice to the agent
	Isolated   bool       `json:"isolate_home"` // the agent has the profile's home as HOME

	// Only in inspect.
	AgentPath    string `json:"agent_path,omitempty"`
	AgentVersion string `json:"agent_version,omitempty"`
	Settings     string `json:"settings,omitempty"` // the agent's settings file
	BaseURL      string `json:"base_url,omitempty"`
	Unit         string `json:"unit,omitempty"`
	ProxyConfig  string `json:"proxy_config,omitempty"`
	ProxyLog     string `json:"proxy_log,omitempty"`
	Pointed      bool   `json:"pointed,omitempty"` // the agent's settings point at the proxy
}

// ListProfiles lists the profiles by alias. An error beside a list names the
// files that could not be read.
func (a *App) ListProfiles(ctx context.Context) ([]ProfileInfo, error) {
	list, broken := a.Profiles.List(ctx)
	out := []ProfileInfo{}
	for _, p := range list {
		out = append(out, a.profileInfo(p))
	}
	return out, errors.Join(broken...)
}

func (a *App) profileInfo(p profiles.Profile) ProfileInfo {
	info := ProfileInfo{Alias: p.Alias.String(), Agent: p.Agent, AgentTitle: p.Agent, Provider: p.Provider, Endpoint: p.Endpoint,
		Proxy: p.Proxy.Enabled, Home: a.home(p), CreatedAt: p.CreatedAt, LastUsed: p.LastUsed, Model: p.Model, Isolated: p.IsolateHome}
	if agent, err := agents.ByName(p.Agent); err == nil {
		info.AgentTitle = agent.Title()
	}
	return info
}

// InspectProfile describes one profile.
func (a *App) InspectProfile(ctx context.Context, alias string) (ProfileInfo, error) {
	p, err := a.profile(alias)
	if err != nil {
		return ProfileInfo{}, err
	}
	info := a.profileInfo(p)
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return info, err
	}
	if found, err := agent.Detect(ctx, a.hostAnywhere()); err == nil {
		info.AgentPath, info.AgentVersion = found.Path, found.Version
	}
	info.Settings = agent.SettingsPath(info.Home)
	if !p.Proxy.Enabled {
		return info, nil
	}
	info.Unit = unitName(a.init.Host.Supervisor(), alias)
	info.ProxyConfig = a.Dirs.EngineConfig(p.Agent, alias)
	info.ProxyLog = a.Dirs.ProxyLog(p.Agent, alias)
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return info, err
	}
	if port > 0 {
		info.BaseURL = baseURL(port)
		if token, err := a.Secrets.Token(alias); err == nil {
			why, err := agent.Pointed(ctx, agents.PointOptions{Home: info.Home, RestoreDir: a.Dirs.RestoreDir(alias), BaseURL: info.BaseURL, Token: token, OwnLogin: a.ownLogin(p), Model: p.Model, Serving: a.serving(p)})
			if err != nil {
				return info, err
			}
			info.Pointed = len(why) == 0
		}
	}
	return info, nil
}

// DeleteProfile undoes CreateProfile. home is where the agent's own files stay,
// or "" when there are none.
func (a *App) DeleteProfile(ctx context.Context, alias string, force bool) (home string, err error) {
	p, release, err := a.locked(ctx, alias, a.profile)
	if err != nil {
		return "", err
	}
	defer release()
	if err := a.disable(ctx, p, force, "delete"); err != nil {
		return "", err
	}
	if err := a.removeCommands(ctx, alias); err != nil {
		return "", err
	}
	home, err = a.Profiles.Delete(ctx, p.Alias)
	if err != nil || home == "" {
		return home, err
	}
	// What nobody has put anything into goes as well.
	if agent, err := agents.ByName(p.Agent); err == nil && agent.SettingsPath(home) != "" {
		safefile.RemoveEmpty(filepath.Dir(agent.SettingsPath(home)))
	}
	if safefile.RemoveEmpty(home) {
		return "", nil
	}
	return home, nil
}
