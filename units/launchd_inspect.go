package units

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"howett.net/plist"
)

// DecodeLaunchd reads a launchd agent and refuses keys that ringlet does not
// write: launchd ignores what it does not know, so that a mistyped key would
// be a setting that is not there.
func DecodeLaunchd(content []byte) (Agent, error) {
	a, unknown, err := decodeAgent(content)
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("unknown keys: %s", strings.Join(unknown, ", "))
	}
	return a, err
}

func decodeAgent(content []byte) (a Agent, unknown []string, err error) {
	// launchd reads binary ones too; ringlet writes none, and need not parse any.
	if !bytes.HasPrefix(content, []byte("<?xml")) {
		return a, nil, errors.New("no XML property list")
	}
	var keys map[string]any
	if _, err := plist.Unmarshal(content, &keys); err != nil {
		return a, nil, fmt.Errorf("no property list of a job: %w", err)
	}
	t := reflect.TypeFor[Agent]()
	for key := range keys {
		if !slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Tag.Get("plist") == key }) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	if _, err := plist.Unmarshal(content, &a); err != nil {
		return a, unknown, fmt.Errorf("no property list of a job: %w", err)
	}
	return a, unknown, nil
}

// InspectLaunchd reads back where a launchd agent came from. One without
// ringlet's variables is [ErrForeign].
func InspectLaunchd(content []byte) (Origin, error) {
	a, unknown, err := decodeAgent(content)
	recorded, marked := a.Environment[launchdHash]
	if err != nil || !marked || !strings.HasPrefix(a.Label, labelPrefix) {
		return Origin{}, ErrForeign
	}
	o := Origin{ConfigPath: a.argument("--config"), Listen: a.Environment[LaunchdListen]}
	if len(a.ProgramArguments) > 0 {
		o.Program = a.ProgramArguments[0]
	}
	bare := strings.Replace(string(content), "<string>"+recorded+"</string>", "<string>"+unsigned+"</string>", 1)
	o.Edited = len(unknown) > 0 || recorded != hash(bare)
	return o, nil
}

// argument is the value of a flag in the job's command line.
func (a Agent) argument(flag string) string {
	if i := slices.Index(a.ProgramArguments, flag); i >= 0 && i+1 < len(a.ProgramArguments) {
		return a.ProgramArguments[i+1]
	}
	return ""
}

// ReloadCommand is the command that has the job's engine, process pid, take up
// its configuration, and that fails with the engine's own sentence: launchd has
// nothing like systemd's ExecReload. It is nil for a job that is not ringlet's.
func (a Agent) ReloadCommand(pid int) []string {
	alias, ok := strings.CutPrefix(a.Label, labelPrefix)
	_, port, found := strings.Cut(a.Environment[LaunchdListen], ":")
	if !ok || !found || len(a.ProgramArguments) == 0 {
		return nil
	}
	return []string{a.ProgramArguments[0], "proxy", "reload-wait", "--config", a.argument("--config"), "--credentials", a.argument("--credentials"),
		"--profile", alias, "--port", port, "--pid", fmt.Sprint(pid)}
}
