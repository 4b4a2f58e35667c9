package app

import (
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
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/profiles"
)

// ImportOptions say what is taken over.
type ImportOptions struct {
	From    string // the agent's folder, "" for the one in the user's home
	Agent   string // the agent whose folder it is; "" or the profile's own
	History bool   // conversations too
	Force   bool   // replace files that the profile has
}

// Imported is what became of an import. The field names are stable.
type Imported struct {
	Profile string    `json:"profile"`
	Home    string    `json:"home"`   // the profile's
	Copied  []string  `json:"copied"` // files, relative to Home
	Left    []LeftOut `json:"left"`
}

// LeftOut is something that was not taken over.
type LeftOut struct {
	Path string `json:"path"` // where it is; with " → setting" where it is a part of a file that was copied
	Why  string `json:"why"`
}

// ImportProfile copies an agent's own settings into a profile. Nothing is moved
// or changed where they come from, and files that the profile has stay. An agent
// that is pointed at its proxy is pointed again, so that what disable puts back
// is the imported file.
func (a *App) ImportProfile(ctx context.Context, alias string, o ImportOptions) (Imported, error) {
	var agent agents.Agent
	var from string
	p, release, err := a.locked(ctx, alias, func(alias string) (p profiles.Profile, err error) {
		if p, err = a.profile(alias); err != nil {
			return p, err
		}
		if agent, err = agents.ByName(p.Agent); err != nil {
			return p, err
		}
		if o.Agent != "" && o.Agent != p.Agent {
			if _, err := agents.ByName(o.Agent); err != nil {
				return p, err
			}
			return p, fault.New(fault.Usage, fmt.Sprintf("make one of %s's: ringlet profiles create %s <alias>", o.Agent, o.Agent), "%q is a profile of %s, which cannot read the settings of %s", alias, p.Agent, o.Agent)
		}
		from, err = a.importFrom(agent, p, o.From)
		return p, err
	})
	if err != nil {
		return Imported{}, err
	}
	defer release()
	if err := agent.FirstRun(ctx, agents.FirstRunOptions{Host: a.hostAnywhere(), Home: a.home(p)}); err != nil {
		return Imported{}, err
	}
	// What ringlet itself wrote into the settings is neither in the way of the
	// import, nor what disable may put back.
	restore := agents.RestoreOptions{Home: a.home(p), RestoreDir: a.Dirs.RestoreDir(alias), Log: a.log}
	_, err = os.Lstat(filepath.Join(restore.RestoreDir, p.Agent+".json"))
	pointed := err == nil
	if pointed {
		if err := agent.Restore(ctx, restore); err != nil {
			return Imported{}, err
		}
	}
	i := importer{app: a, agent: agent.Imports(), options: o, done: Imported{Profile: alias, Home: a.home(p), Copied: []string{}, Left: []LeftOut{}}}
	err = i.all(from)
	if pointed {
		port, perr := a.Profiles.Port(p.Alias)
		if perr == nil {
			perr = a.point(ctx, p, port)
		}
		err = errors.Join(err, perr)
	}
	return i.done, err
}

// importFrom is the agent's folder that is read, checked.
func (a *App) importFrom(agent agents.Agent, p profiles.Profile, asked string) (string, error) {
	folder := agent.Imports().Folders[0]
	from := asked
	if from == "" {
		from = filepath.Join(a.Dirs.Home, folder.From)
	}
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(from)
	info, serr := os.Stat(from)
	if err = errors.Join(err, serr); err != nil || !info.IsDir() {
		return "", fault.New(fault.NotFound, fmt.Sprintf("name the folder that has them: ringlet profiles import %s --from <folder>", p.Alias), "there are no settings of %s in %s", agent.Title(), from)
	}
	if own, err := filepath.EvalSymlinks(filepath.Join(a.home(p), folder.To)); err == nil && own == real {
		return "", fault.New(fault.Usage, "name another: --from <folder>", "%s is the profile's own folder", from)
	}
	return from, nil
}

// importer copies into one profile.
type importer struct {
	app     *App
	agent   agents.Imports
	options ImportOptions
	done    Imported
}

func (i *importer) left(path, why string) {
	i.done.Left = append(i.done.Left, LeftOut{path, why})
}

func (i *importer) all(from string) error {
	for n, f := range i.agent.Folders {
		dir := from
		if n > 0 {
			if i.options.From != "" { // the user named one folder
				break
			}
			dir = filepath.Join(i.app.Dirs.Home, f.From)
		}
		if err := i.folder(dir, f); err != nil {
			return err
		}
	}
	if i.agent.Servers {
		return i.servers(from)
	}
	return nil
}

