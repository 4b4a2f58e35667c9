package health

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Sizes and places in a question to the kernel about one socket, and in its answer
// (sock_diag(7); linux/inet_diag.h: inet_diag_req_v2, inet_diag_msg).
const (
	diagHeader   = 16 // struct nlmsghdr
	diagRequest  = diagHeader + 56
	diagAnswer   = diagHeader + 72
	diagListen   = 10 // TCP_LISTEN
	diagNoCookie = 0xffffffff
)

// listenerOf asks the kernel for the socket that a connection to 127.0.0.1:port
// reaches, by the lookup that connections themselves take. The whole table, which
// the kernel gathers from all of its memory for sockets, takes milliseconds; this
// takes microseconds. ok is false where the kernel does not answer (before 3.3,
// without the module tcp_diag, in a sandbox without netlink) or knows of none.
func listenerOf(port int) (row tcpRow, ok bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return tcpRow{}, false
	}
	defer unix.Close(fd)
	wait := unix.Timeval{Sec: 1} // the kernel answers at once, or something is in between
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return tcpRow{}, false
	}
	if err := unix.Sendto(fd, diagQuestion(port), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return tcpRow{}, false
	}
	answer := make([]byte, 4096)
	n, from, err := unix.Recvfrom(fd, answer, 0)
	if sender, kernel := from.(*unix.SockaddrNetlink); err != nil || !kernel || sender.Pid != 0 {
		return tcpRow{}, false
	}
	row, err = parseDiag(answer[:n], port)
	return row, err == nil
}

// diagQuestion names one socket: TCP over IPv4, bound to 127.0.0.1:port, of no peer.
func diagQuestion(port int) []byte {
	q := make([]byte, diagRequest)
	native := binary.NativeEndian
	native.PutUint32(q[0:], diagRequest)
	native.PutUint16(q[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(q[6:], unix.NLM_F_REQUEST)
	native.PutUint32(q[8:], 1) // its number
	body := q[diagHeader:]
	body[0], body[1] = unix.AF_INET, unix.IPPROTO_TCP
	native.PutUint32(body[4:], 1<<diagListen)
	binary.BigEndian.PutUint16(body[8:], uint16(port))
	copy(body[12:], []byte{127, 0, 0, 1})
	native.PutUint32(body[48:], diagNoCookie)
	native.PutUint32(body[52:], diagNoCookie)
	return q
}

var errNoAnswer = errors.New("the kernel does not say")

// parseDiag reads the answer.
func parseDiag(answer []byte, port int) (tcpRow, error) {
	native := binary.NativeEndian
	if len(answer) < diagAnswer || native.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY || native.Uint32(answer[8:]) != 1 {
		return tcpRow{}, errNoAnswer
	}
	body := answer[diagHeader:]
	if body[1] != diagListen || int(binary.BigEndian.Uint16(body[4:])) != port {
		return tcpRow{}, fmt.Errorf("%w: it speaks of another socket", errNoAnswer)
	}
	local := netip.AddrFrom4([4]byte(body[8:12]))
	if body[0] == unix.AF_INET6 {
		local = netip.AddrFrom16([16]byte(body[8:24])).Unmap()
	}
	return tcpRow{local: netip.AddrPortFrom(local, uint16(port)), listening: true,
		uid: int(native.Uint32(body[64:])), inode: uint64(native.Uint32(body[68:]))}, nil
}
