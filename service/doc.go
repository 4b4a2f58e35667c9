// Package service hands a profile's proxy to the operating system's own init
// system, and asks it questions. There is no daemon of ringlet's own behind it:
// a [Supervisor] is a connection to systemd's user manager, or to launchd on
// macOS, made by [Connect] and closed after a command or two.
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
// With systemd everything goes over D-Bus: it works with an empty PATH, and every call is
// logged at debug level. Only the journal is read through journalctl, as its
// library would need C.
//
// launchd has no interface but its command, launchctl, whose words are read as
// little as can be ([Launchctl]); logs are files there, and the engine opens its
// port by itself.
//
// The implementations pass one conformance suite, in servicetest; for systemd it
// runs in packaging/testbed, for launchd over launchctltest, a stand-in.
package service
