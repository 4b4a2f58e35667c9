package units

import (
	"path/filepath"
	"slices"
	"strings"
)

// hardening is what a user manager can do without user namespaces, which many
// machines forbid; asking for more would keep the unit from starting there.
func hardening() []directive {
	return []directive{
		{"NoNewPrivileges", "yes"},
		{"LockPersonality", "yes"},
		{"RestrictRealtime", "yes"},
		{"RestrictSUIDSGID", "yes"},
		{"RestrictNamespaces", "yes"},
		{"MemoryDenyWriteExecute", "yes"},
		{"SystemCallArchitectures", "native"},
		{"SystemCallFilter", "@system-service"},
		{"SystemCallFilter", "~@privileged @resources"},
		{"SystemCallErrorNumber", "EPERM"},
		{"RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"},
	}
}

// Sandbox is a directive that needs a user namespace, and its value as D-Bus has
// it: a bool, a string, a []string, or a uint64.
type Sandbox struct {
	Key   string
	Value any
}

// Namespaced is the sandbox for which systemd puts a service into a user
// namespace of its own (systemd.exec(5), PrivateUsers=), without the paths that a
// profile adds: for a trial of whether this machine allows it. Where it does not,
// a unit that asks for it does not start at all.
func Namespaced() []Sandbox {
	return []Sandbox{
		{"PrivateUsers", true},
		{"CapabilityBoundingSet", uint64(0)},
		{"PrivateTmp", true},
		{"PrivateDevices", true},
		{"ProtectSystem", "strict"},
		{"ProtectHome", "read-only"},
		{"ProtectKernelTunables", true},
		{"ProtectKernelModules", true},
		{"ProtectKernelLogs", true},
		{"ProtectControlGroups", true},
		{"ProtectClock", true},
		{"ProtectHostname", true},
		{"ProtectProc", "invisible"},
		{"ProcSubset", "pid"},
		{"InaccessiblePaths", []string{"-%h/.ssh", "-%h/.gnupg"}},
	}
}

// namespaces are the directives of [Namespaced] for a spec, and the folders that
// its engine writes to: logs, usage and state beside its configuration. The keys,
// ~/.aws and gcloud's folder stay readable.
func namespaces(s Spec) []directive {
	if !s.Namespaces {
		return nil
	}
	var out []directive
	for _, d := range Namespaced() {
		if slices.Contains(s.Refused, d.Key) {
			continue
		}
		switch v := d.Value.(type) {
		case bool:
			if d.Key == "PrivateTmp" && inTmp(s.Exe, s.ConfigPath, s.CredentialsDir) {
				continue // it would hide them from the engine
			}
			out = append(out, directive{d.Key, "yes"})
		case uint64:
			out = append(out, directive{d.Key, ""})
		case string:
			out = append(out, directive{d.Key, v})
		case []string:
			out = append(out, directive{d.Key, strings.Join(v, " ")})
		}
	}
	paths := []string{"-" + filepath.Dir(s.ConfigPath)}
	for _, path := range s.Writable {
		paths = append(paths, "-"+path)
	}
	for i, path := range paths {
		paths[i] = quotePath(path)
	}
	return append(out, directive{"ReadWritePaths", strings.Join(paths, " ")})
}

func inTmp(paths ...string) bool {
	for _, path := range paths {
		if strings.HasPrefix(path, "/tmp/") || strings.HasPrefix(path, "/var/tmp/") {
			return true
		}
	}
	return false
}
