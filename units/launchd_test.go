package units

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The specs of the systemd goldens become launchd agents too, those of ultrallm apart.
func TestLaunchdGoldens(t *testing.T) {
	for _, name := range []string{"plain", "nasty"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			f, err := Launchd(readSpec(t, filepath.Join(dir, "spec.json")))
			if err != nil {
				t.Fatal(err)
			}
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
			if bytes.Contains(f.Content, []byte("{")) {
				t.Error("a brace is left, which the installing template would take for its own")
			}
		})
	}
}

func agentOf(t testing.TB, spec Spec) (Agent, []byte) {
	t.Helper()
	f, err := Launchd(spec)
	if err != nil {
		t.Fatal(err)
	}
	a, err := DecodeLaunchd(f.Content)
	if err != nil {
		t.Fatal(err)
	}
	return a, f.Content
}

func TestLaunchdSaysWhatItMeans(t *testing.T) {
	spec := testSpec()
	a, content := agentOf(t, spec)
	want := Agent{
		Label:            "dev.ringlet.proxy." + spec.Alias,
		ProgramArguments: []string{spec.Exe, "proxy", "serve", "--config", spec.ConfigPath, "--credentials", spec.CredentialsDir},
		Environment:      a.Environment, RunAtLoad: true, ThrottleInterval: 5, ExitTimeOut: 5, ProcessType: "Interactive",
		SessionTypes: []string{"Aqua", "Background"}, Umask: 63,
		StandardOutPath: LaunchdLog(spec.ConfigPath), StandardErrorPath: LaunchdLog(spec.ConfigPath),
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("%+v\nwant %+v", a, want)
	}
	if got := a.Environment[LaunchdListen]; got != "127.0.0.1:8081" || len(a.Environment) != 3 {
		t.Errorf("environment: %q", a.Environment)
	}
	if got := a.ReloadCommand(7); !slices.Equal(got, []string{spec.Exe, "proxy", "reload-wait", "--config", spec.ConfigPath,
		"--credentials", spec.CredentialsDir, "--profile", spec.Alias, "--port", "8081", "--pid", "7"}) {
		t.Errorf("reload by %q", got)
	}
	// false and 0 are written: launchd's defaults are other ones.
	if !bytes.Contains(content, []byte("<key>SuccessfulExit</key>\n\t\t\t<false/>")) {
		t.Errorf("%s", content)
	}
	if (Agent{}).ReloadCommand(1) != nil {
		t.Error("a foreign job has a reload command")
	}
}

func TestLaunchdNames(t *testing.T) {
	if got, ok := LaunchdAliasOf(LaunchdName("my.work_2")); !ok || got != "my.work_2" {
		t.Errorf("%q, %v", got, ok)
	}
	for _, name := range []string{"dev.ringlet.proxy..plist", "dev.ringlet.proxy.A.plist", "com.example.plist", "dev.ringlet.proxy.work", "dev.ringlet.proxy.a/b.plist"} {
		if alias, ok := LaunchdAliasOf(name); ok {
			t.Errorf("%q is taken for profile %q", name, alias)
		}
	}
}

func TestLaunchdRefuses(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"alias": func(s *Spec) { s.Alias = "../x" }, "relative": func(s *Spec) { s.Exe = "ringlet" },
		"control character": func(s *Spec) { s.ConfigPath = "/a\x01b" }, "no XML character": func(s *Spec) { s.ConfigPath = "/a\uFFFEb" },
		"idle": func(s *Spec) { s.Idle = 1 }, "limits": func(s *Spec) { s.Limits.CPU = 50 },
		"ultrallm": func(s *Spec) { s.Ultrallm, s.EnvFile = "/usr/bin/ultrallm", "/e" },
	} {
		spec := testSpec()
		change(&spec)
		if f, err := Launchd(spec); err == nil {
			t.Errorf("%s: rendered\n%s", name, f.Content)
		}
	}
}

func TestInspectLaunchd(t *testing.T) {
	spec := testSpec()
	spec.ConfigPath = `/Users/u/a "b" & <c> {{d}}/config.yaml`
	_, content := agentOf(t, spec)
	o, err := InspectLaunchd(content)
	if want := (Origin{ConfigPath: spec.ConfigPath, Listen: "127.0.0.1:8081", Program: spec.Exe}); err != nil || o != want {
		t.Errorf("%+v, %v; want %+v", o, err, want)
	}
	replace := func(from, to string) []byte {
		t.Helper()
		edited := bytes.Replace(content, []byte(from), []byte(to), 1)
		if bytes.Equal(edited, content) {
			t.Fatalf("%q is not in it", from)
		}
		return edited
	}
	for name, edited := range map[string][]byte{
		"value changed": replace("<integer>63</integer>", "<integer>18</integer>"),
		"key added":     replace("\t</dict>\n</plist>", "\t<key>Nice</key><integer>5</integer></dict>\n</plist>"),
		"comment added": replace("<dict>", "<!-- mine --><dict>"),
		"port changed":  replace("127.0.0.1:8081", "127.0.0.1:8082"),
		"hash changed":  replace("<string>sha256:", "<string>sha256:0"),
	} {
		if o, err := InspectLaunchd(edited); err != nil || !o.Edited {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
	for name, foreign := range map[string][]byte{
		"empty": nil, "no plist": []byte("hello"), "no mark": replace(launchdHash, "OTHER"), "label": replace(labelPrefix, "com.example."),
		"cut off": content[:len(content)/2],
	} {
		if _, err := InspectLaunchd(foreign); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeLaunchd(replace("<key>Umask</key>", "<key>UMask</key>")); err == nil || !strings.Contains(err.Error(), "UMask") {
		t.Errorf("a mistyped key: %v", err)
	}
}

// Whatever is accepted comes back from the file as it was.
func FuzzLaunchd(f *testing.F) {
	f.Add("work", "/usr/local/bin/ringlet", "/Users/u/.claude-profiles/work/config.yaml")
	f.Add("a.b_c", "/a b/100%", `/x/"q" & <r> ]]> {{.}} \ ' é 漢 	/config.yaml`)
	f.Add("a", "/e", "/a\u0085\u2028\uFFFD")
	f.Fuzz(func(t *testing.T, alias, exe, config string) {
		spec := Spec{Alias: alias, Port: 1, Exe: exe, ConfigPath: config, CredentialsDir: config}
		file, err := Launchd(spec)
		if err != nil {
			return
		}
		a, err := DecodeLaunchd(file.Content)
		if err != nil || a.Label != LaunchdLabel(alias) || a.ProgramArguments[0] != exe || a.argument("--config") != config || a.StandardErrorPath != LaunchdLog(config) {
			t.Errorf("%q %q %q became %+v, %v", alias, exe, config, a, err)
		}
		if o, err := InspectLaunchd(file.Content); err != nil || o.Edited || o.ConfigPath != config {
			t.Errorf("read back: %+v, %v", o, err)
		}
	})
}

func FuzzInspectLaunchd(f *testing.F) {
	_, content := agentOf(f, testSpec())
	f.Add(content)
	f.Add([]byte("<plist><dict><key>EnvironmentVariables</key><string>x</string></dict></plist>"))
	f.Add([]byte("bplist00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if o, err := InspectLaunchd(content); err == nil && !o.Edited && !bytes.Contains(content, []byte("sha256:")) {
			t.Errorf("untouched without a hash: %q", content)
		}
	})
}
