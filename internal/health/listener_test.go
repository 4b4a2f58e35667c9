package health

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Lines as a Linux 6.1 prints them; the uids are what differs.
const (
	heading     = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	exactV4     = "   0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 5129 1 0 100 0 0 10 0\n"
	wildV4      = "   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 5130 1 0 100 0 0 10 0\n"
	established = "   2: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1002        0 5131 1 0 20 4 30 10 -1\n"
	otherIP     = "   3: 0200007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1003        0 5132 1 0 100 0 0 10 0\n"
	otherPort   = "   4: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1004        0 5133 1 0 100 0 0 10 0\n"
	wildV6      = "   5: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1005        0 5134 1 0 100 0 0 10 0\n"
	mappedV6    = "   6: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1006        0 5135 1 0 100 0 0 10 0\n"
	v6only      = "   7: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1007        0 5136 1 0 100 0 0 10 0\n"
)

func TestOwners(t *testing.T) {
	for _, tt := range []struct {
		name, table string
		want        []int
	}{
		{"exact address", heading + exactV4, []int{1000}},
		{"exact before all addresses", heading + wildV4 + exactV4, []int{1000}},
		{"all addresses", heading + wildV4, []int{1001}},
		{"all addresses by IPv6", heading + wildV6, []int{1005}},
		{"mapped into IPv6", heading + mappedV6, []int{1006}},
		{"other sockets", heading + established + otherIP + otherPort + v6only, nil},
		{"empty", heading, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := parseTCP(strings.NewReader(tt.table))
			if err != nil {
				t.Fatal(err)
			}
			if got := owners(rows, 8081); !slices.Equal(got, tt.want) {
				t.Errorf("owners %v, want %v", got, tt.want)
			}
		})
	}
	if _, err := parseTCP(strings.NewReader(heading + "  0: nonsense\n")); err == nil {
		t.Error("a line that is none was skipped")
	}
}

// The machine's own table, where it has one, knows a listener of ours.
func TestSocketTableOfThisMachine(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().(*net.TCPAddr)
	conn, err := net.Dial("tcp4", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, ok, err := socketTable()
	if err != nil || ok != (runtime.GOOS == "linux") {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if !ok {
		return // nothing more to say on this system, by design
	}
	if got := owners(rows, addr.Port); !slices.Equal(got, []int{os.Getuid()}) {
		t.Errorf("owners %v, want only %d", got, os.Getuid())
	}
	if !lists(rows, addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())) {
		t.Error("our own connection is missing from the table")
	}
}

// A table that shows our connection and no listener means that it was closed;
// one that shows neither is no witness, and the proof decides.
func TestAListenerThatVanished(t *testing.T) {
	e := &engine{profile: "work", token: token, proofToken: token}
	port := serve(t, e)
	c := Client{Port: port, Profile: "work", Token: token}
	c.table = func() ([]tcpRow, bool, error) { return nil, true, nil }
	if _, err := c.Check(t.Context()); err != nil {
		t.Errorf("an empty table was taken as a witness: %v", err)
	}
	conn, err := net.Dial("tcp4", netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c.table = func() ([]tcpRow, bool, error) {
		return []tcpRow{{local: addrPort(conn.LocalAddr()), remote: addrPort(conn.RemoteAddr())}}, true, nil
	}
	if err := c.checkOwner(conn); !Is(err, NoAnswer) {
		t.Errorf("error %v, want that the listener was closed", err)
	}
}

func FuzzParseTCP(f *testing.F) {
	for _, row := range []string{exactV4, wildV6, mappedV6, established, "x\n", ""} {
		f.Add(heading + row)
	}
	f.Fuzz(func(t *testing.T, table string) {
		rows, err := parseTCP(strings.NewReader(table))
		if err == nil {
			owners(rows, 8081)
		}
	})
}
