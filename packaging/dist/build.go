package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compile builds the static binary for a platform. What depends on the checkout
// and not on the commit stays out of it: its path (-trimpath), the state of its
// work tree (-buildvcs=false), flags of the environment.
func (r release) compile(ctx context.Context, goos, goarch, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/ringlet/ringlet/internal/app.version="+r.version.String(), "-o", binary, "./cmd/ringlet")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0")
	if _, err := output(cmd); err != nil {
		return err
	}
	return os.Chmod(binary, 0o755)
}

// common writes what all platforms have, as an archive has it: man pages and
// completions in share, and the texts.
func (r release) common(ctx context.Context, dir string) error {
	if err := writeShare(filepath.Join(dir, "share"), r.version.String(), r.time); err != nil {
		return err
	}
	files := map[string][]byte{}
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		return err
	}
	for _, name := range append(docs, "README.md", "LICENSE", "CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files[name] = text
	}
	if files["THIRD-PARTY-LICENSES"], err = thirdParty(ctx); err != nil {
		return err
	}
	return writeFiles(dir, files)
}

// output runs a command, and returns what it printed; its words on standard
// error are the error's.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:min(3, len(cmd.Args))], " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
