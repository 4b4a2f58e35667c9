//go:build vm

package vmtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Where make test-vm puts what a machine is made of.
const folder = "../../build/vm"

// patience is how long anything may take that has no limit of its own: without
// KVM the processor is emulated, some 20 times slower, and others may use it too.
const patience = 5 * time.Minute

// machine is a virtual machine of a test's own, with a disk of its own that
// outlives its boots.
type machine struct {
	t     testing.TB
	dir   string // its disk, its console
	extra string // words for the kernel's command line

	qemu *exec.Cmd
	line *line
	gone chan struct{} // closed when qemu has ended

	mu    sync.Mutex
	ended error // how, once gone is closed
}

// accelerator is what qemu is told to run on. A /dev/kvm that opens is not enough:
// where the processor shows no virtualization (as in some virtual machines), KVM
// emulates instructions of the kernel that it does not know, and stops.
func accelerator() string {
	flags, err := os.ReadFile("/proc/cpuinfo")
	if err == nil && (bytes.Contains(flags, []byte(" vmx ")) || bytes.Contains(flags, []byte(" svm "))) {
		if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
			f.Close()
			return "kvm"
		}
	}
	return "tcg,thread=multi,tb-size=512"
}

// newMachine makes a machine with a fresh disk, and boots it.
func newMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	out, err := exec.Command("cp", "--sparse=always", "--reflink=auto", filepath.Join(folder, "base/root.ext4"), m.disk()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s; run: make test-vm", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			console, _ := os.ReadFile(m.console())
			t.Logf("the end of its console:\n%s", console[max(0, len(console)-4000):])
		}
		m.cut()
	})
	m.boot()
	return m
}

func (m *machine) disk() string    { return filepath.Join(m.dir, "root.ext4") }
func (m *machine) console() string { return filepath.Join(m.dir, "console") }

// boot switches the machine on and waits for the tester's user manager.
func (m *machine) boot() time.Duration {
	m.t.Helper()
	began := time.Now()
	socket := filepath.Join(m.dir, "port")
	_ = os.Remove(socket) // of the boot before
	kernel := "root=PARTUUID=72696e67-01 rootwait rw console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr random.trust_cpu=on apparmor=0 " +
		"systemd.show_status=false no_timer_check tsc=reliable " + m.extra
	m.qemu = exec.Command("qemu-system-x86_64", "-machine", "pc", "-accel", accelerator(), "-cpu", "qemu64,+rdrand", "-smp", "2", "-m", "1024",
		"-nodefaults", "-no-user-config", "-display", "none", "-serial", "file:"+m.console(),
		"-kernel", filepath.Join(folder, "base/vmlinux"), "-append", kernel,
		// What the guest has written is in this machine's page cache at once, and survives
		// a kill of qemu; what the guest has not written yet does not.
		"-drive", "if=none,id=root,format=raw,cache=writeback,file="+m.disk(),
		"-drive", "if=none,id=repo,format=raw,readonly=on,file="+filepath.Join(folder, "repo.ext4"),
		"-device", "nvme,id=nvme,serial=ringlet", "-device", "nvme-ns,drive=root,nsid=1", "-device", "nvme-ns,drive=repo,nsid=2",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=port,server=on,wait=on,path="+socket, "-device", "virtserialport,chardev=port,name=ringlet")
	said := &bytes.Buffer{}
	m.qemu.Stderr = said
	if err := m.qemu.Start(); err != nil {
		m.t.Fatalf("%v; run: make packages-vm", err)
	}
	m.gone = make(chan struct{})
	go func(cmd *exec.Cmd, gone chan struct{}) {
		err := cmd.Wait()
		m.mu.Lock()
		m.ended = fmt.Errorf("qemu has ended: %v %s", err, said)
		m.mu.Unlock()
		close(gone)
	}(m.qemu, m.gone)
	var conn net.Conn
	m.until("qemu listens for the tests", func() (err error) {
		conn, err = net.Dial("unix", socket)
		return err
	})
	m.line = newLine(conn)
	m.ready()
	return time.Since(began)
}

// ready waits for the agent of a new boot, and for the tester's user manager.
func (m *machine) ready() {
	m.t.Helper()
	select {
	case <-m.line.boots:
	case <-m.gone:
		m.t.Fatal(m.end())
	case <-time.After(patience):
		m.t.Fatal("it did not boot")
	}
	m.root("until test -S /run/user/$(id -u tester)/bus; do sleep 0.1; done")
}

func (m *machine) end() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended
}

// cut switches the machine off, as a power cut does.
func (m *machine) cut() {
	if m.qemu == nil {
		return
	}
	_ = m.qemu.Process.Kill() // it may be gone
	<-m.gone
	if m.line != nil {
		m.line.close()
	}
}

// restart ends the machine in order, and switches it on again with m.extra.
func (m *machine) restart() time.Duration {
	m.t.Helper()
	m.start("root", "systemctl poweroff")
	select {
	case <-m.gone:
	case <-time.After(patience):
		m.t.Fatal("it did not switch itself off")
	}
	m.cut()
	return m.boot()
}

// reboot restarts the machine in order, and waits until it is back.
func (m *machine) reboot() {
	m.t.Helper()
	m.start("root", "systemctl reboot")
	m.ready()
}

// until waits for a condition out here.
func (m *machine) until(what string, holds func() error) {
	m.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-m.gone:
			m.t.Fatalf("%s: %v", what, m.end())
		case <-limit:
			m.t.Fatalf("%s: %v", what, err)
		}
	}
}

// result is how a command in the machine ended.
type result struct {
	command        string
	code           int
	stdout, stderr string
	took           time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("%s: exit %d after %v\n%s%s", r.command, r.code, r.took.Round(time.Millisecond), r.stdout, r.stderr)
}

// start starts a shell command in the machine, as a user.
func (m *machine) start(user, command string) *process {
	return m.line.start(user, "exec 2>&1\n"+command, nil)
}

// try runs a shell command as the tester, however it ends.
func (m *machine) try(command string) result { m.t.Helper(); return m.run("tester", command) }

// ok runs a shell command as the tester, which has to succeed, and returns what it prints.
func (m *machine) ok(command string) string {
	m.t.Helper()
	return m.succeeds("tester", command)
}

// root runs a shell command as root, which has to succeed.
func (m *machine) root(command string) string {
	m.t.Helper()
	return m.succeeds("root", command)
}

func (m *machine) succeeds(user, command string) string {
	m.t.Helper()
	r := m.run(user, command)
	if r.code != 0 {
		m.t.Fatal(r)
	}
	return strings.TrimSpace(r.stdout)
}

func (m *machine) run(user, command string) result {
	m.t.Helper()
	return m.within(m.t, user, command)
}

// within runs a shell command, as a part of a test. It may take as long as a suite.
func (m *machine) within(t testing.TB, user, command string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	defer cancel()
	began := time.Now()
	var stdout, stderr bytes.Buffer
	p := m.line.start(user, command, func(out, err []byte) { stdout.Write(out); stderr.Write(err) })
	code, err := p.wait(ctx)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, &stdout, &stderr)
	}
	return result{command, code, stdout.String(), stderr.String(), time.Since(began)}
}
