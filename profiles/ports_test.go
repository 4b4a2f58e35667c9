package profiles

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

// bare stores a profile without a proxy.
func bare(t testing.TB, s *Store, alias Alias) {
	t.Helper()
	if _, _, err := s.Create(t.Context(), Profile{Alias: alias, Agent: "claude", Provider: "acme"}); err != nil {
		t.Fatal(err)
	}
}

// TestAHundredProfiles: each of the range's ports is given out once, then 8080,
// and the one too many is refused with a way on.
func TestAHundredProfiles(t *testing.T) {
	s, _ := open(t)
	seen := map[int]bool{}
	for i := range 101 {
		alias := Alias(fmt.Sprintf("p%03d", i))
		bare(t, s, alias)
		port, err := s.Assign(t.Context(), alias, 0)
		if err != nil {
			t.Fatalf("%s: %v", alias, err)
		}
		want := 8081 + i
		if i == 100 {
			want = 8080
		}
		if port != want || seen[port] {
			t.Errorf("%s got %d; want %d, which nobody has", alias, port, want)
		}
		seen[port] = true
	}
	bare(t, s, "late")
	before := tree(t, s)
	_, err := s.Assign(t.Context(), "late", 0)
	if err == nil || !strings.Contains(err.Error(), "all 101 of 8081 to 8180 and 8080") || !strings.Contains(fault.Hint(err), "proxy disable") {
		t.Errorf("%v, hint %q", err, fault.Hint(err))
	}
	// Enabling is refused as a whole.
	if _, _, err := s.Update(t.Context(), "late", func(p *Profile) error { p.Proxy.Enabled = true; return nil }); err == nil {
		t.Error("enabled without a port")
	}
	if !maps.Equal(before, tree(t, s)) {
		t.Error("a refusal changed something")
	}
	// A freed one is given out again.
	if err := s.Release(t.Context(), "p042"); err != nil {
		t.Fatal(err)
	}
	if port, err := s.Assign(t.Context(), "late", 0); port != 8081+42 || err != nil {
		t.Errorf("%d, %v", port, err)
	}
	// So is that of a profile whose file was removed by hand.
	if err := os.Remove(s.dirs.Profile("p007")); err != nil {
		t.Fatal(err)
	}
	bare(t, s, "later")
	if port, err := s.Assign(t.Context(), "later", 0); port != 8081+7 || err != nil {
		t.Errorf("%d, %v", port, err)
	}
}

func TestAssign(t *testing.T) {
	s, written := open(t)
	bare(t, s, "work")
	bare(t, s, "home")
	taken := map[int]error{8081: syscall.EADDRINUSE, 80: syscall.EACCES, 9001: syscall.EADDRINUSE}
	s.probe = func(_ context.Context, port int) error { return taken[port] }
	expect := func(alias Alias, pinned, want int) {
		t.Helper()
		if port, err := s.Assign(t.Context(), alias, pinned); port != want || err != nil {
			t.Errorf("%s pinned to %d: %d, %v; want %d", alias, pinned, port, err, want)
		}
	}
	expect("work", 0, 8082) // 8081 is somebody else's
	taken[8082] = syscall.EADDRINUSE
	*written = nil
	expect("work", 0, 8082) // it is held by the profile's own socket now
	expect("work", 8082, 8082)
	if len(*written) > 0 {
		t.Errorf("nothing changed, but written: %v", *written)
	}
	expect("home", 0, 8083)
	expect("home", 9000, 9000)
	expect("home", 0, 9000)
	if port, err := s.Port("home"); port != 9000 || err != nil {
		t.Errorf("%d, %v", port, err)
	}
	for pinned, want := range map[int]string{
		8082:  `port 8082 is taken by the profile "work"`,
		9001:  "port 9001 is taken by",
		80:    "by the administrator only",
		70000: "not between",
		-1:    "not between",
	} {
		before := tree(t, s)
		_, err := s.Assign(t.Context(), "home", pinned)
		if err == nil || !strings.Contains(err.Error(), want) || fault.Hint(err) == "" {
			t.Errorf("%d: %v; want %q", pinned, err, want)
		}
		if !maps.Equal(before, tree(t, s)) {
			t.Errorf("%d: the refusal changed something", pinned)
		}
	}
	if _, err := s.Assign(t.Context(), "nobody", 0); fault.ExitCode(err) != 3 {
		t.Errorf("%v", err)
	}
}

