package agents

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/routes"
)

// The wire formats, in the words of package routes.
const (
	formatMessages  = routes.Messages
	formatChat      = routes.Chat
	formatResponses = routes.Responses
)

// start begins a command: its program, the user's arguments, and the shell's
// environment without what would lead the agent past its proxy.
// What is in keep stays.
func start(o RunOptions, path, program string, scrub []string, keep ...string) (Command, *environ) {
	cmd := Command{Path: path, Argv: append([]string{program}, o.Args...)}
	e := newEnviron(o.Host.Environ)
	for _, name := range slices.Concat(scrub, o.Keys) {
		if slices.Contains(keep, name) {
			continue
		}
		cmd.Unset = append(cmd.Unset, e.remove(name)...)
	}
	slices.Sort(cmd.Unset)
	cmd.Unset = slices.Compact(cmd.Unset)
	if o.IsolateHome {
		e.set("HOME", o.Home)
	}
	return cmd, e
}

// modelName is the model for agents that have to name one: the profile's own, or
// the one that its provider is best known for. "default" is for the rules to decide.
func (o RunOptions) modelName() string { return cmp.Or(o.Model, o.Serving.Model, "default") }

// format is the first of an agent's formats that the profile's provider speaks, so that
// nothing has to be translated; or the first of all.
func (s Serving) format(able ...string) string {
	for _, f := range s.Formats {
		if slices.Contains(able, f) {
			return f
		}
	}
	return able[0]
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func cannotSend(agent, header string) error {
	return fault.New(fault.Failed, "give the profile a proxy: ringlet proxy enable <alias>", "%s cannot send its key as %q", agent, header)
}

// under joins a path below a profile's home.
func under(home string, names ...string) string {
	return filepath.Join(append([]string{home}, names...)...)
}

// noSettings is what agents have in common that take everything from their
// environment and arguments: nothing is written, so nothing can be put back.
func noSettings(o RunOptions, title string) error {
	if o.Proxy == nil && o.Direct == nil {
		return fmt.Errorf("%s was told no address to send its requests to", title)
	}
	return nil
}

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
