// Command guest runs in the virtual machine as root, started by systemd, and runs
// commands for the tests outside: it reads requests from a virtio serial port and
// answers there, a JSON object a line. It never ends one command for another.
//
//	guest /dev/vport0p1
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/ringlet/ringlet/packaging/vmtest/wire"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: guest PORT")
		os.Exit(2)
	}
	if err := serve(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

// port is the line to the tests; many commands write to it.
type port struct {
	mu sync.Mutex
	w  io.Writer
}

// send writes an answer as a line of its own, whatever half line a boot before
// this one has left.
func (p *port) send(a wire.Answer) {
	data, err := json.Marshal(a)
	if err != nil {
		panic(err) // plain fields cannot fail
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// The other end is gone only when the machine is.
	_, _ = p.w.Write(append(append([]byte("\n"), data...), '\n'))
}

func serve(ctx context.Context, name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	p := &port{w: f}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	p.send(wire.Answer{Boot: strings.TrimSpace(string(boot))})
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r wire.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			continue // half a line, cut by a boot
		}
		go run(ctx, p, r)
	}
	return lines.Err()
}

// output sends what a command prints, as it prints it.
type output struct {
	p      *port
	id     int
	errors bool
}

func (o output) Write(b []byte) (int, error) {
	a := wire.Answer{ID: o.id}
	if o.errors {
		a.Stderr = b
	} else {
		a.Stdout = b
	}
	o.p.send(a)
	return len(b), nil
}

// run runs one command and reports its end.
func run(ctx context.Context, p *port, r wire.Request) {
	exit := 0
	cmd, err := command(ctx, r)
	if err == nil {
		cmd.Stdout, cmd.Stderr = output{p, r.ID, false}, output{p, r.ID, true}
		cmd.Stdin = strings.NewReader(r.Stdin)
		err = cmd.Run()
	}
	switch {
	case cmd != nil && cmd.ProcessState != nil:
		exit = cmd.ProcessState.ExitCode()
	case err != nil:
		output{p, r.ID, true}.Write([]byte(err.Error() + "\n")) //nolint:errcheck // it cannot fail
		exit = 127
	}
	p.send(wire.Answer{ID: r.ID, Exit: &exit})
}

// command prepares a command as its user, with a clean environment.
func command(ctx context.Context, r wire.Request) (*exec.Cmd, error) {
	u, err := user.Lookup(r.User)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/env", append([]string{"--"}, r.Command...)...)
	cmd.Dir = r.Dir
	if cmd.Dir == "" {
		cmd.Dir = u.HomeDir
	}
	cmd.Env = append([]string{
		"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=/usr/local/bin:/usr/bin:/bin",
	}, r.Env...)
	if dir := filepath.Join("/run/user", u.Uid); uid != 0 {
		cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+dir)
	} else {
		cmd.Env = append(cmd.Env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd, nil
}
