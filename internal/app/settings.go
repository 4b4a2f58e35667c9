package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/safefile"
)

// SetResult is what [App.SetProvider] did.
type SetResult struct {
	Path     string   // the file in providers.d that has the settings
	Reloaded []string // profiles whose running engine took them up
}

// SetProvider stores settings of a built-in provider in the user's file for it,
// and lets the configurations of profiles that use it follow. An empty value
// takes a setting back. The rest of the file stays as it is, comments included.
func (a *App) SetProvider(ctx context.Context, provider string, given map[string]string) (SetResult, error) {
	p, err := a.Catalogue.Provider(provider)
	if err != nil {
		return SetResult{}, err
	}
	for _, name := range SortedKeys(given) {
		s, err := p.Setting(name)
		if err != nil {
			return SetResult{}, err
		}
		if given[name] == "" {
			continue
		}
		if err := s.Check(given[name]); err != nil {
			return SetResult{}, fault.New(fault.Usage, fmt.Sprintf("as in: ringlet providers set %s %s=%s", provider, name, s.Example), "%w", err)
		}
	}
	r := SetResult{Path: filepath.Join(a.Dirs.ProvidersDir(), provider+".yaml")}
	if err := writeSettings(ctx, r.Path, provider, given); err != nil {
		return SetResult{}, err
	}
	a.log.Debug("file written", "path", r.Path)
	if err := a.readCatalogue(a.Dirs.ProvidersDir()); err != nil {
		return r, err
	}
	r.Reloaded, err = a.reloadAll(ctx)
	return r, err
}

// SettingsFromEnv reads a provider's settings from the variables that others use
// for them. It is an error where none is set.
func (a *App) SettingsFromEnv(provider string, getenv func(string) string) (map[string]string, error) {
	p, err := a.Catalogue.Provider(provider)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	var asked []string
	for _, s := range p.Settings {
		asked = append(asked, s.Env...)
		for _, name := range s.Env {
			if v := getenv(name); v != "" {
				out[s.Name] = v
				break
			}
		}
	}
	switch {
	case len(p.Settings) == 0:
		return nil, fault.New(fault.Usage, "use it as it is", "%s has no settings", p.Name)
	case len(out) == 0:
		return nil, fault.New(fault.Failed, "name them: ringlet providers set "+provider+" "+p.Settings[0].Name+"="+p.Settings[0].Example,
			"none of %s is set", strings.Join(asked, ", "))
	}
	return out, nil
}

// writeSettings changes the settings in one file of providers.d, or makes it.
func writeSettings(ctx context.Context, path, provider string, given map[string]string) error {
	dir := filepath.Dir(path)
	if err := safefile.CheckDir(dir); err != nil {
		return err
	}
	release, err := safefile.Lock(ctx, filepath.Join(filepath.Dir(dir), "locks", "providers.d"))
	if err != nil {
		return err
	}
	defer release()
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("id: "+provider+"\n"), nil
	}
	if err != nil {
		return err
	}
	if data, err = providers.EditSettings(data, given); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return safefile.Write(path, data, 0o600)
}
