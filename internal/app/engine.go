package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// The engines by name, as status and config show them.
const (
	engineBuiltin  = "builtin"
	engineUltrallm = "ultrallm"
)

// Engines are the names of the engines that a profile can ask for.
func Engines() []string { return profiles.Engines() }

// CheckEngine refuses names that are none of them.
func CheckEngine(name string) error { return profiles.CheckEngine(name) }

// external says whether the profile's engine is an ultrallm binary.
func external(p profiles.Profile) bool { return p.Proxy.EnginePath != "" }

// unresolved says whether ultrallm is asked for and was not looked for yet: the
// profile was saved where no systemd is, edited by hand, or is disabled.
func unresolved(p profiles.Profile) bool {
	return p.Proxy.Engine == profiles.EngineUltrallm && !external(p)
}

func notLookedFor(alias string) error {
	return fault.New(fault.Failed, "have it looked for: ringlet proxy enable "+alias,
		"the engine of %q is to be ultrallm, and its binary was not looked for yet", alias)
}

// engineOf is the name of the engine that the profile's proxy has.
func engineOf(p profiles.Profile) string {
	if external(p) || unresolved(p) {
		return engineUltrallm
	}
	return engineBuiltin
}

// enginePath is the program of the profile's engine; "" where it was not looked for yet.
func (a *App) enginePath(p profiles.Profile) string {
	if external(p) || unresolved(p) {
		return p.Proxy.EnginePath
	}
	return a.exe
}

// lacks is what the profile's engine does not have.
func lacks(p profiles.Profile) []string {
	if external(p) || unresolved(p) {
		return []string{"no local token: every process on this machine can use it", "no hot reload: a change needs a restart", "no socket: a restart refuses connections for a moment"}
	}
	return []string{}
}

// chooseEngine finds the engine that p asks for, and records it. auto takes an
// ultrallm binary where there is one that can serve p; a pinned engine that
// cannot be had is an error.
func (a *App) chooseEngine(sup service.Supervisor, p *profiles.Profile) error {
	pinned := p.Proxy.Engine == profiles.EngineUltrallm
	p.Proxy.EnginePath = ""
	if p.Proxy.Engine == profiles.EngineBuiltin {
		return nil
	}
	path, looked := findUltrallm(a.Dirs.Home, os.Getenv("PATH"))
	hint := fmt.Sprintf("choose the built-in engine: ringlet proxy enable %s --engine builtin", p.Alias)
	switch {
	case path == "" && pinned:
		return fault.New(fault.Failed, "put the binary into ~/.local/bin, or "+hint, "the engine of %q is to be ultrallm, and there is no such binary: %s", p.Alias, strings.Join(looked, "; "))
	case path == "":
		return nil
	}
	if why := a.unfitForUltrallm(sup, *p); why != "" {
		if pinned {
			return fault.New(fault.Failed, hint, "ultrallm cannot run the proxy of %q: %s", p.Alias, why)
		}
		a.warn("%s is not used for %q: %s; the built-in engine is", path, p.Alias, why)
		return nil
	}
	p.Proxy.EnginePath = path
	return nil
}

// unfitForUltrallm says why an ultrallm binary cannot serve p, or "".
func (a *App) unfitForUltrallm(sup service.Supervisor, p profiles.Profile) string {
	if name := sup.Name(); name != "systemd" {
		return "its keys come by an environment file, which " + name + " does not have"
	}
	if p.Proxy.Idle > 0 {
		return "it takes no socket over that could wake it after it left for being idle; keep it running with: ringlet proxy enable " + p.Alias.String() + " --idle off"
	}
	for _, use := range a.uses(p) {
		switch {
		case use.provider.Dialect != "":
			return use.provider.Name + " wants requests that only the built-in engine makes"
		case use.provider.AuthHeader == providers.AWS, use.provider.AuthHeader == providers.Google:
			return use.provider.Name + " takes a cloud's credentials, which an environment file cannot hold"
		case use.provider.AuthHeader == providers.Client:
			return "the agent's own login goes through the built-in engine only"
		}
	}
	return ""
}

// findUltrallm looks for the binary in the documented order. Where there is none
// that can be used, looked says of each place why.
func findUltrallm(home, path string) (found string, looked []string) {
	places := []string{filepath.Join(home, ".cache", "ringlet", "binaries"), filepath.Join(home, ".local", "bin")}
	inPath := 0
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) { // what depends on the working folder is not for a unit
			places = append(places, filepath.Clean(dir))
			inPath++
		}
	}
	for i, dir := range places {
		file := filepath.Join(dir, "ultrallm")
		why := unusable(file)
		switch {
		case why == "":
			return file, nil
		case i < len(places)-inPath:
			looked = append(looked, file+" "+why)
		case why != notThere:
			looked = append(looked, file+" (in PATH) "+why)
		}
	}
	return "", append(looked, "and nothing usable in the folders of PATH")
}

const notThere = "is not there"

// unusable says why a file cannot be an engine, or "": it gets the user's keys,
// so nobody else may be able to replace it.
func unusable(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return notThere
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return "is not a file"
	case info.Mode().Perm()&0o111 == 0:
		return "is not executable"
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Sprintf("can be written by others (mode %04o)", info.Mode().Perm()&fs.ModePerm)
	case ok && st.Uid != 0 && int(st.Uid) != os.Getuid():
		return fmt.Sprintf("belongs to uid %d, who could replace it", st.Uid)
	}
	return ""
}