func TestReassign(t *testing.T) {
	s, _ := open(t)
	p := create(t, s, "work")
	port, err := s.Reassign(t.Context(), "work")
	if err != nil || port != 8082 {
		t.Errorf("%d, %v; want another than 8081", port, err)
	}
	if _, _, err := s.Update(t.Context(), p.Alias, func(p *Profile) error { n := 9000; p.Proxy.Port = &n; return nil }); err != nil {
		t.Fatal(err)
	}
	var taken *PortTakenError
	if _, err := s.Reassign(t.Context(), "work"); !errors.As(err, &taken) || taken.Port != 9000 {
		t.Errorf("a pinned port: %v", err)
	}
	if port, err := s.Port("work"); port != 9000 || err != nil {
		t.Errorf("%d, %v", port, err)
	}
}

// TestRealPorts binds: a port that a listener has is not given out, and its
// holder is named.
func TestRealPorts(t *testing.T) {
	s, _ := open(t)
	s.probe = bind
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		alias := Alias(fmt.Sprintf("p%d", port))
		bare(t, s, alias)
		_, err = s.Assign(t.Context(), alias, port)
		var taken *PortTakenError
		if !errors.As(err, &taken) || taken.Port != port {
			t.Fatalf("%s: %v", address, err)
		}
		if want := fmt.Sprintf("(pid %d)", os.Getpid()); !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want the holder %s", address, err, want)
		}
		settings := fmt.Sprintf("ports: {start: %d, count: 1}\n", port)
		if err := os.WriteFile(s.dirs.Settings(), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Assign(t.Context(), alias, 0); got == port {
			t.Errorf("%s: %d was given out, %v", address, got, err)
		}
		if err := s.Release(t.Context(), alias); err != nil {
			t.Fatal(err)
		}
	}
	if who := HolderOf(1); who != "" {
		t.Errorf("port 1 is held by %q", who)
	}
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		ports      PortRange
	}{
		{"ports: {start: 9000, count: 3}\nengine: builtin\n", "", PortRange{9000, 3}},
		{"ports: {count: 2}\n", "", PortRange{8081, 2}},
		{"engine: auto\n", "", PortRange{8081, 100}},
		{"port: {}\n", `config.yaml:1:1: unknown field "port"`, PortRange{}},
		{"ports: {start: 80}\n", "ports.start is 80", PortRange{}},
		{"ports: {start: 65530}\n", "there can be 1 to 6", PortRange{}},
		{"ports: {count: 0}\n", "ports.count is 0", PortRange{}},
		{"ports: {start: many}\n", "config.yaml:1:", PortRange{}},
		{"engine: litellm\n", `there is no engine "litellm"`, PortRange{}},
	} {
		s, _ := open(t)
		if err := os.MkdirAll(s.dirs.ConfigDir(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.dirs.Settings(), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.Settings()
		if tt.want == "" && (err != nil || got.Ports != tt.ports) {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v; want %q", tt.text, err, tt.want)
		}
	}
	s, _ := open(t)
	if got, err := s.Settings(); err != nil || got != DefaultSettings() {
		t.Errorf("no file: %+v, %v", got, err)
	}
}

func TestCandidates(t *testing.T) {
	for _, tt := range []struct {
		r    PortRange
		want []int
	}{
		{PortRange{8081, 2}, []int{8081, 8082, 8080}},
		{PortRange{8079, 3}, []int{8079, 8080, 8081}}, // 8080 is in the range already
		{PortRange{65535, 1}, []int{65535, 8080}},
	} {
		if got := tt.r.candidates(); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.r, got, tt.want)
		}
	}
}

func TestRegistryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"version": 2, "ports": {}}`:                             "ports.json:1:13: version is 2",
		`{"ports": {}}`:                                           "must be a number",
		"{\"version\": 1,\n \"ports\": {\"a\": 0}}":               "ports.json:2:17: the port of \"a\" is 0",
		"{\"version\": 1,\n \"ports\": {\"a\": 8081, \"b\": 8081": "ports.json:2:",
		`{"version": 1, "ports": {"a": 8081, "b": 8081}}`:         `port 8081 is there twice: for "a" and "b"`,
		`{"version": 1, "prts": {}}`:                              "unknown field",
		``:                                                        "empty",
	} {
		if _, err := parseRegistry("ports.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
	if r, err := parseRegistry("p", []byte(`{"version": 1, "ports": null}`)); err != nil || r.Ports == nil {
		t.Errorf("%+v, %v", r, err)
	}
}
