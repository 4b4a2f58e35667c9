package profiles

import (
	"strings"
	"testing"
)

// FuzzRegistry: whatever is accepted names each port once, between 1 and 65535.
func FuzzRegistry(f *testing.F) {
	f.Add([]byte(`{"version": 1, "ports": {"a": 8081, "b": 8082}}`))
	f.Add([]byte(`{"version": 1, "ports": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRegistry("path", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "path") {
				t.Errorf("an error without its path: %v", err)
			}
			return
		}
		seen := map[int]bool{}
		for alias, port := range r.Ports {
			if port < 1 || port > 65535 || seen[port] || r.holder(port) != Alias(alias) {
				t.Errorf("accepted %q", data)
			}
			seen[port] = true
		}
	})
}

// FuzzSettings: whatever is accepted gives out ports that exist, each once.
func FuzzSettings(f *testing.F) {
	f.Add([]byte("ports: {start: 9000, count: 3}\nengine: builtin\n"))
	f.Add([]byte("ports: {count: 99999999999}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSettings("path", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "path") {
				t.Errorf("an error without its path: %v", err)
			}
			return
		}
		seen := map[int]bool{}
		for _, port := range s.Ports.candidates() {
			if port < 1024 || port > 65535 || seen[port] {
				t.Fatalf("%q gives out %d", data, port)
			}
			seen[port] = true
		}
	})
}
