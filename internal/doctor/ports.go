package doctor

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/service"
)

// Mover gives a proxy another port.
type Mover interface {
	// Move enables the proxy on another port, and returns its base URL.
	Move(ctx context.Context, alias string) (string, error)
}

// Ports is about others that hold a proxy's port.
type Ports struct {
	Profiles []Profile
	States   map[string]service.State
	Holder   func(port int) string // who listens on a port; "" for nobody
	// Ours says whether the listener proves to be the profile's engine.
	Ours func(ctx context.Context, alias string) bool
	By   Mover // nil where no init system is
}

// Name implements [Check].
func (Ports) Name() string { return "port" }

// Run implements [Check].
func (c Ports) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range c.Profiles {
		if !p.Enabled || p.Port == 0 {
			continue
		}
		st, supervised := c.States[p.Alias]
		switch st.Status {
		case service.Running, service.Listening, service.Starting:
			out = append(out, ok(p.Alias, "the proxy has its port"))
			continue
		}
		holder := c.Holder(p.Port)
		if holder == "" {
			out = append(out, ok(p.Alias, "the port is free"))
			continue
		}
		if c.Ours(ctx, p.Alias) {
			if !supervised {
				out = append(out, ok(p.Alias, "the proxy has its port"))
				continue
			}
			out = append(out, warning(p.Alias, "end it, then: ringlet proxy enable "+p.Alias,
				"port %d is held by an engine of the profile that the init system did not start: %s", p.Port, holder))
			continue
		}
		f := failure(p.Alias, freeing(holder)+"choose another port: ringlet proxy enable "+p.Alias+" --port N", "port %d is taken by %s", p.Port, holder)
		if !p.Pinned && c.By != nil {
			f = f.by(func(ctx context.Context) (string, error) {
				base, err := c.By.Move(ctx, p.Alias)
				return "moved the proxy to " + base, err
			})
		}
		out = append(out, f)
	}
	return out
}

// freeing is what can be done about a port's holder, to stand before another way.
func freeing(holder string) string {
	switch {
	case strings.HasPrefix(holder, "a process of "):
		return "" // another user's
	case strings.HasPrefix(holder, "systemd "):
		return "find the unit, and stop it: systemctl --user list-sockets --all; or "
	}
	return "end it, or "
}

// Base is a base URL of a provider.
type Base struct{ Provider, URL string }

// Loop is about a proxy that would ask itself, or another of ringlet's.
type Loop struct {
	Bases []Base
	Ports map[int]string // ringlet's own, by port the profile
}

// Name implements [Check].
func (Loop) Name() string { return "loop" }

// Run implements [Check].
func (l Loop) Run(context.Context) []Finding {
	var out []Finding
	seen := map[Base]bool{}
	for _, b := range l.Bases {
		alias, port := l.leadsTo(b.URL)
		if alias == "" || seen[b] {
			continue
		}
		seen[b] = true
		out = append(out, failure(alias, "correct its address: ringlet providers inspect "+b.Provider,
			"the provider %s leads to %s, which is the proxy of %q itself (port %d)", b.Provider, b.URL, alias, port))
	}
	if out == nil {
		return []Finding{ok("", "no provider leads back to a proxy of ringlet's")}
	}
	return out
}

func (l Loop) leadsTo(base string) (alias string, port int) {
	u, err := url.Parse(base)
	if err != nil {
		return "", 0
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback() && !ip.IsUnspecified()) {
		return "", 0
	}
	port, err = strconv.Atoi(u.Port())
	if err != nil {
		return "", 0
	}
	return l.Ports[port], port
}
