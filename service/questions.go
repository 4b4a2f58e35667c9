package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/busquery"
)

const unitsPath = managerPath + "/unit/"

// unitPath is a unit's object; the manager loads what it does not have loaded. All
// but letters and digits is escaped, and a digit in front (sd_bus_path_encode(3)).
func unitPath(name string) string {
	const hex = "0123456789abcdef"
	path := make([]byte, 0, len(unitsPath)+2*len(name))
	path = append(path, unitsPath...)
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 0 && c >= '0' && c <= '9':
			path = append(path, c)
		default:
			path = append(path, '_', hex[c>>4], hex[c&15])
		}
	}
	return string(path)
}

// unitOf is the unit that an object's path names.
func unitOf(path string) string {
	escaped, name := strings.TrimPrefix(path, unitsPath), []byte{}
	for i := 0; i < len(escaped); i++ {
		if escaped[i] == '_' && i+2 < len(escaped) {
			if c, err := strconv.ParseUint(escaped[i+1:i+3], 16, 8); err == nil {
				name = append(name, byte(c))
				i += 2
				continue
			}
		}
		name = append(name, escaped[i])
	}
	return string(name)
}

// unitState is how a unit is, in systemd's words (org.freedesktop.systemd1(5)).
type unitState struct {
	load   string // "loaded", "not-found", "masked", "bad-setting"…
	active string // "active", "reloading", "inactive", "failed", "activating", "deactivating"…
}

// list says how units are; unknown ones come back with load "not-found".
func (b *bus) list(ctx context.Context, names ...string) (map[string]unitState, error) {
	found := make(map[string]unitState, len(names))
	call := busquery.Call{Path: managerPath, Interface: managerName + ".Manager", Member: "ListUnitsByNames", Args: []any{names}}
	err := b.ask(ctx, []busquery.Call{call}, func(_ int, r *busquery.Reply) error { return readUnits(r, found) })
	return found, err
}

// readUnits reads an answer of ListUnits…: name, description, load state, active
// state, sub-state, the unit that it follows, path; job, its type and path.
func readUnits(r *busquery.Reply, into map[string]unitState) error {
	if err := r.Err(); err != nil {
		return err
	}
	if r.Signature() != "a(ssssssouso)" {
		return fmt.Errorf("units are listed as %q", r.Signature())
	}
	body := r.Body()
	for end := body.Array(8); body.Before(end); {
		body.Struct()
		name := body.Text()
		body.Pass(1)
		st := unitState{load: body.Text(), active: body.Text()}
		body.Pass(3)
		body.Uint32()
		body.Pass(2)
		into[name] = st
	}
	return body.Err()
}

// manager reads a property of the manager into a pointer of its type.
func (b *bus) manager(ctx context.Context, name string, into any) error {
	call := busquery.Get(managerPath, managerName+".Manager", name)
	return b.ask(ctx, []busquery.Call{call}, func(_ int, r *busquery.Reply) error {
		v, err := r.Value()
		if err != nil {
			return err
		}
		switch into := into.(type) {
		case *string:
			*into, _ = v.(string)
		case *[]string:
			*into, _ = v.([]string)
		case *time.Time:
			*into = value{v}.time()
		default:
			return fmt.Errorf("the manager's property %s is read as %T", name, into)
		}
		return nil
	})
}

// getter collects questions for units' properties, which [getter.ask] asks all at once.
type getter struct {
	bus    *bus
	names  []string
	path   string // of the last name
	failed string // the unit whose question [getter.ask]'s error is about
	calls  []busquery.Call
	takes  []func(value)
}

func (b *bus) getter() *getter { return &getter{bus: b} }

func (g *getter) unit(name, property string, take func(value)) { g.get(name, "Unit", property, take) }
func (g *getter) service(name, property string, take func(value)) {
	g.get(name, "Service", property, take)
}
func (g *getter) socket(name, property string, take func(value)) {
	g.get(name, "Socket", property, take)
}

func (g *getter) get(name, kind, property string, take func(value)) {
	// A unit is asked several things in a row.
	if n := len(g.names); n == 0 || g.names[n-1] != name {
		g.path = unitPath(name)
	}
	g.calls = append(g.calls, busquery.Get(g.path, managerName+"."+kind, property))
	g.takes, g.names = append(g.takes, take), append(g.names, name)
}

// ask asks what was collected, and forgets it. The error is the first that systemd
// answered with; its question's take is not called.
func (g *getter) ask(ctx context.Context) error {
	calls, takes, names := g.calls, g.takes, g.names
	g.calls, g.takes, g.names = nil, nil, nil
	if len(calls) == 0 {
		return nil
	}
	var first error
	err := g.bus.ask(ctx, calls, func(i int, r *busquery.Reply) error {
		v, err := r.Value()
		switch {
		case err == nil:
			takes[i](value{v})
		case first == nil:
			first, g.failed = err, names[i]
		}
		return nil
	})
	if err != nil {
		return err
	}
	return first
}
