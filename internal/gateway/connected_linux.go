package gateway

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// The states of a TCP socket whose other side has closed it: include/net/tcp_states.h.
const (
	tcpClose     = 7
	tcpCloseWait = 8
)

// peerClosed asks the kernel whether the other side has closed the connection,
// without reading from it.
func peerClosed(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			closed = info.State == tcpClose || info.State == tcpCloseWait
		}
	})
	return closed || err != nil
}
