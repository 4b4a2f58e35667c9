package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// Environment is about what the shell has and the service has not.
type Environment struct {
	Profiles []Profile
	Names    []string // the variables that decide how an engine reaches the network
	Shell    func(name string) string
	// Service is a variable as the next start of a profile's engine has it.
	Service func(alias, name string) string
	// Keep is why a variable cannot be recorded, with the other way as its hint.
	Keep func(name, value string) error
	// Readable is why a file or folder of certificates cannot be read.
	Readable func(path string) error
}

// Name implements [Check].
func (Environment) Name() string { return "environment" }

// Run implements [Check].
func (e Environment) Run(context.Context) []Finding {
	var out []Finding
	for _, p := range e.Profiles {
		if !p.Enabled {
			continue
		}
		lost := e.lost(p.Alias)
		out = append(out, lost...)
		var lacks []string
		fix := "if it should have them: ringlet proxy environment " + p.Alias + " --record"
		for _, name := range e.Names {
			if v := e.Shell(name); v != "" && v != e.Service(p.Alias, name) && !e.sameUpper(p.Alias, name, v) {
				lacks = append(lacks, name)
				if err := e.Keep(name, v); err != nil {
					fix = fmt.Sprintf("if it should have them: %v; %s", err, strings.ReplaceAll(fault.Hint(err), "<alias>", p.Alias))
				}
			}
		}
		if len(lacks) == 0 && len(lost) > 0 {
			continue
		}
		if len(lacks) == 0 {
			out = append(out, ok(p.Alias, "the service reaches the network as this shell does"))
			continue
		}
		out = append(out, warning(p.Alias, fix, "this shell has %s otherwise than the service", strings.Join(lacks, ", ")))
	}
	return out
}

// lost are certificates that the service is told of and cannot read.
func (e Environment) lost(alias string) []Finding {
	var out []Finding
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		for _, path := range filepath.SplitList(e.Service(alias, name)) {
			if err := e.Readable(path); err != nil {
				out = append(out, warning(alias, "name another, then: ringlet proxy environment "+alias+" --record", "the service's %s cannot be read: %v", name, err))
			}
		}
	}
	return out
}

// sameUpper says whether a small variable's value reaches the service under its
// capital name, which counts first.
func (e Environment) sameUpper(alias, name, value string) bool {
	return name == strings.ToLower(name) && e.Service(alias, strings.ToUpper(name)) == value
}
