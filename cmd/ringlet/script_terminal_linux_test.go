package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKeysAreNotEchoed types a key on a terminal once it has been asked for: the
// terminal must not show it, and must echo again afterwards. Creating a profile
// asks as well, where no key is stored.
func TestKeysAreNotEchoed(t *testing.T) {
	for _, command := range []string{"providers login anthropic", "profiles create claude work -p anthropic"} {
		t.Run(command, func(t *testing.T) { keyIsNotEchoed(t, strings.Fields(command)) })
	}
}

func keyIsNotEchoed(t *testing.T, command []string) {
	master, terminal := openTerminal(t)
	home := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ringlet", command...)
	cmd.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + t.TempDir(), "GORACE=atexit_sleep_ms=0"}
	cmd.Stdin, cmd.Stdout = terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	asked, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(asked)
	if prompt, err := said.ReadString(':'); err != nil || !strings.HasSuffix(prompt, "API key of Anthropic (not shown):") {
		t.Fatalf("asked %q, %v", prompt, err)
	}
	// The prompt is written just before the echo is switched off.
	for late := time.After(patience); echoes(t, terminal); {
		select {
		case <-late:
			t.Fatal("it asks with the echo on")
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := master.WriteString("sk-typed\n"); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	if _, err := said.WriteTo(&rest); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(rest.String(), "Stored the key of anthropic") {
		t.Fatalf("%v: %s", err, rest.String())
	}
	if !echoes(t, terminal) {
		t.Error("the terminal's echo is off after the command")
	}
	stored, err := os.ReadFile(filepath.Join(home, ".config", "ringlet", "credentials", "anthropic"))
	if err != nil || !strings.Contains(string(stored), "sk-typed") {
		t.Errorf("stored %q, %v", stored, err)
	}
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	shown := make([]byte, 4096)
	n, _ := master.Read(shown) // EIO: nothing was shown, and the other end is closed
	if strings.Contains(string(shown[:n]), "sk-typed") {
		t.Errorf("the terminal showed %q", shown[:n])
	}
}

// TestCreateOffersTheShellsKey answers the question about a key that only the
// shell has.
func TestCreateOffersTheShellsKey(t *testing.T) {
	for answer, stores := range map[string]bool{"\n": true, "y\n": true, "n\n": false, "\x04": false} {
		t.Run(strconv.Quote(answer), func(t *testing.T) {
			master, terminal := openTerminal(t)
			home := t.TempDir()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, "ringlet", "profiles", "create", "claude", "work", "--proxy", "-p", "anthropic")
			cmd.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + t.TempDir(), "ANTHROPIC_API_KEY=sk-of-the-shell", "GORACE=atexit_sleep_ms=0"}
			cmd.Stdin, cmd.Stdout = terminal, terminal
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			asked, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewReader(asked)
			if prompt, err := said.ReadString(']'); err != nil || !strings.HasPrefix(prompt, "ANTHROPIC_API_KEY is set in this shell") {
				t.Fatalf("asked %q, %v", prompt, err)
			}
			if _, err := master.WriteString(answer); err != nil {
				t.Fatal(err)
			}
			var rest strings.Builder
			if _, err := said.WriteTo(&rest); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || !strings.Contains(rest.String(), `Created the Claude Code profile "work"`) {
				t.Fatalf("%v: %s", err, rest.String())
			}
			stored, err := os.ReadFile(filepath.Join(home, ".config", "ringlet", "credentials", "anthropic"))
			if got := err == nil && strings.Contains(string(stored), "sk-of-the-shell"); got != stores {
				t.Errorf("stored %q, %v", stored, err)
			}
		})
	}
}

// openTerminal opens a pseudo-terminal (pts(4)): what is written to master is
// typed on the terminal, what the terminal shows is read from master.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return master, terminal
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return mode.Lflag&unix.ECHO != 0
}
