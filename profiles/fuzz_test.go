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

// A size that is accepted is within its bounds, and reads the same when it is
// written anew.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"256M", "1g", "64MiB", "33554432", "1T", "12", "0", "9999999999999999T", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := memorySizes.parse(s)
		if err != nil {
			return
		}
		if n < memorySizes.least || n > memorySizes.most {
			t.Errorf("%q is %d", s, n)
		}
		if again, err := memorySizes.parse(sizeText(n)); err != nil || again != n {
			t.Errorf("%q is %d, and %q is %d, %v", s, n, sizeText(n), again, err)
		}
	})
}
