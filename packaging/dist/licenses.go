package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licence is how modules call the files that have to go along with their code.
var licence = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice)([.-].*)?$`)

// thirdParty are the licences of everything that is linked into the binary, on
// any platform, Go's own library included: theirs ask for it. A module without a
// licence is an error, as its code could not be passed on.
func thirdParty(ctx context.Context) ([]byte, error) {
	dirs := map[string]string{} // by "path version"
	for _, goos := range []string{"linux", "darwin"} {
		cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/ringlet")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos)
		list, err := output(cmd)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(list) {
			if module, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				dirs[module] = dir
			}
		}
	}
	root, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	dirs["The Go standard library"] = strings.TrimSpace(root)
	var names []string
	for name := range dirs {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	var out bytes.Buffer
	fmt.Fprintf(&out, "ringlet is linked with these modules. Their licences:\n")
	for _, name := range names {
		texts, err := licencesIn(dirs[name])
		if err != nil {
			return nil, fmt.Errorf("the licence of %s: %w", name, err)
		}
		fmt.Fprintf(&out, "\n%s\n%s\n", strings.Repeat("=", 80), name)
		for _, text := range texts {
			fmt.Fprintf(&out, "%s\n%s\n", strings.Repeat("-", 80), strings.TrimSpace(text))
		}
	}
	return out.Bytes(), nil
}

// licencesIn are the texts of the licence files in a module's folder, by name.
func licencesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, e := range entries {
		if e.IsDir() || !licence.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%w: no LICENSE, COPYING or NOTICE in %s", fs.ErrNotExist, dir)
	}
	return texts, nil
}
