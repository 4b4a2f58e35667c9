package health

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// tcpListen is the state TCP_LISTEN as /proc/net/tcp writes it (the kernel's
// include/net/tcp_states.h).
const tcpListen = "0A"

// tcpRow is a line of /proc/net/tcp or tcp6 (the kernel's
// Documentation/networking/proc_net_tcp.rst).
type tcpRow struct {
	local, remote netip.AddrPort
	listening     bool
	uid           int
	inode         uint64 // of the socket; 0 where it has none any more
}

// parseTCP reads a whole table. Lines that it does not understand are errors:
// a check that overlooks a line could overlook the wrong one.
func parseTCP(r io.Reader) ([]tcpRow, error) {
	var rows []tcpRow
	sc := bufio.NewScanner(r)
	for n := 0; sc.Scan(); n++ {
		if n == 0 { // the heading
			continue
		}
		row, err := parseTCPRow(sc.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d of the kernel's socket table: %w", n+1, err)
		}
		rows = append(rows, row)
	}
	return rows, sc.Err()
}

func parseTCPRow(line string) (tcpRow, error) {
	// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
	f := strings.Fields(line)
	if len(f) < 8 {
		return tcpRow{}, fmt.Errorf("%d fields, expected at least 8", len(f))
	}
	local, err := parseHexAddr(f[1])
	if err != nil {
		return tcpRow{}, err
	}
	remote, err := parseHexAddr(f[2])
	if err != nil {
		return tcpRow{}, err
	}
	uid, err := strconv.ParseUint(f[7], 10, 32)
	if err != nil {
		return tcpRow{}, fmt.Errorf("uid: %w", err)
	}
	row := tcpRow{local: local, remote: remote, listening: f[3] == tcpListen, uid: int(uid)}
	if len(f) > 9 {
		if row.inode, err = strconv.ParseUint(f[9], 10, 64); err != nil {
			return tcpRow{}, fmt.Errorf("inode: %w", err)
		}
	}
	return row, nil
}

// parseHexAddr reads "0100007F:1F91". The address is printed as 32-bit words in
// the machine's byte order; every platform that ringlet is built for is
// little-endian.
func parseHexAddr(s string) (netip.AddrPort, error) {
	host, port, ok := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	if !ok || err != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, fmt.Errorf("address %q", s)
	}
	p, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port of %q: %w", s, err)
	}
	for i := 0; i < len(raw); i += 4 {
		raw[i], raw[i+1], raw[i+2], raw[i+3] = raw[i+3], raw[i+2], raw[i+1], raw[i]
	}
	addr, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(p)), nil
}

// owners are the uids of the listeners that a connection to 127.0.0.1:port can
// reach: those bound to that very address, or else, because the kernel prefers
// them, those bound to all addresses.
func owners(rows []tcpRow, port int) []int {
	var out []int
	for _, r := range reached(rows, port) {
		out = append(out, r.uid)
	}
	return out
}

// listeners are the inodes of the same sockets.
func listeners(rows []tcpRow, port int) []uint64 {
	var out []uint64
	for _, r := range reached(rows, port) {
		out = append(out, r.inode)
	}
	return out
}

func reached(rows []tcpRow, port int) []tcpRow {
	var exact, wild []tcpRow
	for _, r := range rows {
		if !r.listening || int(r.local.Port()) != port {
			continue
		}
		switch a := r.local.Addr(); {
		case a == netip.AddrFrom4([4]byte{127, 0, 0, 1}):
			exact = append(exact, r)
		case a.IsUnspecified():
			wild = append(wild, r)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return wild
}

// lists reports whether the table shows the connection from client to server,
// as seen by the client: a table that does not is no witness.
func lists(rows []tcpRow, client, server netip.AddrPort) bool {
	for _, r := range rows {
		if r.local == client && r.remote == server {
			return true
		}
	}
	return false
}
