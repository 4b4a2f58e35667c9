package agents

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// versionTimeout bounds "--version"; the slowest agent that was measured takes 3 s.
const versionTimeout = 10 * time.Second

// lookup finds an executable by name in the host's PATH, then at the given
// paths. Relative folders in PATH are skipped: they would run what lies in the
// folder that the user happens to be in.
func lookup(host Host, name string, then ...string) (string, bool) {
	var candidates []string
	for _, dir := range filepath.SplitList(host.getenv("PATH")) {
		if filepath.IsAbs(dir) {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	for _, path := range append(candidates, then...) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}

// Which is the absolute path of a program in the host's PATH, or "".
func (h Host) Which(name string) string {
	path, _ := lookup(h, name)
	return path
}

// detect is the installed program of an agent, and its version.
func detect(ctx context.Context, agent interface{ Find(Host) (string, error) }, host Host) (Installation, error) {
	path, err := agent.Find(host)
	if err != nil {
		return Installation{}, err
	}
	return askVersion(ctx, host, path), nil
}

// askVersion runs "path --version" and takes the first version number it prints.
func askVersion(ctx context.Context, host Host, path string) Installation {
	in := Installation{Path: path}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env, cmd.Dir = host.Environ, host.Home
	cmd.WaitDelay = time.Second // for a script whose own child keeps the output open
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		in.Problem = "it did not tell its version in time"
	case err != nil:
		in.Problem = "it did not tell its version: " + err.Error()
	default:
		if in.Version = regexp.MustCompile(`\d+\.\d+[0-9A-Za-z.+-]*`).FindString(out.String()); in.Version == "" {
			in.Problem = "it printed no version number"
		}
	}
	return in
}
