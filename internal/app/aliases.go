package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/nearest"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/shell"
	"github.com/ringlet/ringlet/profiles"
)

// CommandInfo is a profile that was made a command. The field names are stable.
type CommandInfo struct {
	Name    string `json:"name"` // as it is typed
	Profile string `json:"profile"`
	Path    string `json:"path"`
	Problem string `json:"problem,omitempty"` // why typing the name does not run the profile
}

// commandMark is the second line of every script of ringlet's; the profile follows.
const commandMark = "# ringlet profile: "

// maxCommand bounds what is read of a file that may be such a script, in bytes.
const maxCommand = 8 << 10

// commandScript is the command of a profile. ringlet is how its binary was
// called: a link stays a link, so that an upgrade that exchanges what it leads to
// needs no new script; where it is gone, the one in PATH is taken.
func commandScript(alias, ringlet string) []byte {
	return fmt.Appendf(nil, `#!/bin/sh
%s%s
# Written by: ringlet aliases install %s
ringlet=%s
[ -x "$ringlet" ] || ringlet=ringlet
exec "$ringlet" profiles run %s -- "$@"
`, commandMark, alias, alias, shell.Bash.Quote(ringlet), alias)
}

// markedProfile is the profile that a script of ringlet's runs, or "" for another file.
func markedProfile(text string) string {
	lines := strings.SplitN(text, "\n", 3)
	if len(lines) < 3 || lines[0] != "#!/bin/sh" {
		return ""
	}
	alias, ok := strings.CutPrefix(lines[1], commandMark)
	if _, err := profiles.ParseAlias(alias); !ok || err != nil {
		return ""
	}
	return alias
}

// commandsDir is where the scripts are.
func (a *App) commandsDir() string { return filepath.Join(a.Dirs.Home, ".local", "bin") }

// readCommand is the profile of the script at path: "" where nothing is there.
// What does not carry the mark is an error, and is never touched.
func (a *App) readCommand(path string) (alias string, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	foreign := fault.New(fault.Failed, "choose another name (--name), or move that file away", "%s was not made by ringlet", path)
	if !info.Mode().IsRegular() || info.Size() > maxCommand {
		return "", foreign
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if alias = markedProfile(string(text)); alias == "" {
		return "", foreign
	}
	return alias, nil
}

// checkCommandName refuses names that would not come to the script, or from which it would come back to itself.
func checkCommandName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`).MatchString(name) {
		return fault.New(fault.Usage, "use letters, digits, dots, dashes and underscores", "%q cannot be the name of a command", name)
	}
	if name == "ringlet" || slices.Contains(AgentNames(), name) {
		return fault.New(fault.Usage, "choose another name: --name my-"+name, "the script would find itself where it looks for the program %q", name)
	}
	return nil
}

// InstallCommand makes a profile a command of that name ("" for the profile's
// own). Done again it does nothing; a file that ringlet did not make is refused.
func (a *App) InstallCommand(ctx context.Context, alias, name string) (CommandInfo, []string, error) {
	if name == "" {
		name = alias
	}
	p, release, err := a.locked(ctx, alias, func(alias string) (profiles.Profile, error) {
		p, err := a.profile(alias)
		if err != nil {
			return p, err
		}
		if err := checkCommandName(name); err != nil {
			return p, err
		}
		had, err := a.readCommand(filepath.Join(a.commandsDir(), name))
		if err == nil && had != "" && had != alias {
			err = fault.New(fault.Failed, "choose another name (--name), or remove it first: ringlet aliases uninstall "+name, "the command %q runs the profile %q already", name, had)
		}
		return p, err
	})
	if err != nil {
		return CommandInfo{}, nil, err
	}
	defer release()
	dir := a.commandsDir()
	if err := safefile.MakeDirs(dir, 0o755); err != nil {
		return CommandInfo{}, nil, err
	}
	info := CommandInfo{Name: name, Profile: p.Alias.String(), Path: filepath.Join(dir, name)}
	text := commandScript(info.Profile, a.typed)
	if had, err := os.ReadFile(info.Path); err != nil || string(had) != string(text) {
		a.log.Debug("file written", "path", info.Path)
		if err := safefile.Write(info.Path, text, 0o755); err != nil {
			return CommandInfo{}, nil, err
		}
	}
	return info, a.commandWarnings(info), nil
}

// commandWarnings say what a shell makes of the name.
func (a *App) commandWarnings(info CommandInfo) []string {
	var out []string
	dir := filepath.Dir(info.Path)
	dirs := filepath.SplitList(os.Getenv("PATH"))
	at := slices.IndexFunc(dirs, func(d string) bool { return filepath.Clean(d) == dir })
	if at < 0 {
		out = append(out, fmt.Sprintf(`%s is not in PATH, so that %q is not found by its name; add to your shell's start-up file: export PATH="$HOME/.local/bin:$PATH"`, dir, info.Name))
	}
	for i, d := range dirs {
		if !filepath.IsAbs(d) || filepath.Clean(d) == dir {
			continue
		}
		other := filepath.Join(d, info.Name)
		if stat, err := os.Stat(other); err != nil || !stat.Mode().IsRegular() || stat.Mode().Perm()&0o111 == 0 {
			continue
		}
		if at < 0 || i < at {
			out = append(out, fmt.Sprintf("%s comes first in PATH, so that %q runs that; choose another name with --name", other, info.Name))
		} else {
			out = append(out, fmt.Sprintf("%q hides %s from now on", info.Name, other))
		}
		break
	}
	return out
}

