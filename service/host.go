package service

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Host is where a Supervisor is looked for. The zero value is this machine and
// this user; tests give another.
type Host struct {
	Root   string              // what stands before absolute paths; "" is /
	Getenv func(string) string // nil is os.Getenv
	UID    func() int          // nil is os.Getuid
	OS     string              // "" is runtime.GOOS
}

func (h Host) path(p string) string { return filepath.Join("/", h.Root, p) }

func (h Host) exists(p string) bool {
	_, err := os.Stat(h.path(p))
	return err == nil
}

func (h Host) env(name string) string {
	if h.Getenv != nil {
		return h.Getenv(name)
	}
	return os.Getenv(name)
}

func (h Host) uid() int {
	if h.UID != nil {
		return h.UID()
	}
	return os.Getuid()
}

func (h Host) os() string {
	if h.OS != "" {
		return h.OS
	}
	return runtime.GOOS
}

// runtimeDir is the folder of the user manager's sockets: $XDG_RUNTIME_DIR where
// that is this user's (su keeps the caller's), else where logind puts it.
func (h Host) runtimeDir() string {
	if dir := h.env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if info, err := os.Stat(h.path(dir)); err == nil && info.IsDir() {
			if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == h.uid() {
				return dir
			}
		}
	}
	return "/run/user/" + strconv.Itoa(h.uid())
}

// diagnose looks for a user manager without talking to it. It returns nil where
// one seems to be.
func (h Host) diagnose() *Unavailable {
	uid := h.uid()
	if uid == 0 && h.env("SUDO_UID") != "" && h.env("SUDO_UID") != "0" {
		return unavailable(UnderSudo, h)
	}
	switch h.os() {
	case "linux":
	case "darwin": // launchd is always there
		return nil
	default:
		return unavailable(NoSystemd, h)
	}
	if !h.exists("/run/systemd/system") {
		switch version, _ := os.ReadFile(h.path("/proc/version")); {
		// Microsoft's own kernel says microsoft-standard-WSL2, the emulated one Microsoft.
		case strings.Contains(string(version), "microsoft"):
			return unavailable(WSL2, h)
		case strings.Contains(string(version), "Microsoft"):
			return unavailable(WSL1, h)
		case h.exists("/.dockerenv"), h.exists("/run/.containerenv"), h.exists("/run/systemd/container"), h.env("container") != "":
			return unavailable(Container, h)
		}
		return unavailable(NoSystemd, h)
	}
	dir := h.runtimeDir()
	switch {
	case !h.exists(dir) && uid == 0:
		return unavailable(Root, h)
	case !h.exists(dir):
		return unavailable(NoUserManager, h)
	case !h.exists(dir+"/systemd/private") && !h.exists(dir+"/bus"):
		return unavailable(NoBus, h)
	}
	return nil
}

// Supervisor is the name of the init system that [Connect] looks for here.
func (h Host) Supervisor() string {
	if h.os() == "darwin" {
		return "launchd"
	}
	return "systemd"
}

// Linger reports whether the user's services run without a login, as
// `loginctl enable-linger` has it. It only looks.
func (h Host) Linger(username string) bool {
	if username == "" || strings.ContainsRune(username, '/') {
		return false
	}
	return h.exists("/var/lib/systemd/linger/" + username)
}

// username is this user's name, or the uid where it has none.
func (h Host) username() string {
	if u, err := user.LookupId(strconv.Itoa(h.uid())); err == nil {
		return u.Username
	}
	return strconv.Itoa(h.uid())
}
