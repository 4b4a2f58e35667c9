package doctor

import (
	"context"
	"strings"
)

// Environment is about what the shell has and the service has not.
type Environment struct {
	Profiles []Profile
	Names    []string // the variables that decide how an engine reaches the network
	Shell    func(name string) string
	// Service is a variable as the next start of a profile's engine has it.
	Service func(alias, name string) string
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
		var lacks []string
		for _, name := range e.Names {
			if v := e.Shell(name); v != "" && v != e.Service(p.Alias, name) && !e.sameUpper(p.Alias, name, v) {
				lacks = append(lacks, name)
			}
		}
		if len(lacks) == 0 {
			out = append(out, ok(p.Alias, "the service reaches the network as this shell does"))
			continue
		}
		out = append(out, warning(p.Alias, "if it should have them: ringlet proxy environment "+p.Alias+" --record",
			"this shell has %s otherwise than the service", strings.Join(lacks, ", ")))
	}
	return out
}

// sameUpper says whether a small variable's value reaches the service under its
// capital name, which counts first.
func (e Environment) sameUpper(alias, name, value string) bool {
	return name == strings.ToLower(name) && e.Service(alias, strings.ToUpper(name)) == value
}
