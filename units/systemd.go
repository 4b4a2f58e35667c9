package units

import (
	"slices"
	"strconv"
)

// File is one unit file: its name in the unit folder, and its content.
type File struct {
	Name    string
	Content []byte
}

// Set is every file that one profile's proxy needs under systemd. Target is the
// same for every profile; Socket and Mend have no name for an ultrallm engine,
// which takes no socket over and has no sandbox that could keep it from starting.
type Set struct{ Socket, Service, Mend, Target File }

// Files are the set's files in the order in which they should be written: a set
// of which only the first ones exist cannot start an engine without its port.
func (s Set) Files() []File {
	if s.Socket.Name == "" {
		return []File{s.Target, s.Service}
	}
	return []File{s.Target, s.Socket, s.Mend, s.Service}
}

// Systemd renders the spec as user units, for systemd 252 and later.
func Systemd(spec Spec) (Set, error) {
	if err := spec.Check(); err != nil {
		return Set{}, err
	}
	if spec.Ultrallm != "" {
		return ultrallm(spec)
	}
	exe, err := quoteExe(spec.Exe)
	if err != nil {
		return Set{}, err
	}
	files := ` "--config" ` + quoteArg(spec.ConfigPath) + ` "--credentials" ` + quoteArg(spec.CredentialsDir)
	flags := ""
	if spec.Idle > 0 {
		flags = ` "--idle" ` + quoteArg(spec.Idle.String())
	}
	if spec.Limits.Memory > 0 { // a control group that does not count memory does not say it
		flags += ` "--memory-max" ` + quoteArg(bytesText(spec.Limits.Memory))
	}
	socket, service, mend := SocketName(spec.Alias), ServiceName(spec.Alias), MendName(spec.Alias)

	socketText := []section{
		{"Unit", []directive{
			{"Description", `ringlet proxy port for profile "` + spec.Alias + `"`},
			// Stopping the engine or all proxies by hand closes the port too; an idle exit
			// does not. StopPropagatedFrom= the target would not be enough: systemd 257
			// passes no stop on to the port of an engine that sleeps that way.
			{"PartOf", service + " " + Target},
			// With a limit here, restarts by hand would close the port.
			{"StartLimitIntervalSec", "0"},
			{configKey, quoteArg(spec.ConfigPath)},
		}},
		{"Socket", []directive{
			{"ListenStream", "127.0.0.1:" + strconv.Itoa(spec.Port)},
			{"FileDescriptorName", "http"},
			{"TriggerLimitIntervalSec", "10s"},
			{"TriggerLimitBurst", "200"},
		}},
		{"Install", []directive{{"WantedBy", Target}}},
	}
	serviceText := []section{
		{"Unit", []directive{
			{"Description", `ringlet proxy for profile "` + spec.Alias + `"`},
			{"Requires", socket},
			// A start waits while the unit is being mended: so does who is in the
			// port's queue, whose connection systemd starts the service for.
			{"After", socket + " " + mend},
			{"PartOf", Target},
			{"OnFailure", mend},
			{"StartLimitIntervalSec", "60s"},
			{"StartLimitBurst", startBurst(spec.Idle)},
			{configKey, quoteArg(spec.ConfigPath)},
		}},
		{"Service", slices.Concat([]directive{
			{"Type", "notify"},
			{"ExecStart", exe + ` "proxy" "serve"` + files + flags},
			// Answers only once the new configuration is in force, or fails with the reason.
			// The profile and the port are named because a broken configuration cannot be asked for them.
			{"ExecReload", exe + ` "proxy" "reload-wait"` + files + ` "--profile" ` + quoteArg(spec.Alias) + ` "--port" "` + strconv.Itoa(spec.Port) + `" "--pid" $MAINPID`},
			{"Restart", "on-failure"},
			// The same start would fail again.
			{"RestartPreventExitStatus", sandboxExits()},
			restartMode(spec.Systemd),
			{"RestartSec", "1s"},
			{"TimeoutStartSec", "20s"},
			{"TimeoutStopSec", "5s"},
			{"KillMode", "mixed"},
			{"WatchdogSec", "30s"},
			{"UMask", "0077"},
		}, spec.Limits.orDefault(DefaultMemory).directives(), []directive{{"Slice", "ringlet.slice"}}, environment(spec.Environment), hardening(), namespaces(spec))},
		{"Install", []directive{{"WantedBy", Target}, {"Also", socket}}},
	}
	return Set{
		Socket:  File{socket, render(socket, socketText)},
		Service: File{service, render(service, serviceText)},
		Mend:    File{mend, render(mend, mending(spec, exe))},
		Target:  target(),
	}, nil
}

// target is the unit that all proxies hang on.
func target() File {
	return File{Target, render(Target, []section{
		{"Unit", []directive{{"Description", "ringlet proxies"}}},
		{"Install", []directive{{"WantedBy", "default.target"}}},
	})}
}

// restartMode keeps the port open while a crashed engine is started again, and
// the crash counted. Otherwise systemd passes the restart on to the socket, which
// is PartOf the service: who waits in its queue is cut off, and from 256 on the
// closed socket takes the counter with it. Before 254 there is nothing better.
func restartMode(systemd int) directive {
	if systemd < 254 {
		return directive{}
	}
	return directive{"RestartMode", "direct"}
}