// Commands lists the profiles that were made commands, by name.
func (a *App) Commands(context.Context) ([]CommandInfo, error) {
	out := []CommandInfo{}
	entries, err := os.ReadDir(a.commandsDir())
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(a.commandsDir(), e.Name())
		alias, err := a.readCommand(path)
		if err != nil || alias == "" {
			continue // the folder is full of other programs
		}
		info := CommandInfo{Name: e.Name(), Profile: alias, Path: path}
		var gone *profiles.NotFoundError
		if _, err := a.profile(alias); errors.As(err, &gone) {
			info.Problem = "its profile is gone; remove it: ringlet aliases uninstall " + info.Name
		} else if w := a.commandWarnings(info); len(w) > 0 && !strings.Contains(w[0], " hides ") {
			info.Problem = w[0]
		}
		out = append(out, info)
	}
	return out, nil
}

// UninstallCommand removes the command of that name, if ringlet made it.
func (a *App) UninstallCommand(ctx context.Context, name string) (CommandInfo, error) {
	if err := checkCommandName(name); err != nil {
		return CommandInfo{}, err
	}
	path := filepath.Join(a.commandsDir(), name)
	alias, err := a.readCommand(path)
	if err != nil {
		return CommandInfo{}, err
	}
	if alias == "" {
		list, err := a.Commands(ctx)
		if err != nil {
			return CommandInfo{}, err
		}
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		hint := "see which there are: ringlet aliases list"
		if near := nearest.Names(name, names, 3); len(near) > 0 {
			hint = "there is " + strings.Join(near, ", ") + "; " + hint
		}
		return CommandInfo{}, fault.New(fault.NotFound, hint, "there is no command %q of ringlet's in %s", name, a.commandsDir())
	}
	return CommandInfo{Name: name, Profile: alias, Path: path}, a.removeCommand(path)
}

func (a *App) removeCommand(path string) error {
	a.log.Debug("file removed", "path", path)
	return safefile.Remove(path)
}

// removeCommands removes the commands of a profile that is no more.
func (a *App) removeCommands(ctx context.Context, alias string) error {
	list, err := a.Commands(ctx)
	for _, c := range list {
		if c.Profile == alias {
			err = errors.Join(err, a.removeCommand(c.Path))
		}
	}
	return err
}

// asTyped is the path by which this binary was started, absolute, with its
// links as they are.
func asTyped(args0, exe string) string {
	path := args0
	if !strings.ContainsRune(path, filepath.Separator) {
		host := agents.Host{Environ: os.Environ()}
		path = host.Which(path)
	}
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return exe
	}
	if real, err := filepath.EvalSymlinks(abs); err != nil || real != exe {
		return exe
	}
	return abs
}
