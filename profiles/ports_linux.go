package profiles

import (
	"bufio"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// HolderOf describes who listens on a TCP port of this machine: the process,
// where it is this user's ("nginx (pid 812)"), and otherwise the user ("a
// process of www-data (uid 33)"). "" when nobody listens there.
func HolderOf(port int) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		inode, uid, ok := listener(table, port)
		if !ok {
			continue
		}
		if name, pid := processOf("/proc", inode); pid != "" {
			return fmt.Sprintf("%s (pid %s)", name, pid)
		}
		if u, err := user.LookupId(uid); err == nil {
			return fmt.Sprintf("a process of %s (uid %s)", u.Username, uid)
		}
		return "a process of uid " + uid
	}
	return ""
}

// listener finds the listening socket on port in one of the kernel's tables.
// Their columns are described in proc_net_tcp.rst of the kernel's documentation:
// local_address is the second, st the fourth (0A is LISTEN), uid the eighth,
// inode the tenth.
func listener(table string, port int) (inode, uid string, ok bool) {
	f, err := os.Open(table)
	if err != nil {
		return "", "", false
	}
	defer f.Close()
	want := fmt.Sprintf("%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		col := strings.Fields(lines.Text())
		if len(col) < 10 || col[3] != "0A" {
			continue
		}
		if addr, p, _ := strings.Cut(col[1], ":"); p == want && onLoopback(addr) {
			return col[9], col[7], true
		}
	}
	return "", "", false
}

// onLoopback reports whether a socket bound to addr, as the kernel's tables
// write it (each 32-bit word in the machine's byte order, which is little-endian
// wherever this runs), stands in the way of one on 127.0.0.1: that address, all
// addresses, and both as IPv6 maps them.
func onLoopback(addr string) bool {
	const mapped = "0000000000000000FFFF0000"
	addr = strings.TrimPrefix(addr, mapped)
	return strings.Trim(addr, "0") == "" || addr == "0100007F"
}

// processOf finds the process that has the socket open, among those whose open files
// this user may see: of several the oldest, as what it starts may have what it has, and
// has it in any case until it is another program. The init system only where nobody
// else has it, for a socket that it opened it keeps open too.
func processOf(proc, inode string) (name, holder string) {
	want := "socket:[" + inode + "]"
	procs, _ := fs.Glob(os.DirFS(proc), "[0-9]*")
	var oldest uint64
	for _, pid := range procs {
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		dir := filepath.Join(proc, pid, "fd")
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue // not ours, or gone
		}
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err != nil || to != want {
				continue
			}
			comm, began := program(filepath.Join(proc, pid))
			if comm != "" && (holder == "" || name == "systemd" || comm != "systemd" && began < oldest) {
				name, holder, oldest = comm, pid, began
			}
			break
		}
	}
	return name, holder
}

// program is a process's name, and when it began, in clock ticks since the boot:
// proc_pid_stat(5), fields 2 and 22. Nothing of one that has gone.
func program(dir string) (name string, began uint64) {
	stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
	text := string(stat)
	open, end := strings.Index(text, "("), strings.LastIndex(text, ")")
	if open < 0 || end < open {
		return "", math.MaxUint64
	}
	if fields := strings.Fields(text[end+1:]); len(fields) > 19 {
		began, _ = strconv.ParseUint(fields[19], 10, 64)
	}
	return text[open+1 : end], began
}
