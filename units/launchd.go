package units

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"

	"howett.net/plist"

	"github.com/ringlet/ringlet/internal/fault"
)

// labelPrefix begins the label of every launchd job of ringlet's.
const labelPrefix = "dev.ringlet.proxy."

// LaunchdLabel is the launchd job of the profile's engine.
func LaunchdLabel(alias string) string { return labelPrefix + alias }

// LaunchdName is the name of the job's file in ~/Library/LaunchAgents.
func LaunchdName(alias string) string { return labelPrefix + alias + ".plist" }

// LaunchdAliasOf is the profile that a file in LaunchAgents is named for.
func LaunchdAliasOf(name string) (alias string, ok bool) {
	rest, found := strings.CutPrefix(name, labelPrefix)
	if !found {
		return "", false
	}
	alias, ok = strings.CutSuffix(rest, ".plist")
	return alias, ok && validAlias(alias)
}

// LaunchdLog is where launchd puts what the engine prints outside its own log,
// such as a panic: logs/launchd.log beside the configuration. launchd does not
// make the folder, and never rotates the file.
func LaunchdLog(configPath string) string {
	return filepath.Join(filepath.Dir(configPath), "logs", "launchd.log")
}

// Agent is a job of launchd's, with every key that ringlet uses; launchd.plist(5),
// https://keith.github.io/xcode-man-pages/launchd.plist.5.html.
type Agent struct {
	Label             string            `plist:"Label"`
	ProgramArguments  []string          `plist:"ProgramArguments"`
	Environment       map[string]string `plist:"EnvironmentVariables"`
	RunAtLoad         bool              `plist:"RunAtLoad"`
	KeepAlive         KeepAlive         `plist:"KeepAlive"`
	ThrottleInterval  int               `plist:"ThrottleInterval"` // seconds between two starts
	ExitTimeOut       int               `plist:"ExitTimeOut"`      // seconds from SIGTERM to SIGKILL
	ProcessType       string            `plist:"ProcessType"`      // anything but Interactive is throttled
	SessionTypes      []string          `plist:"LimitLoadToSessionType"`
	Umask             int               `plist:"Umask"`
	StandardOutPath   string            `plist:"StandardOutPath"`
	StandardErrorPath string            `plist:"StandardErrorPath"`
}

// KeepAlive says when launchd starts a job again that ended.
type KeepAlive struct {
	// SuccessfulExit false is: after a failure or a signal only.
	SuccessfulExit bool `plist:"SuccessfulExit"`
}

// The variables by which ringlet knows its own files again. Comments would not
// do: whatever edits a plist drops them.
const (
	// LaunchdListen holds the address that the engine listens on; an engine that
	// has it runs under launchd.
	LaunchdListen = "RINGLET_UNIT_LISTEN"
	launchdHash   = "RINGLET_UNIT_HASH"
	unsigned      = "sha256:" // stands there while the hash is taken
)

// launchdPath is the PATH of the engine, which starts other programs only to
// get a cloud's credentials. launchd's own has neither of Homebrew's folders.
const launchdPath = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

// Launchd renders the spec as a launchd agent. The engine opens its port by
// itself: taking over one of launchd's sockets needs launch_activate_socket(3),
// and that C.
func Launchd(spec Spec) (File, error) {
	if err := spec.Check(); err != nil {
		return File{}, err
	}
	if spec.Ultrallm != "" {
		return File{}, fault.New(fault.Failed, "use the built-in engine: ringlet proxy enable "+spec.Alias+" --engine builtin",
			"launchd cannot run ultrallm for %q: it has no file for its keys", spec.Alias)
	}
	if spec.Idle > 0 || spec.Limits != (Limits{}) {
		return File{}, fault.New(fault.Failed, "give them up: ringlet proxy enable "+spec.Alias+" --idle off --memory-max default --tasks-max default --cpu-quota default",
			"launchd cannot do what the profile %q asks for: an idle exit, or limits of memory, processes and processor time", spec.Alias)
	}
	log := LaunchdLog(spec.ConfigPath)
	agent := Agent{
		Label:            LaunchdLabel(spec.Alias),
		ProgramArguments: []string{spec.Exe, "proxy", "serve", "--config", spec.ConfigPath, "--credentials", spec.CredentialsDir},
		Environment:      map[string]string{"PATH": launchdPath, LaunchdListen: "127.0.0.1:" + strconv.Itoa(spec.Port), launchdHash: unsigned},
		RunAtLoad:        true,
		ThrottleInterval: 5,
		ExitTimeOut:      5,
		ProcessType:      "Interactive",
		// Background is the session of a login over ssh alone.
		SessionTypes:    []string{"Aqua", "Background"},
		Umask:           0o077,
		StandardOutPath: log, StandardErrorPath: log,
	}
	for _, v := range spec.Environment {
		agent.Environment[v.Name] = v.Value
	}
	bare, err := encodeAgent(agent)
	if err != nil {
		return File{}, err
	}
	agent.Environment[launchdHash] = hash(string(bare))
	content, err := encodeAgent(agent)
	if err != nil {
		return File{}, err
	}
	// XML has no way to write some characters, and an encoder may replace them.
	back, err := DecodeLaunchd(content)
	if err != nil || back.ProgramArguments[0] != spec.Exe || back.ProgramArguments[4] != spec.ConfigPath || back.ProgramArguments[6] != spec.CredentialsDir {
		return File{}, fault.New(fault.Failed, "move them to paths of printable characters", "the paths of %q cannot be written into a plist", spec.Alias)
	}
	return File{LaunchdName(spec.Alias), content}, nil
}

// encodeAgent writes the XML. Braces are written as references, which are the
// same to whoever reads XML: the file goes through a template on its way.
func encodeAgent(a Agent) ([]byte, error) {
	text, err := plist.MarshalIndent(a, plist.XMLFormat, "\t")
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte("{"), []byte("&#123;"))
	return append(bytes.TrimRight(text, "\n"), '\n'), nil
}
