package service

import (
	"os/user"
	"path/filepath"
	"strings"
	"time"

	init_ "github.com/kardianos/service"
	"golang.org/x/sys/unix"
)

// launchAgents is the folder that launchd reads at a login: of the account, not
// of this shell's HOME.
func launchAgents() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return filepath.Join(u.HomeDir, "Library", "LaunchAgents"), nil
}

// kardianos has kardianos/service put the file in place and take it away, given
// our own text as its template. Its Start, Stop and Status use launchctl's old
// sub-commands, which know no domains, and are not called.
type kardianos struct{}

func systemPlists() plistFiles { return kardianos{} }

func (kardianos) service(path, text string) (init_.Service, error) {
	return init_.New(nil, &init_.Config{
		Name:   strings.TrimSuffix(filepath.Base(path), ".plist"),
		Option: init_.KeyValue{"UserService": true, "LaunchdConfig": text},
	})
}

func (k kardianos) install(path string, content []byte) error {
	if !itsFolder(path) {
		return plainFiles{}.install(path, content)
	}
	s, err := k.service(path, string(content))
	if err != nil {
		return err
	}
	return s.Install()
}

// remove takes the file away. The job was unloaded before; that kardianos/service
// tries it again is without effect.
func (k kardianos) remove(path string) error {
	if !itsFolder(path) {
		return plainFiles{}.remove(path)
	}
	s, err := k.service(path, "")
	if err != nil {
		return err
	}
	return s.Uninstall()
}

// itsFolder says whether the file lies where kardianos/service would put it.
func itsFolder(path string) bool {
	dir, err := launchAgents()
	return err == nil && filepath.Dir(path) == dir
}

// startedAt is when a process started.
func startedAt(pid int) (time.Time, bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return time.Time{}, false
	}
	return time.Unix(p.Proc.P_starttime.Unix()), true
}
