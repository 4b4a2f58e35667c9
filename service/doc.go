// Package service hands a profile's proxy to the operating system's own init
// system, and asks it questions. There is no daemon of ringlet's own behind it:
// a [Supervisor] is a connection to systemd's user manager, made by [Connect]
// and closed after a command or two.
//
// The vocabulary:
//
//   - a [units.Spec] is what a proxy needs to run; [Supervisor.Install] makes
//     unit files of it, Uninstall takes them away;
//   - Start, Stop, Restart and Reload are one proxy's life, and return when the
//     init system says that it is done; a failure is a [*JobError], which says
//     why in the engine's own words;
//   - a [State] is what [Supervisor.Status] found;
//   - [*Unavailable] says why there is no init system to ask, and what to do;
//   - [*ForeignUnit] says that a unit file is not ours to touch.
//
// Everything goes over D-Bus: it works with an empty PATH, and every call is
// logged at debug level. Only the journal is read through journalctl, as its
// library would need C.
//
// The implementations pass one conformance suite, in servicetest; for systemd it
// runs in packaging/testbed.
package service
