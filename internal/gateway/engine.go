package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"log/slog"
)

// errStopping is the cause with which requests are cut at the end of the drain.
var errStopping = errors.New("the proxy is stopping")

// engine is one running proxy.
type engine struct {
	opts    Options
	profile string
	port    int
	addr    string // host:port that it listens on

	current   atomic.Pointer[snapshot]
	reloadErr atomic.Pointer[string] // why the newest file was refused; nil: it was not
	reloads   atomic.Int64           // attempts, whatever came of them

	transport       http.RoundTripper
	bodies          *budget
	seen            *targets
	talks           *conversations
	signers         *signers
	rec             *recorder
	log             *slog.Logger
	conns           *connTracker
	selfCheckSecret secret

	draining atomic.Bool
	open     atomic.Int64 // requests being answered
	served   atomic.Int64

	collector *collector  // nil: Go's own setting
	recent    atomic.Bool // a request has ended since tidy looked last
	tidying   atomic.Bool // tidy will be called
	tidier    tidier

	keepState  bool // the state file is a newer ringlet's
	saveFailed bool // it was said; used by the one who saves

	faults faults // does nothing but in test builds
}

func newEngine(o Options, s *snapshot) *engine {
	e := &engine{opts: o, profile: s.config.Ringlet.Profile, port: s.config.Server.Port, transport: o.transport,
		bodies: newBudget(o.BodyBudget), seen: newTargets(), talks: newConversations(), signers: newSigners(), rec: newRecorder(o), log: o.Logger, conns: newConnTracker(),
		selfCheckSecret: newSecret(rand.Text() + rand.Text())}
	e.bodies.buffers.poison = o.testing
	if o.Collect {
		e.collector = newCollector()
	}
	e.current.Store(s)
	e.rec.bound(s.config.Ringlet.Log)
	e.recall()
	return e
}

// server is the HTTP server; requests are cut when ctx ends.
func (e *engine) server(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           e,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * is checked like everything else.
		DisableGeneralOptionsHandler: true,
		ConnState:                    e.conns.state,
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		ConnContext:                  func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		// What it would print quotes clients; what matters is in the records.
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
}
