package doctor

// Row is a check as it is documented.
type Row struct {
	Name  string // as in a finding
	Looks string // what it looks at
	Fixes string // what --fix does; "" for nothing
}

// Table has every check, in the order in which they are printed.
func Table() []Row {
	return []Row{
		{"permissions", "files and folders of ringlet's own are the user's, no links, and closed to others: settings, profiles, keys, tokens, restore records, `.ultrallm`, ultrallm's environment file, and agents' settings that hold a token", "takes others' permissions away (`chmod`)"},
		{"files", "settings, profiles, the port registry and `providers.d` can be read", "makes a broken port registry anew from the profiles' config.yaml; keeps it as `ports.json.broken`"},
		{"disk", "there is room, and inodes, where the files are, and they can be written", ""},
		{"manager", "there is an init system for this user, and it answers; else which of nine reasons", ""},
		{"linger", "enabled proxies start at boot", ""},
		{"units", "unit files are as ringlet writes them, enabled, and read by the manager: missing, edited by hand, of an older version, for another binary or one that is gone; units of a disabled proxy", "writes them anew and reloads the manager; keeps what was edited by hand in `~/.config/ringlet/backup`"},
		{"state", "enabled proxies are not stopped, have not failed, by the start limit for one, and do not end as often as they are started", "resets the failure and starts the proxy; what was stopped stays so"},
		{"port", "no other program holds the port of a proxy that does not run; it is named", "gives out another port where the user did not choose this one, and enables the proxy on it"},
		{"engine", "running engines answer, prove themselves, and have the newest configuration in force", "lets the engine read its configuration anew"},
		{"binary", "running engines are of this version, and their binary is still there", ""},
		{"config", "config.yaml is what the profile says", "writes it anew; what was there is kept beside it, as `config.yaml.before`, or `.broken`"},
		{"keys", "each provider that a profile uses has a key that the service can read", ""},
		{"agent", "the agent is installed, and its settings point at the profile's proxy, with its token, which can be read", "points them at it again"},
		{"loop", "no provider's base URL is one of ringlet's own ports", ""},
		{"environment", "HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR of the shell are the service's too, and it can read its certificates", ""},
		{"upstream", "each host that profiles send to answers over TLS: one request without a key (not with `--offline`)", ""},
		{"clock", "this machine's clock agrees with the hosts' (not with `--offline`)", ""},
		{"journal", "the log of a proxy can be read: from the journal, on macOS from its files", ""},
		{"orphans", "nothing is left of deleted profiles: units, ports, tokens, keys for ultrallm, restore records", "removes what carries ringlet's mark; puts the agent's settings back first"},
	}
}
