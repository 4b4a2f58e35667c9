//go:build testbed

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// bed is one test's own home beside the real user manager: the real binary,
// three providers that are one scripted upstream under three paths, and a key
// for each. Its profiles are deleted with the test.
type bed struct {
	t        testing.TB
	home     string // HOME
	exe      string // the ringlet binary, absolute
	upstream *gatewaytest.Upstream
	env      []string

	firstPort int           // of portsPerBed that are its own
	limit     time.Duration // of one command
}

// The providers of a bed. A request to second arrives at upstream.URL + "/second".
var bedProviders = []string{"first", "second", "third"}

// bedKey is the key that a bed stores for a provider.
func bedKey(provider string) string { return "sk-key-of-" + provider + "-8c1f7be20d" }

// newBed makes a bed for build/ringlet. It fails where there is no user manager
// or no binary: a test that did not run must not look like one that passed.
func newBed(t testing.TB) *bed {
	t.Helper()
	return newBedFor(t, "ringlet")
}

// newBedFor makes a bed for one of the binaries in the build folder.
func newBedFor(t testing.TB, binary string) *bed {
	t.Helper()
	return newBedIn(t, binary, t.TempDir())
}

// newBedIn makes a bed whose home is a folder of the test's.
func newBedIn(t testing.TB, binary, home string) *bed {
	t.Helper()
	exe, err := filepath.Abs("../../build/" + binary)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(exe); err != nil {
		t.Fatalf("%v; run: make testbed-binaries", err)
	}
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	if _, err := os.Stat(filepath.Join(runtime, "systemd", "private")); runtime == "" || err != nil {
		t.Fatalf("no user manager (XDG_RUNTIME_DIR=%q, %v); these tests run in packaging/testbed", runtime, err)
	}
	b := &bed{t: t, home: home, exe: exe, upstream: gatewaytest.New(t, nil), firstPort: portsOfBed(t), limit: 2 * patience}
	b.env = []string{"HOME=" + b.home, "PATH=/usr/local/bin:/usr/bin:/bin", "XDG_RUNTIME_DIR=" + runtime, "LANG=C.UTF-8", "USER=" + os.Getenv("USER")}
	b.write(".config/ringlet/config.yaml", fmt.Sprintf("ports: { start: %d, count: %d }\n", b.firstPort, portsPerBed))
	for _, id := range bedProviders {
		b.write(".config/ringlet/providers.d/"+id+".yaml", fmt.Sprintf(
			"id: %s\nname: The %s one\nendpoints:\n  only: { messages: %q }\ndefault_endpoint: only\nauth: { env: %s_KEY, header: x-api-key }\n",
			id, id, b.upstream.URL+"/"+id, strings.ToUpper(id)))
		b.okWith(bedKey(id)+"\n", "providers", "login", id)
	}
	return b
}

// What a bed's proxies listen on: above the blocks of the sessions, below the
// ports of clients.
const (
	firstOfBeds = 20_000
	portsPerBed = 120
	lastOfBeds  = 32_767
)

// portsOfBed gives a bed ports that no other one is given while its test runs: with
// those that a user gets they would take them from each other between the choice of
// a port and its use. A folder says that they are given out.
func portsOfBed(t testing.TB) (first int) {
	t.Helper()
	for first := firstOfBeds; first+portsPerBed <= lastOfBeds; first += portsPerBed {
		mark := filepath.Join(os.TempDir(), fmt.Sprintf("ringlet-ports-%d", first))
		if os.Mkdir(mark, 0o700) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(mark) })
		if free(first, portsPerBed) {
			return first
		}
	}
	t.Fatalf("no %d free ports in a row from %d on", portsPerBed, firstOfBeds)
	return 0
}

// spare is a port of the bed's own that it gives to no proxy by itself, as that takes
// the others first: one that the kernel gives could be a client's a moment later.
func (b *bed) spare() int { return b.firstPort + portsPerBed - 1 }

// unmanaged has the bed's commands find no user manager, as in a container.
func (b *bed) unmanaged() {
	b.setenv("XDG_RUNTIME_DIR", b.t.TempDir())
}

func (b *bed) setenv(name, value string) {
	for i, v := range b.env {
		if strings.HasPrefix(v, name+"=") {
			b.env[i] = name + "=" + value
			return
		}
	}
	b.env = append(b.env, name+"="+value)
}

// alias is a name that no other test and no crashed run before this one uses:
// the user manager is one for all homes.
func (b *bed) alias(name string) string { return fmt.Sprintf("acc-%s-%d", name, os.Getpid()) }

// outcome is how a command ended.
type outcome struct {
	args           []string
	code           int
	stdout, stderr string
	took           time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("ringlet %s: exit %d after %v\n%s%s", strings.Join(o.args, " "), o.code, o.took.Round(time.Millisecond), o.stdout, o.stderr)
}

// command is a ringlet command with the bed's environment.
func (b *bed) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.exe, args...)
	cmd.Env, cmd.Dir = b.env, b.home
	cmd.WaitDelay = patience // for what it leaves, which may keep its output open
	return cmd
}

// try runs a ringlet command, however it ends.
func (b *bed) try(args ...string) outcome { return b.tryWith("", args...) }

func (b *bed) tryWith(stdin string, args ...string) outcome {
	b.t.Helper()
	// Also in a clean-up, when the test's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.t.Context()), b.limit)
	defer cancel()
	cmd := b.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	o := outcome{args: args, code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), took: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || o.code < 0 {
		b.t.Errorf("%v\n%v", o, err)
	}
	return o
}

// ok runs a ringlet command that has to succeed.
func (b *bed) ok(args ...string) outcome { b.t.Helper(); return b.okWith("", args...) }

func (b *bed) okWith(stdin string, args ...string) outcome {
	b.t.Helper()
	o := b.tryWith(stdin, args...)
	if o.code != 0 {
		b.t.Fatal(o)
	}
	return o
}

// refused runs a ringlet command that has to fail with the exit code, a
// sentence that contains every one of the words, and a hint.
func (b *bed) refused(code int, words []string, args ...string) outcome {
	b.t.Helper()
	o := b.try(args...)
	if o.code != code {
		b.t.Errorf("exit code %d is wanted\n%v", code, o)
	}
	for _, word := range append(words, "hint: ") {
		if !strings.Contains(o.stderr, word) {
			b.t.Errorf("%q is not in its messages\n%v", word, o)
		}
	}
	return o
}

// create makes a profile with a proxy at the provider first.
func (b *bed) create(alias string, args ...string) {
	b.t.Helper()
	b.deleteAtEnd(alias)
	b.ok(append([]string{"profiles", "create", "claude", alias, "--proxy", "-p", "first"}, args...)...)
}

// deleteAtEnd deletes a profile with the test, if it is there.
func (b *bed) deleteAtEnd(alias string) {
	b.t.Cleanup(func() {
		if b.exists(".config/ringlet/profiles/" + alias + ".json") {
			if o := b.try("profiles", "delete", alias, "--force"); o.code != 0 {
				b.t.Errorf("clean-up: %v", o)
			}
		}
	})
}

// rule adds a rule.
func (b *bed) rule(alias, name, condition, target string, args ...string) outcome {
	b.t.Helper()
	return b.ok(append([]string{"proxy", "route", "add", alias, name, condition, target}, args...)...)
}
