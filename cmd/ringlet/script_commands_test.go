package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
)

// scriptCommands are what a session can say besides testscript's own commands:
//
//	upstream ID…               start a scripted provider and write providers.d/ID.yaml for each; sets $UPSTREAM
//	requests                   print what the provider was asked, a line each: method, path, model, key
//	post ALIAS [name=value…]   send a Messages request to the profile's proxy; prints the status and the body
//	refused N ringlet …        the command exits N with two sentences, prints no output and writes nothing
//	unchanged COMMAND…         the command exits 0 and writes nothing
//	exits N COMMAND…           the command exits N
//	mode FILE 0600             the file has these permissions
//	launchd [gui|ssh]          from here on the init system is a launchd: see script_launchd_test.go
//	hold PORT                  listen on a port; sets $HOLDER, the process as ringlet names it
//	json FILE PATH VALUE       the value at a path (of gjson) in a JSON file, or in stdout
//	json FILE PATH > NAME      put the value into a variable
//	fields FILE PATH NAME…     the object at a path has exactly these fields
//	waitfor WHAT               wait for: listening PORT, closed PORT, ended PID, line PATTERN FILE,
//	                           prints PATTERN COMMAND…
func scriptCommands(t *testing.T) map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	only := func(do func(ts *testscript.TestScript, args []string)) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("this command cannot be negated")
			}
			do(ts, args)
		}
	}
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"upstream": only(cmdUpstream), "requests": only(cmdRequests), "post": only(cmdPost),
		"refused": only(cmdRefused), "unchanged": only(cmdUnchanged), "exits": only(cmdExits), "mode": only(cmdMode), "hold": only(cmdHold),
		"launchd": only(func(ts *testscript.TestScript, args []string) { cmdLaunchd(t, ts, args) }),
		"json":    only(cmdJSON), "fields": only(cmdFields), "waitfor": only(cmdWaitfor),
	}
}

// scriptCondition is what a line can depend on besides testscript's own
// conditions: [root], for what permissions do not keep from root.
func scriptCondition(cond string) (bool, error) {
	if cond == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("there is no condition %q", cond)
}

func need(ts *testscript.TestScript, args []string, least int, usage string) {
	if len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
}

func cmdExits(ts *testscript.TestScript, args []string) {
	need(ts, args, 2, "exits CODE COMMAND…")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d; want %d", got, want)
	}
}

// twoSentences is how every error is told: what is wrong, and what to do. What
// takes more than a second is said before.
var twoSentences = regexp.MustCompile(`\A((warning: .+|waiting for .+ …)\n)*ringlet: .+\nhint: .+\n\z`)

func cmdRefused(ts *testscript.TestScript, args []string) {
	before := snapshot(ts)
	cmdExits(ts, args)
	if diff := before.diff(snapshot(ts)); diff != "" {
		ts.Fatalf("a refused command must write nothing:\n%s", diff)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("a refused command must print nothing to standard output")
	}
	if said := ts.ReadFile("stderr"); !twoSentences.MatchString(said) {
		ts.Fatalf("an error is one sentence that says what is wrong and one that says what to do, not:\n%s", said)
	}
}

func cmdUnchanged(ts *testscript.TestScript, args []string) {
	need(ts, args, 1, "unchanged COMMAND…")
	before := snapshot(ts)
	cmdExits(ts, append([]string{"0"}, args...))
	if diff := before.diff(snapshot(ts)); diff != "" {
		ts.Fatalf("this command must write nothing:\n%s", diff)
	}
}

func cmdMode(ts *testscript.TestScript, args []string) {
	need(ts, args, 2, "mode FILE MODE")
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	info, err := os.Lstat(ts.MkAbs(args[0]))
	ts.Check(err)
	if info.Mode().Perm() != fs.FileMode(want) {
		ts.Fatalf("%s has mode %04o; want %04o", args[0], info.Mode().Perm(), want)
	}
}

