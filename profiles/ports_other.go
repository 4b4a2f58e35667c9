//go:build !linux

package profiles

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"time"
)

// HolderOf describes who listens on a TCP port of this machine: by name and pid
// where the process is this user's. It is asked of lsof(8), which macOS has: the
// kernel tells it nobody without C.
func HolderOf(port int) string {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = l.Close()
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	// It fails where it finds nothing, which is an answer here.
	out, _ := exec.CommandContext(ctx, "/usr/sbin/lsof", "-nP", "+c0", fmt.Sprintf("-iTCP:%d", port), "-sTCP:LISTEN", "-Fpc").Output()
	if who := lsofHolder(string(out)); who != "" {
		return who
	}
	return "a program that cannot be seen: another user's, or the system's"
}
