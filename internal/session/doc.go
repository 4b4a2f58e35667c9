// Package session runs a profile's engine where no init system does: for as
// long as somebody uses it, and not longer.
//
// A run takes a shared lock on the profile's lease file ([Ensure]), makes sure
// that the engine is there with the configuration that the run wants, hands
// the terminal to the agent ([RunChild]) and lets go of the lease. The engine
// waits for the moment when nobody holds the lease any more ([WaitReleased]),
// and leaves. Locks go with their process, so a runner that is killed lets go
// as well, and there is no file that could claim an engine that is not there.
//
// An engine that leaves keeps the lease locked for itself until its process has
// ended. A run that comes at that moment therefore waits, and starts a new
// engine instead of meeting one that is leaving.
//
// Where an init system supervises the engine, no lease is needed, and the
// agent replaces the ringlet process ([Exec]).
//
// # How the engine gets its port
//
// The runner binds 127.0.0.1:port and hands the listening socket to the engine
// as file descriptor 3: nobody can take the port in between, connections wait
// in its queue while the engine starts, and the socket is this user's. It is
// systemd's LISTEN_FDS convention (sd_listen_fds(3)) without its variables:
// LISTEN_PID must name the engine's process, which nobody knows before it
// exists, so the flag --listen-fd 3 says it instead, and [Listener] takes it.
package session
