package profiles

import (
	"os"
	"path/filepath"
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