func cmdHold(ts *testscript.TestScript, args []string) {
	need(ts, args, 1, "hold PORT")
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", args[0]))
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() { // like a program that expects something else than HTTP
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	comm, err := os.ReadFile("/proc/self/comm")
	ts.Check(err)
	ts.Setenv("HOLDER", fmt.Sprintf("%s (pid %d)", strings.TrimSpace(string(comm)), os.Getpid()))
}

func cmdUpstream(ts *testscript.TestScript, args []string) {
	need(ts, args, 1, "upstream ID…")
	u, err := gatewaytest.Start(gatewaytest.Options{})
	ts.Check(err)
	ts.Defer(u.Close)
	ts.Setenv("UPSTREAM", u.URL)
	setUpstream(ts, u)
	dir := filepath.Join(ts.Getenv("HOME"), ".config", "ringlet", "providers.d")
	ts.Check(os.MkdirAll(dir, 0o700))
	for _, id := range args {
		text := fmt.Sprintf("id: %s\nname: The %s provider\nendpoints:\n  default: { messages: %q }\ndefault_endpoint: default\nauth: { env: %s_KEY, header: x-api-key }\n",
			id, id, u.URL+"/"+id, strings.ToUpper(id))
		ts.Check(os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o600))
	}
}

func cmdJSON(ts *testscript.TestScript, args []string) {
	need(ts, args, 3, "json FILE PATH VALUE, or: json FILE PATH > NAME")
	got := at(ts, args[0], args[1])
	if args[2] == ">" {
		need(ts, args, 4, "json FILE PATH > NAME")
		ts.Setenv(args[3], got.String())
		return
	}
	if got.String() != args[2] {
		ts.Fatalf("%s of %s is %q; want %q", args[1], args[0], got.String(), args[2])
	}
}

func cmdFields(ts *testscript.TestScript, args []string) {
	need(ts, args, 3, "fields FILE PATH NAME…")
	var got []string
	at(ts, args[0], args[1]).ForEach(func(key, _ gjson.Result) bool {
		got = append(got, key.String())
		return true
	})
	if want := args[2:]; !slices.Equal(got, want) {
		ts.Fatalf("the fields of %s are %q; want %q", args[1], got, want)
	}
}

// at is the value at a path; it must be there, and all of the file JSON.
func at(ts *testscript.TestScript, file, path string) gjson.Result {
	text := ts.ReadFile(file)
	if !gjson.Valid(text) {
		ts.Fatalf("%s is not JSON:\n%s", file, text)
	}
	got := gjson.Get(text, path)
	if !got.Exists() {
		ts.Fatalf("%s has no %s:\n%s", file, path, text)
	}
	return got
}

// patience is how long is waited for what nothing promises a time for: a busy
// machine is no fault of ringlet's.
const patience = time.Minute

func cmdWaitfor(ts *testscript.TestScript, args []string) {
	need(ts, args, 2, "waitfor listening|closed|ended|line|prints …")
	done := condition(ts, args)
	late := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			ts.Fatalf("not within %v: %s", patience, strings.Join(args, " "))
		}
	}
}

func condition(ts *testscript.TestScript, args []string) func() bool {
	switch args[0] {
	case "listening", "closed":
		return func() bool {
			c, err := net.DialTimeout("tcp4", net.JoinHostPort("127.0.0.1", args[1]), patience)
			if err == nil {
				c.Close()
			}
			if args[0] == "closed" { // any other error says nothing about the port
				return errors.Is(err, syscall.ECONNREFUSED)
			}
			return err == nil
		}
	case "ended":
		pid, err := strconv.Atoi(args[1])
		ts.Check(err)
		return func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) }
	case "line":
		need(ts, args, 3, "waitfor line PATTERN FILE")
		pattern := regexp.MustCompile("(?m)" + args[1])
		return func() bool {
			text, err := os.ReadFile(ts.MkAbs(args[2]))
			return err == nil && pattern.Match(text)
		}
	case "prints":
		need(ts, args, 3, "waitfor prints PATTERN COMMAND…")
		pattern := regexp.MustCompile("(?m)" + args[1])
		return func() bool {
			return ts.Exec(args[2], args[3:]...) == nil && pattern.MatchString(ts.ReadFile("stdout"))
		}
	}
	ts.Fatalf("waitfor knows no %q", args[0])
	return nil
}

// zombie reports whether a process has ended and waits for its parent to see
// it. In a container the parent may be a process 1 that never looks.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, ok := strings.Cut(string(stat), ") ")
	return ok && strings.HasPrefix(rest, "Z")
}
