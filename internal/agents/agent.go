// Package agents knows the coding agents: where their programs are, how each is
// pointed at a profile's proxy, how that is taken back to the letter, how it is
// started, and what it usually asks for.
//
// An [Agent] is one file per agent, beside what agents share: editing a JSON
// file by key ([jsonObject]), and the [Record] of what a file was before. Every
// agent passes agentstest.Run. Start with [ByName].
package agents

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/routes"
)

// Agent is one coding agent. Its methods take all they need as options: they
// read neither this process's environment nor its working folder.
type Agent interface {
	// ID is the name as typed, "claude".
	ID() string
	// Title is the name as printed, "Claude Code".
	Title() string
	// SettingsPath is the file in the profile's home that Point edits; "" for an
	// agent that takes everything from its environment and arguments.
	SettingsPath(home string) string
	// Provider is whose models the agent is made for, "anthropic".
	Provider() string
	// Formats are the wire formats that the agent can speak, see routes.Messages.
	Formats() []string
	// OwnLogin reports whether the agent can send a login of its own beside the
	// proxy's token, for the provider "self".
	OwnLogin() bool
	// Notes say what a profile changes in what the agent tells its maker, a
	// sentence each, so that nothing is switched on or off in silence.
	Notes() []string
	// Find is the path of the installed program. The error is a *NotInstalledError.
	Find(host Host) (string, error)
	// Detect finds the installed program and its version. The error is a
	// *NotInstalledError where there is none.
	Detect(ctx context.Context, host Host) (Installation, error)
	// FirstRun prepares a profile's home so that the agent asks nothing that the
	// profile has answered. It leaves a home that has been used as it is.
	FirstRun(ctx context.Context, o FirstRunOptions) error
	// Point makes the settings in the profile's home use the proxy. What they
	// were before is recorded once, however often it is called; nothing else in
	// them changes.
	Point(ctx context.Context, o PointOptions) error
	// Plan lists what Point would change in the settings, and changes nothing.
	Plan(ctx context.Context, o PointOptions) ([]Edit, error)
	// Pointed lists what keeps the settings from using that proxy with that
	// token, a sentence each; none when they do.
	Pointed(ctx context.Context, o PointOptions) ([]string, error)
	// Restore undoes Point: byte for byte if nobody else has changed the
	// settings since, else key by key. Without a record it does nothing.
	Restore(ctx context.Context, o RestoreOptions) error
	// Imports is what a profile can take over of the agent's home outside of it.
	Imports() Imports
	// Command is how the agent is started. It writes nothing.
	Command(ctx context.Context, o RunOptions) (Command, error)
	// Typical are the agent's usual requests: those of its turns and its
	// subagents, in the sizes and modes that they have. A condition that holds
	// for all of them tells nothing apart.
	Typical() []routes.Request
}

// Host is the machine and shell that an agent is looked for and started in.
type Host struct {
	Home    string   // the user's real home folder
	Environ []string // the shell's environment, as os.Environ has it
	Dir     string   // the working folder
}

func (h Host) getenv(name string) string {
	for _, kv := range h.Environ { // where one stands twice the first counts, as for getenv(3)
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// Installation is a program that was found.
type Installation struct {
	Path    string // absolute
	Version string // "2.1.330", or "" when it did not tell
	Problem string // why Version is empty
	Variant string // which of the programs of that name it is; "" where there is one only
}

// Serving is what a profile's provider serves, for agents that have to name it.
type Serving struct {
	Model           string   // the provider's best known; "" for none
	Small           string   // the same for small requests, titles for one
	Context, Output int      // of Model, in tokens; 0: not known
	Formats         []string // wire formats that Model is served in, the preferred first
}

// FirstRunOptions say which home is to be prepared.
type FirstRunOptions struct {
	Host Host
	Home string // the profile's home
	// OwnLogin says that the agent is to use a login of its own, so that it may ask for one.
	OwnLogin bool
}

// PointOptions say where a profile's agent is to send its requests.
type PointOptions struct {
	Home       string         // the profile's home
	RestoreDir string         // the profile's folder for records of what was before
	BaseURL    string         // "http://127.0.0.1:8081", without a path
	Token      secrets.Secret // the profile's local token
	OwnLogin   bool           // the agent keeps a login of its own; the token travels in a header of ringlet's
	Model      string         // the profile's own model, or ""
	Serving    Serving
	Log        *slog.Logger // gets every file written or removed, at debug level; nil for none
}

// RestoreOptions say what is to be put back.
type RestoreOptions struct {
	Home       string // the profile's home
	RestoreDir string // as it was given to Point
	Log        *slog.Logger
}

// RunOptions say how an agent is to be started.
type RunOptions struct {
	Host  Host
	Home  string   // the profile's home
	Args  []string // for the agent
	Model string   // the profile's own model, or ""
	// Serving is what the profile's provider serves.
	Serving Serving
	// IsolateHome makes the profile's home HOME.
	IsolateHome bool
	// Proxy is how the profile's proxy is reached; nil for a profile without one.
	Proxy *Proxy
	// Direct is how the provider is reached, for a profile without a proxy; nil
	// for one with.
	Direct *Direct
	// Keys are names of further variables that hold provider keys: the agent does
	// not get them.
	Keys []string
}

// Proxy is a profile's proxy, as its agent sees it.
type Proxy struct {
	BaseURL  string // "http://127.0.0.1:8081", without a path
	Token    secrets.Secret
	OwnLogin bool // as in [PointOptions]
}

// Direct is a provider that an agent talks to itself.
type Direct struct {
	Format     string // the wire format, one of the agent's
	BaseURL    string // of that format
	AuthHeader string // "x-api-key", "api-key", "bearer", "none" or [OwnLoginAuth]
	Key        secrets.Secret
	Headers    map[string]string // the provider's own, to be sent with every request
}

// Command is a program to run: its path, its arguments with the program's name
// first, and its whole environment.
type Command struct {
	Path     string
	Argv     []string
	Env      []string
	Unset    []string // variables of the shell that the agent does not get, sorted
	Warnings []string // what may keep the agent from using its proxy, a sentence each
	Files    []File   // to be written before it starts, mode 0600; they hold no secret
}

// File is a file of ringlet's own that an agent reads.
type File struct {
	Path    string
	Content []byte
}

// All lists the agents that this version supports.
func All() []Agent { return []Agent{Claude{}, Codex{}, OpenCode{}, Droid{}, Grok{}} }

// ByName finds an agent by its ID. The error is an *UnknownError.
func ByName(id string) (Agent, error) {
	for _, a := range All() {
		if a.ID() == id {
			return a, nil
		}
	}
	return nil, &UnknownError{Name: id}
}

// UnknownError is an agent that ringlet does not know.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no agent %q", e.Name) }

// Hint names the agents that there are.
func (e *UnknownError) Hint() string {
	var ids []string
	for _, a := range All() {
		ids = append(ids, a.ID())
	}
	return "use " + strings.Join(ids[:len(ids)-1], ", ") + " or " + ids[len(ids)-1]
}

// ExitCode marks it as wrong usage.
func (e *UnknownError) ExitCode() int { return 2 }

// NotInstalledError is an agent whose program was not found.
type NotInstalledError struct {
	Title   string
	Program string
	Looked  []string // where, besides PATH
	Install string   // the command that installs it
}

func (e *NotInstalledError) Error() string {
	return fmt.Sprintf("%s is not installed: no program %q in PATH, nor %s", e.Title, e.Program, strings.Join(e.Looked, ", "))
}

// Hint names the command that installs it.
func (e *NotInstalledError) Hint() string { return "install it: " + e.Install }
