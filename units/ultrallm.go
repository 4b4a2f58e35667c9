package units

import (
	"slices"
	"strconv"
	"strings"
)

// ultrallm renders the unit of an ultrallm binary. It takes no socket over, does
// not tell when it is ready, and cannot reload: so no socket unit, Type=exec, no
// watchdog; the port is named for who asks later. Its keys come by a file.
func ultrallm(spec Spec) (Set, error) {
	exe, err := quoteExe(spec.Ultrallm)
	if err != nil {
		return Set{}, err
	}
	service := ServiceName(spec.Alias)
	text := []section{
		{"Unit", []directive{
			{"Description", `ultrallm proxy for profile "` + spec.Alias + `"`},
			{"PartOf", Target},
			{"StartLimitIntervalSec", "60s"},
			{"StartLimitBurst", "10"},
			{configKey, quoteArg(spec.ConfigPath)},
			{listenKey, "127.0.0.1:" + strconv.Itoa(spec.Port)},
		}},
		{"Service", slices.Concat([]directive{
			{"Type", "exec"},
			{"EnvironmentFile", quoteGlob(spec.EnvFile)},
			{"ExecStart", exe + ` "serve" "--config" ` + quoteArg(spec.ConfigPath)},
			{"Restart", "on-failure"},
			{"RestartSec", "1s"},
			{"TimeoutStartSec", "20s"},
			// SIGTERM, and SIGKILL to what is left after 5 s.
			{"TimeoutStopSec", "5s"},
			{"KillMode", "mixed"},
			{"UMask", "0077"},
		}, spec.Limits.orDefault(DefaultMemoryUltrallm).directives(), []directive{{"Slice", "ringlet.slice"}}, environment(spec.Environment), foreignHardening())},
		{"Install", []directive{{"WantedBy", Target}}},
	}
	return Set{Service: File{service, render(service, text)}, Target: target()}, nil
}

// foreignHardening is what any program can bear. What it needs inside is not
// known here: it may compile code while it runs, or ask the kernel for its
// network interfaces as glibc does, so nothing is said of system calls and memory.
func foreignHardening() []directive {
	return []directive{
		{"NoNewPrivileges", "yes"},
		{"LockPersonality", "yes"},
		{"RestrictRealtime", "yes"},
		{"RestrictSUIDSGID", "yes"},
		{"RestrictNamespaces", "yes"},
		{"RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"},
	}
}

// quoteGlob makes s the path of EnvironmentFile=, which is not unquoted, but has
// specifiers, and is then a pattern for glob(3) (systemd.exec(5)).
func quoteGlob(s string) string {
	return strings.NewReplacer(`%`, `%%`, `\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
