package service

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

// Every machine without a user manager gets the sentence and the remedy that fit it.
func TestDiagnosis(t *testing.T) {
	me := strconv.Itoa(os.Getuid())
	const ordinary = 4321
	for name, tc := range map[string]struct {
		files  map[string]string // a name that ends in / is a folder
		env    map[string]string
		uid    int
		os     string
		want   Reason
		hint   string
		absent string // must not be in the hint
	}{
		"bare":         {want: NoSystemd, uid: ordinary, hint: "ringlet profiles run"},
		"FreeBSD":      {os: "freebsd", uid: ordinary, want: NoSystemd, hint: "ringlet profiles run"},
		"macOS, sudo":  {os: "darwin", env: map[string]string{"SUDO_UID": "501"}, want: UnderSudo, hint: "without sudo"},
		"docker":       {files: map[string]string{"/.dockerenv": ""}, uid: ordinary, want: Container, hint: "ringlet profiles run", absent: "loginctl"},
		"podman":       {files: map[string]string{"/run/.containerenv": ""}, want: Container, hint: "ringlet profiles run"},
		"lxc":          {env: map[string]string{"container": "lxc"}, uid: ordinary, want: Container, hint: "ringlet profiles run"},
		"WSL 1":        {files: map[string]string{"/proc/version": "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)"}, uid: ordinary, want: WSL1, hint: "--set-version"},
		"WSL 2":        {files: map[string]string{"/proc/version": "Linux version 5.15.167.4-microsoft-standard-WSL2"}, uid: ordinary, want: WSL2, hint: "/etc/wsl.conf"},
		"no manager":   {files: map[string]string{"/run/systemd/system/": ""}, uid: ordinary, want: NoUserManager, hint: "loginctl enable-linger"},
		"linger":       {files: map[string]string{"/run/systemd/system/": "", "/run/dbus/system_bus_socket": ""}, uid: ordinary, want: NoUserManager, hint: "ringlet daemon linger on", absent: "loginctl"},
		"stale env":    {files: map[string]string{"/run/systemd/system/": "", "/run/user/0/bus": ""}, env: map[string]string{"XDG_RUNTIME_DIR": "/run/user/0"}, uid: ordinary, want: NoUserManager, hint: "loginctl enable-linger"},
		"no bus":       {files: map[string]string{"/run/systemd/system/": "", "/run/user/4321/": ""}, uid: ordinary, want: NoBus, hint: "sudo systemctl restart user@4321"},
		"sudo":         {files: map[string]string{"/run/systemd/system/": "", "/run/user/0/bus": ""}, env: map[string]string{"SUDO_UID": "1000"}, want: UnderSudo, hint: "without sudo", absent: "loginctl"},
		"root":         {files: map[string]string{"/run/systemd/system/": ""}, want: Root, hint: "ordinary user"},
		"sudo by root": {files: map[string]string{"/run/systemd/system/": ""}, env: map[string]string{"SUDO_UID": "0"}, want: Root},
		"private":      {files: map[string]string{"/run/systemd/system/": "", "/run/user/4321/systemd/private": ""}, uid: ordinary},
		"bus":          {files: map[string]string{"/run/systemd/system/": "", "/run/user/4321/bus": ""}, uid: ordinary},
		"other place":  {files: map[string]string{"/run/systemd/system/": "", "/elsewhere/bus": ""}, env: map[string]string{"XDG_RUNTIME_DIR": "/elsewhere"}, uid: os.Getuid()},
	} {
		t.Run(name, func(t *testing.T) {
			host := Host{Root: makeRoot(t, tc.files), Getenv: func(n string) string { return tc.env[n] }, UID: func() int { return tc.uid }, OS: tc.os}
			if host.OS == "" {
				host.OS = "linux"
			}
			got := host.diagnose()
			if tc.want == "" {
				if got != nil {
					t.Fatalf("found nothing: %v (I am %s)", got, me)
				}
				return
			}
			if got == nil || got.Reason != tc.want {
				t.Fatalf("%+v, want %s", got, tc.want)
			}
			if !strings.Contains(got.Hint(), tc.hint) || tc.absent != "" && strings.Contains(got.Hint(), tc.absent) {
				t.Errorf("hint: %s", got.Hint())
			}
			if fault.ExitCode(got) != 4 || got.Error() == "" {
				t.Errorf("%q, exit code %d", got.Error(), fault.ExitCode(got))
			}
			// Connect says the same, whoever calls.
			var why *Unavailable
			if _, err := Connect(t.Context(), ConnectOptions{Host: host}); !errors.As(err, &why) || why.Reason != tc.want {
				t.Errorf("Connect: %v", err)
			}
		})
	}
}

// Sockets that are there while nobody answers are their own case.
func TestUnreachable(t *testing.T) {
	root := makeRoot(t, map[string]string{"/run/systemd/system/": "", "/run/user/4321/systemd/": ""})
	l, err := net.Listen("unix", filepath.Join(root, "run/user/4321/systemd/private"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { // a manager that hangs up
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	defer l.Close()
	host := Host{Root: root, UID: func() int { return 4321 }, Getenv: func(string) string { return "" }, OS: "linux"}
	var why *Unavailable
	_, err = Connect(t.Context(), ConnectOptions{Host: host})
	if !errors.As(err, &why) || why.Reason != Unreachable || why.Err == nil || !strings.Contains(why.Hint(), "user@4321") {
		t.Errorf("%v (%+v)", err, why)
	}
}

func TestLinger(t *testing.T) {
	host := Host{Root: makeRoot(t, map[string]string{"/var/lib/systemd/linger/ann": ""})}
	for name, want := range map[string]bool{"ann": true, "bob": false, "": false, "../linger/ann": false} {
		if host.Linger(name) != want {
			t.Errorf("Linger(%q) is not %v", name, want)
		}
	}
}

func TestPickUnitDir(t *testing.T) {
	searched := []string{
		"/home/u/.config/systemd/user.control", "/run/user/4321/systemd/user.control", "/run/user/4321/systemd/transient",
		"/home/u/.config/systemd/user", "/etc/systemd/user", "/run/user/4321/systemd/user", "/usr/lib/systemd/user",
	}
	reversed := append([]string{searched[1], searched[0]}, searched[2:]...)
	for name, tc := range map[string]struct {
		searched         []string
		configHome, home string
		want             string
	}{
		"the same home":        {searched, "", "/home/u", "/home/u/.config/systemd/user"},
		"its config home":      {append([]string{"/x/systemd/user"}, searched...), "/x", "/home/u", "/x/systemd/user"},
		"another home":         {searched, "", "/tmp/demo", "/home/u/.config/systemd/user"},
		"another config home":  {searched, "/tmp/config", "/home/u", "/home/u/.config/systemd/user"},
		"no home":              {searched, "", "", "/home/u/.config/systemd/user"},
		"relative config home": {searched, "config", "/home/u", "/home/u/.config/systemd/user"},
		"runtime first":        {reversed, "", "/tmp/demo", "/home/u/.config/systemd/user"},
		"nothing":              {[]string{"/etc/systemd/user"}, "", "/tmp/demo", ""},
	} {
		got, err := pickUnitDir(tc.searched, tc.configHome, tc.home, "/run/user/4321")
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func makeRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if dir != path {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}
