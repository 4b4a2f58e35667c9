package app

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// Plan is what [App.CreateProfile] would do. The field names are stable.
type Plan struct {
	Profile  string          `json:"profile"`
	DryRun   bool            `json:"dry_run"` // always true
	Files    []PlannedFile   `json:"files"`
	Settings []PlannedChange `json:"settings"`
	Notes    []string        `json:"notes"`
	Warnings []string        `json:"warnings"`
}

// PlannedFile is a file that would be written, or added to.
type PlannedFile struct {
	Path    string `json:"path"`
	Content string `json:"content,omitempty"` // "" for a file that holds a secret, or more than this profile
	What    string `json:"what,omitempty"`    // what it would hold, where Content is not shown
}

// PlannedChange is one of the agent's settings that would be changed. A token
// is "<secret>".
type PlannedChange struct {
	Path   string `json:"path"`
	Key    string `json:"key"`
	Before string `json:"before"` // "" where it is not there
	After  string `json:"after"`  // "" where it would be removed
}

// PlanProfile says what CreateProfile would do, and refuses what it would
// refuse. It writes nothing.
func (a *App) PlanProfile(ctx context.Context, o CreateOptions) (Plan, error) {
	p, agent, err := a.newProfile(o)
	if err != nil {
		return Plan{}, err
	}
	out := Plan{Profile: o.Alias, DryRun: true, Settings: []PlannedChange{}, Notes: orNone(agent.Notes()), Warnings: []string{}}
	if _, err := agent.Find(a.hostAnywhere()); err != nil {
		out.Warnings = append(out.Warnings, sentence(err))
	}
	var sup service.Supervisor
	var problem error
	if o.Proxy {
		sup, problem = a.connect(ctx, o.Alias)
		var none *service.Unavailable
		switch {
		case problem == nil:
			defer sup.Close()
			if err := sup.Check(ctx, o.Alias, a.Dirs.EngineConfig(p.Agent, o.Alias)); err != nil {
				return Plan{}, err
			}
			if err := a.chooseEngine(sup, &p); err != nil {
				return Plan{}, err
			}
		case errors.As(problem, &none):
			out.Warnings = append(out.Warnings, "the proxy would be saved, not enabled: "+sentence(problem))
		default:
			return Plan{}, problem
		}
	}
	preview, err := a.Profiles.Preview(ctx, p)
	if err != nil {
		return Plan{}, err
	}
	out.Warnings = append(out.Warnings, warnings(preview.Warnings)...)
	out.Files = append(out.Files, PlannedFile{Path: preview.Path, Content: string(preview.Profile)})
	if !o.Proxy {
		return out, nil
	}
	out.Warnings = append(out.Warnings, a.missingKeys(p, seesFiles)...)
	out.Files = append(out.Files,
		PlannedFile{Path: a.Dirs.Ports(), What: "the port of the profile"},
		PlannedFile{Path: filepath.Join(a.Dirs.LocalTokens(), o.Alias), What: "the profile's local token, made at random"},
		PlannedFile{Path: preview.Config, Content: string(preview.Text), What: "the sum of the token is added"})
	if problem != nil {
		return out, nil
	}
	if err := a.planUnits(ctx, sup, p, preview, &out); err != nil {
		return Plan{}, err
	}
	return out, a.planSettings(ctx, agent, p, preview.Port, &out)
}

// planUnits adds the unit files that enable would write.
func (a *App) planUnits(ctx context.Context, sup service.Supervisor, p profiles.Profile, preview profiles.Preview, out *Plan) error {
	spec := a.spec(p, profiles.Change{Port: preview.Port, ConfigPath: preview.Config})
	renderer, ok := sup.(service.Renderer)
	if !ok {
		out.Notes = append(out.Notes, sup.Name()+" would get a unit of its own for this profile")
		return nil
	}
	files, err := renderer.Files(ctx, spec)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !bytes.Equal(f.Have, f.Want) { // ringlet.target, which all profiles share, may be there
			out.Files = append(out.Files, PlannedFile{Path: f.Path, Content: string(f.Want)})
		}
	}
	if external(p) {
		out.Files = append(out.Files, PlannedFile{Path: a.Dirs.UltrallmKeys(p.Alias.String()), What: "the keys of its providers, for ultrallm"})
	}
	return nil
}

// planSettings adds what would be changed in the agent's settings.
func (a *App) planSettings(ctx context.Context, agent agents.Agent, p profiles.Profile, port int, out *Plan) error {
	edits, err := agent.Plan(ctx, agents.PointOptions{Home: a.home(p), RestoreDir: a.Dirs.RestoreDir(p.Alias.String()), BaseURL: baseURL(port),
		OwnLogin: a.ownLogin(p), Model: p.Model, Serving: a.serving(p)})
	if err != nil {
		return err
	}
	for _, e := range edits {
		out.Settings = append(out.Settings, PlannedChange{e.Path, e.Key, e.Before, e.After})
	}
	if len(edits) == 0 {
		out.Notes = append(out.Notes, agent.Title()+" is told everything when it starts; no settings of its own are touched")
		return nil
	}
	out.Files = append(out.Files, PlannedFile{Path: filepath.Join(a.Dirs.RestoreDir(p.Alias.String()), p.Agent+".json"), What: "what the settings were before, for disable"})
	return nil
}
