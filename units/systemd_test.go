package units

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every folder of testdata holds a spec.json and, beside it, the files it becomes.
func TestGoldens(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*/spec.json")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no specs found: %v", err)
	}
	for _, input := range inputs {
		dir := filepath.Dir(input)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			set, err := Systemd(readSpec(t, input))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range set.Files() {
				golden := filepath.Join(dir, f.Name)
				if *update {
					if err := os.WriteFile(golden, f.Content, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(f.Content, want) {
					t.Errorf("%s differs from its golden (-update writes it):\n%s", f.Name, f.Content)
				}
			}
		})
	}
}

func readSpec(t *testing.T, path string) Spec {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s Spec
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func testSpec() Spec {
	return Spec{Alias: "work", Port: 8081, Exe: "/usr/bin/ringlet", ConfigPath: "/home/u/.claude-profiles/work/.ultrallm/config.yaml", CredentialsDir: "/home/u/.config/ringlet/credentials"}
}

// directives reads a rendered file with another's parser.
func directives(t *testing.T, content []byte) map[string]string {
	t.Helper()
	opts, err := unit.DeserializeOptions(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range opts {
		got[o.Section+"."+o.Name] = o.Value
	}
	return got
}

// The links between the units decide what a stop, a restart and a crash do.
func TestLinks(t *testing.T) {
	set, err := Systemd(testSpec())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]map[string]string{
		"socket": {
			"Unit.PartOf": "ringlet-proxy@work.service ringlet.target", "Unit.StartLimitIntervalSec": "0",
			"Socket.ListenStream": "127.0.0.1:8081", "Install.WantedBy": Target,
		},
		"service": {
			"Unit.Requires": "ringlet-proxy@work.socket", "Unit.After": "ringlet-proxy@work.socket ringlet-mend@work.service", "Unit.OnFailure": "ringlet-mend@work.service", "Unit.PartOf": Target, "Service.RestartPreventExitStatus": "217 218 226",
			"Service.Type": "notify", "Service.KillMode": "mixed", "Service.TimeoutStopSec": "5s", "Service.WatchdogSec": "30s",
			"Install.WantedBy": Target, "Install.Also": "ringlet-proxy@work.socket",
		},
		"mend":   {"Service.Type": "oneshot", "Service.ExecStart": `"/usr/bin/ringlet" "proxy" "mend" "work"`, "Unit.StartLimitBurst": "5", "Install.WantedBy": ""},
		"target": {"Install.WantedBy": "default.target"},
	} {
		file := map[string]File{"socket": set.Socket, "service": set.Service, "mend": set.Mend, "target": set.Target}[name]
		got := directives(t, file.Content)
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s=%s, want %s", name, key, got[key], value)
			}
		}
	}
}

// A value must never become a directive, whatever a path contains.
func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"alias empty":          func(s *Spec) { s.Alias = "" },
		"alias upper":          func(s *Spec) { s.Alias = "Work" },
		"alias slash":          func(s *Spec) { s.Alias = "a/b" },
		"alias dash first":     func(s *Spec) { s.Alias = "-a" },
		"alias long":           func(s *Spec) { s.Alias = strings.Repeat("a", 64) },
		"alias escape":         func(s *Spec) { s.Alias = `my\x2dwork` },
		"port zero":            func(s *Spec) { s.Port = 0 },
		"port large":           func(s *Spec) { s.Port = 65536 },
		"exe relative":         func(s *Spec) { s.Exe = "ringlet" },
		"exe with quote":       func(s *Spec) { s.Exe = "/opt/it's/ringlet" },
		"exe with backslash":   func(s *Spec) { s.Exe = `/opt/a\b/ringlet` },
		"config newline":       func(s *Spec) { s.ConfigPath = "/home/u/a\nExecStartPre=/bin/evil" },
		"config return":        func(s *Spec) { s.ConfigPath = "/home/u/a\rb" },
		"config NUL":           func(s *Spec) { s.ConfigPath = "/home/u/a\x00b" },
		"config not UTF-8":     func(s *Spec) { s.ConfigPath = "/home/u/\xff" },
		"config empty":         func(s *Spec) { s.ConfigPath = "" },
		"config not clean":     func(s *Spec) { s.ConfigPath = "/home/u/../v/config.yaml" },
		"credentials relative": func(s *Spec) { s.CredentialsDir = "credentials" },
		"credentials C1":       func(s *Spec) { s.CredentialsDir = "/home/u/\u0085x" },
	} {
		t.Run(name, func(t *testing.T) {
			s := testSpec()
			change(&s)
			set, err := Systemd(s)
			if err == nil {
				t.Fatalf("accepted:\n%s", set.Service.Content)
			}
			var h interface{ Hint() string }
			if h, _ = err.(interface{ Hint() string }); h == nil || h.Hint() == "" {
				t.Errorf("%v has no hint", err)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for unitName, want := range map[string]string{
		"ringlet-proxy@my-work.service": "my-work", "ringlet-proxy@a.service.socket": "a.service",
		"ringlet-proxy@.service": "", "ringlet-proxy@Work.service": "", "ringlet.target": "", "ringlet-proxy@work.timer": "",
		"ringlet-mend@my-work.service": "my-work", "ringlet-mend@work.socket": "", "ringlet-mend@.service": "",
	} {
		got, ok := AliasOf(unitName)
		if ok != (want != "") || ok && got != want {
			t.Errorf("AliasOf(%q) = %q, %v", unitName, got, ok)
		}
	}
}
