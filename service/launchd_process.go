package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/logfile"
	"github.com/ringlet/ringlet/units"
)

// taken says that somebody listens on the port.
func taken(port int) bool {
	listener, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return errors.Is(err, syscall.EADDRINUSE)
	}
	_ = listener.Close()
	return false
}

// open says that the port takes connections.
func open(ctx context.Context, port int) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// pause waits, or returns why the context ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// keepLines is how many lines explain a failure.
const keepLines = 5

// helper runs a command that says on standard error what is wrong.
func helper(ctx context.Context, command, environ []string) (lines []string, err error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Stderr = environ, &complaint
	err = cmd.Run()
	return lastLines(complaint.String()), err
}

func lastLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return slices.Clone(lines[max(0, len(lines)-keepLines):])
}

// logEnd is where the next line of launchd's log of the engine will stand.
func (l *launchd) logEnd(p plist) int64 {
	info, err := os.Stat(units.LaunchdLog(p.origin.ConfigPath))
	if err != nil {
		return 0
	}
	return info.Size()
}

// said is what the engine printed since then, but for the lines that only say when.
func (l *launchd) said(p plist, since int64) []string {
	f, err := os.Open(units.LaunchdLog(p.origin.ConfigPath))
	if err != nil {
		return nil
	}
	defer f.Close()
	if _, err := f.Seek(since, io.SeekStart); err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		l.log.Debug("the engine's last words cannot be read", "error", err)
	}
	var said strings.Builder
	for line := range strings.Lines(string(text)) {
		if !logfile.Parse(line, logfile.Line{}).Timed {
			said.WriteString(line)
		}
	}
	return lastLines(said.String())
}
