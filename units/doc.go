// Package units turns one profile's proxy into the text of its unit files.
//
// It is pure: a [Spec] goes in, bytes come out ([Systemd]); nothing is written
// and no init system is asked. What is written carries a mark and a hash, so
// that [Inspect] can later say of a file whether ringlet wrote it, for which
// configuration, and whether somebody edited it since.
//
// One profile is a pair of units, and all profiles share a target:
//
//	ringlet-proxy@work.socket    holds the port; started first, stopped first
//	ringlet-proxy@work.service   the engine; may come and go behind the socket
//	ringlet.target               all proxies at once
//
// Each profile has full files of its own rather than an instance of a template:
// they can be read and compared as they are, and a port per instance cannot be
// expressed in a template. Drop-ins for "ringlet-proxy@.service" still apply to
// all of them.
//
// For launchd, one profile is one agent, dev.ringlet.proxy.work ([Launchd],
// [InspectLaunchd]); its engine opens its port by itself.
//
// Start with [Spec], [Systemd] and [Inspect].
package units