// folder copies what is named of one folder. Links are followed inside of it only.
func (i *importer) folder(dir string, f agents.ImportFolder) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case slices.Contains(f.Logins, e.Name()):
			i.left(path, "a login, which is never copied")
		case slices.Contains(f.History, e.Name()) && !i.options.History:
			i.left(path, "history; take it along with --with-history")
		case slices.Contains(f.Settings, e.Name()), slices.Contains(f.History, e.Name()):
			if err := i.tree(root, dir, e.Name(), f.To); err != nil {
				return err
			}
		case len(f.Settings) > 0:
			i.left(path, "none of its user's settings")
		}
	}
	return nil
}

// tree copies a file, or a folder with all that is in it.
func (i *importer) tree(root *os.Root, dir, name, to string) error {
	return fs.WalkDir(root.FS(), filepath.ToSlash(name), func(rel string, e fs.DirEntry, err error) error {
		path := filepath.Join(dir, filepath.FromSlash(rel))
		switch {
		case err != nil:
			i.left(path, "it cannot be read: "+err.Error())
			return nil
		case e.IsDir():
			return nil
		}
		info, err := root.Stat(rel)
		switch {
		case err != nil && e.Type()&fs.ModeSymlink != 0:
			i.left(path, "a link that leads out of the folder, or nowhere")
			return nil
		case err != nil:
			i.left(path, "it cannot be read: "+err.Error())
			return nil
		case info.IsDir():
			i.left(path, "a link to a folder")
			return nil
		case !info.Mode().IsRegular():
			i.left(path, "not a file")
			return nil
		case info.Size() > safefile.MaxSize:
			i.left(path, fmt.Sprintf("larger than %d MiB", safefile.MaxSize>>20))
			return nil
		}
		text, err := root.ReadFile(rel)
		if err != nil {
			i.left(path, "it cannot be read: "+err.Error())
			return nil
		}
		if rel == filepath.Base(rel) && !slices.Contains(i.agent.Folders[0].History, rel) {
			clean, out, err := i.agent.Clean(rel, text)
			if err != nil {
				i.left(path, err.Error())
				return nil
			}
			for _, setting := range out {
				i.left(path+" → "+setting, "a credential, or a way past the proxy")
			}
			text = clean
		}
		return i.put(path, filepath.Join(to, filepath.FromSlash(rel)), text, info.Mode().Perm()&0o700|0o600)
	})
}

// put writes one file of the profile, unless it is there.
func (i *importer) put(from, rel string, text []byte, mode fs.FileMode) error {
	path := filepath.Join(i.done.Home, rel)
	if link := linkOn(i.done.Home, rel); link != "" {
		i.left(from, link+" is a link in the profile's home")
		return nil
	}
	if _, err := os.Lstat(path); err == nil && !i.options.Force {
		i.left(from, "the profile has one; replace it with --force")
		return nil
	}
	i.app.log.Debug("file written", "path", path)
	if err := safefile.Write(path, text, mode); err != nil {
		return err
	}
	i.done.Copied = append(i.done.Copied, rel)
	return nil
}

// linkOn is the first part of rel, below home, that is a link, or "".
func linkOn(home, rel string) string {
	path := home
	for _, part := range strings.Split(rel, string(filepath.Separator)) {
		path = filepath.Join(path, part)
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return path
		}
	}
	return ""
}

// servers adds the MCP servers of the user's .claude.json, which lies in the
// folder where CLAUDE_CONFIG_DIR names one, and beside it otherwise.
func (i *importer) servers(from string) error {
	const name = ".claude.json"
	source := filepath.Join(from, name)
	text, err := os.ReadFile(source)
	if errors.Is(err, fs.ErrNotExist) {
		source = filepath.Join(filepath.Dir(from), name)
		text, err = os.ReadFile(source)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		i.left(source, "it cannot be read: "+err.Error())
		return nil
	}
	rel := filepath.Join(i.agent.Folders[0].To, name)
	path := filepath.Join(i.done.Home, rel)
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	merged, taken, left, err := agents.MergeServers(source, have, text, i.options.Force)
	if err != nil {
		i.left(source, err.Error())
		return nil
	}
	for _, server := range left {
		i.left(source+" → mcpServers."+server, "the profile has one; replace it with --force")
	}
	if len(taken) == 0 {
		return nil
	}
	i.app.log.Debug("file written", "path", path)
	if err := safefile.Write(path, merged, 0o600); err != nil {
		return err
	}
	for _, server := range taken {
		i.done.Copied = append(i.done.Copied, rel+" → mcpServers."+server)
	}
	return nil
}
