package profiles

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tables of the kernel as they look on little-endian machines.
const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F92 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 0A00000A:1F93 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
   3: 00000000:1F94 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4714 1 0000000000000000 100 0 0 10 0
   4: cut
`

const tcp6Table = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F95 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     5        0 4715 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F96 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     6        0 4716 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000001000000:1F97 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     7        0 4717 1 0000000000000000 100 0 0 10 0
`

func TestListener(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"tcp": tcpTable, "tcp6": tcp6Table} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		what, table, uid, inode string
		port                    int
	}{
		{"on 127.0.0.1", "tcp", "1001", "4711", 8081},
		{"connected, not listening", "tcp", "", "", 8082},
		{"on another address", "tcp", "", "", 8083},
		{"on all addresses", "tcp", "33", "4714", 8084},
		{"on all IPv6 addresses", "tcp6", "5", "4715", 8085},
		{"on 127.0.0.1, as IPv6 maps it", "tcp6", "6", "4716", 8086},
		{"on ::1 only", "tcp6", "", "", 8087},
		{"by nobody", "tcp", "", "", 9000},
		{"no such table", "none", "", "", 8081},
	} {
		inode, uid, ok := listener(filepath.Join(dir, tt.table), tt.port)
		if inode != tt.inode || uid != tt.uid || ok != (tt.inode != "") {
			t.Errorf("%s: inode %q, uid %q, %v", tt.what, inode, uid, ok)
		}
	}
}

// A program that a process starts has its open files, at first in any case, and is not
// named for them, whichever process id comes first; nor is the init system.
func TestProcessOf(t *testing.T) {
	type process struct {
		pid, comm string
		began     int
		socket    string
	}
	for _, tt := range []struct {
		what string
		all  []process
		want string
	}{
		{"nobody", []process{{"9", "other", 5, "socket:[1]"}}, ""},
		{"the one that has it", []process{{"9", "other", 5, "socket:[1]"}, {"8", "ours", 6, "socket:[4711]"}}, "ours 8"},
		{"one that was just started", []process{{"18809", "opened (it) 3", 700, "socket:[4711]"}, {"9323", "opened (it) 3", 90, "socket:[4711]"}}, "opened (it) 3 9323"},
		{"one that was just started, listed later", []process{{"10", "opened", 90, "socket:[4711]"}, {"11", "opened", 700, "socket:[4711]"}}, "opened 10"},
		{"an engine of the init system's", []process{{"1", "systemd", 1, "socket:[4711]"}, {"70", "ringlet", 700, "socket:[4711]"}, {"9", "systemd", 2, "socket:[4711]"}}, "ringlet 70"},
		{"an engine that sleeps", []process{{"1", "systemd", 1, "socket:[4711]"}}, "systemd 1"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			proc := t.TempDir()
			for _, p := range tt.all {
				if err := os.MkdirAll(filepath.Join(proc, p.pid, "fd"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(p.socket, filepath.Join(proc, p.pid, "fd", "3")); err != nil {
					t.Fatal(err)
				}
				stat := fmt.Sprintf("%s (%s) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20\n", p.pid, p.comm, p.began)
				if err := os.WriteFile(filepath.Join(proc, p.pid, "stat"), []byte(stat), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if name, pid := processOf(proc, "4711"); strings.TrimSpace(name+" "+pid) != tt.want {
				t.Errorf("%s %s; want %s", name, pid, tt.want)
			}
		})
	}
	if name, began := program("/proc/self"); name == "" || began == 0 {
		t.Errorf("this process is %q, and began at %d", name, began)
	}
}
