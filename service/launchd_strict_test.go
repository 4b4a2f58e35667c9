package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/launchctltest"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// proxy is one that is installed, in a launchd of its own.
type launchdProxy struct {
	*servicetest.Proxy
	s     service.Supervisor
	fake  *launchctltest.Launchd
	label string
	plist string
}

func newLaunchdProxy(t *testing.T, alias string) launchdProxy {
	t.Helper()
	dir := t.TempDir()
	s, fake := onLaunchd(t, func(_ *launchctltest.Launchd, o *service.ConnectOptions) { o.LaunchAgents = dir })
	p := launchdProxy{servicetest.NewProxy(t, s, self(t), alias), s, fake, units.LaunchdLabel(alias), filepath.Join(dir, units.LaunchdName(alias))}
	need(t, s.Install(t.Context(), p.Spec))
	return p
}

func need(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The commands, word by word: they are what cannot be tried here.
func TestLaunchctlCommands(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	ctx := t.Context()
	gui, user := p.fake.Targets(p.label)
	seen := 0
	check := func(verb string, err error, want ...string) {
		t.Helper()
		need(t, err)
		calls := p.fake.Calls()
		if got := slices.Compact(calls[seen:]); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", verb, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		seen = len(calls)
	}
	check("install", nil, "enable "+gui, "enable "+user)
	bootstrap := "bootstrap " + filepath.Dir(gui) + " " + p.plist
	check("start", p.s.Start(ctx, "work"), "enable "+gui, bootstrap)
	check("start again", p.s.Start(ctx, "work"))
	check("restart", p.s.Restart(ctx, "work"), "kickstart -k "+gui)
	check("reload", p.s.Reload(ctx, "work"))
	p.Spec.CredentialsDir += "2"
	check("install of another file", p.s.Install(ctx, p.Spec), "enable "+gui, "enable "+user)
	check("restart with another file", p.s.Restart(ctx, "work"), "bootout "+gui, "enable "+gui, bootstrap)
	if got := p.Answers().Args; got[len(got)-1] != p.Spec.CredentialsDir {
		t.Errorf("the old command line runs: %q", got)
	}
	check("stop", p.s.Stop(ctx, "work"), "bootout "+gui)
	check("stop again", p.s.Stop(ctx, "work"))
	check("uninstall", p.s.Uninstall(ctx, "work"), "disable "+gui, "disable "+user)
	if _, err := os.Stat(p.plist); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there still: %v", err)
	}
}

// A restart by kickstart -k kills; what was asked to leave before is not killed.
func TestLaunchdRestartDrains(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	need(t, p.s.Start(t.Context(), "work"))
	need(t, p.s.Restart(t.Context(), "work"))
	gui, _ := p.fake.Targets(p.label)
	a, err := p.fake.Run(t.Context(), "print", gui)
	if err != nil || !strings.Contains(a.Out, "last exit code = 0\n") {
		t.Errorf("the engine before was not let go: %s", a.Out)
	}
	if st := p.State(p.s); st.Restarts != 0 {
		t.Errorf("a restart by hand counts as launchd's own: %+v", st)
	}
}

// interrupting is a launchctl whose user types Ctrl-C at its print of that number.
type interrupting struct {
	service.Launchctl
	prints int
	at     int
	ctrlC  context.CancelFunc
}

func (i *interrupting) Run(ctx context.Context, args ...string) (service.Answer, error) {
	if err := ctx.Err(); err != nil {
		return service.Answer{}, err // as os/exec has it
	}
	if args[0] == "print" {
		if i.prints++; i.prints == i.at {
			i.ctrlC()
		}
	}
	return i.Launchctl.Run(ctx, args...)
}

// A restart that is interrupted while the engine leaves is ended all the same.
func TestLaunchdRestartInterrupted(t *testing.T) {
	dir := t.TempDir()
	ctx, ctrlC := context.WithCancel(t.Context())
	hand := &interrupting{ctrlC: ctrlC}
	s, _ := onLaunchd(t, func(fake *launchctltest.Launchd, o *service.ConnectOptions) {
		hand.Launchctl = fake
		o.LaunchAgents, o.Launchctl = dir, hand
	})
	p := servicetest.NewProxy(t, s, self(t), "work")
	need(t, s.Install(t.Context(), p.Spec))
	need(t, s.Start(t.Context(), "work"))
	before := p.Answers().PID
	hand.prints, hand.at = 0, 2 // the first one finds the engine, and the second looks whether it has left
	if err := s.Restart(ctx, "work"); !errors.Is(err, context.Canceled) {
		t.Errorf("the restart: %v", err)
	}
	servicetest.Eventually(t, func() error {
		h, err := servicetest.Ask(t.Context(), p.Port)
		if err == nil && h.PID == before {
			err = errors.New("it is the engine of before")
		}
		return err
	})
}

// bootout goes on after its answer; a bootstrap that comes too early gets 5, until
// the old job is gone.
func TestLaunchdBootoutIsSlow(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	p.fake.Lag = 600 * time.Millisecond
	need(t, p.s.Start(t.Context(), "work"))
	gui, _ := p.fake.Targets(p.label)
	if a, err := p.fake.Run(t.Context(), "bootout", gui); err != nil || a.Code != 36 {
		t.Fatalf("%+v, %v", a, err)
	}
	// Somebody else did that; the engine is gone before its job.
	servicetest.Eventually(t, func() error {
		if _, err := servicetest.Ask(t.Context(), p.Port); !errors.Is(err, syscall.ECONNREFUSED) {
			return errors.New("it runs")
		}
		return nil
	})
	need(t, p.s.Start(t.Context(), "work"))
	p.Answers()
}

// A login has loaded the job already: 37 is no failure, nor is 5, which newer ones say.
func TestLaunchdLoadedMeanwhile(t *testing.T) {
	for _, old := range []bool{true, false} {
		testLoadedMeanwhile(t, old)
	}
}

func testLoadedMeanwhile(t *testing.T, old bool) {
	p := newLaunchdProxy(t, "work")
	p.fake.Old = old
	gui, _ := p.fake.Targets(p.label)
	if a, err := p.fake.Run(t.Context(), "bootstrap", filepath.Dir(gui), p.plist); err != nil || a.Code != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	h := p.Answers()
	need(t, p.s.Start(t.Context(), "work"))
	if st := p.State(p.s); st.Status != service.Running || st.PID != h.PID || p.Answers().PID != h.PID {
		t.Errorf("%+v, its pid was %d", st, h.PID)
	}
}

func TestLaunchdDisabledByHand(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	gui, _ := p.fake.Targets(p.label)
	if _, err := p.fake.Run(t.Context(), "disable", gui); err != nil {
		t.Fatal(err)
	}
	if st := p.State(p.s); st.Enabled || st.Status != service.Disabled || !st.Installed {
		t.Errorf("%+v", st)
	}
	need(t, p.s.Start(t.Context(), "work"))
	if st := p.State(p.s); !st.Enabled || st.Status != service.Running {
		t.Errorf("started: %+v", st)
	}
}

// What is not ringlet's, or another home's, is left alone.
func TestLaunchdForeign(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	ours, err := os.ReadFile(p.plist)
	need(t, err)
	other := p.Spec
	other.ConfigPath = "/another/config.yaml"
	for name, content := range map[string]string{"by hand": "<?xml version=\"1.0\"?><plist><dict/></plist>", "no plist": "mine"} {
		need(t, os.WriteFile(p.plist, []byte(content), 0o644))
		var foreign *service.ForeignUnit
		for verb, err := range map[string]error{"install": p.s.Install(t.Context(), p.Spec), "start": p.s.Start(t.Context(), "work"),
			"stop": p.s.Stop(t.Context(), "work"), "uninstall": p.s.Uninstall(t.Context(), "work"), "check": p.s.Check(t.Context(), "work", p.Spec.ConfigPath)} {
			if !errors.As(err, &foreign) || fault.ExitCode(err) != 4 {
				t.Errorf("%s, %s: %v", name, verb, err)
			}
		}
		if now, _ := os.ReadFile(p.plist); string(now) != content {
			t.Errorf("%s: overwritten", name)
		}
	}
	need(t, os.WriteFile(p.plist, ours, 0o644))
	var foreign *service.ForeignUnit
	if err := p.s.Install(t.Context(), other); !errors.As(err, &foreign) || foreign.Config != p.Spec.ConfigPath {
		t.Errorf("another home's: %v", err)
	}
}

// A file that was edited shows, and is replaced; one of which only a beginning
// was written, or nothing, is mended.
func TestLaunchdMends(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	whole, err := os.ReadFile(p.plist)
	need(t, err)
	edited := bytes.Replace(whole, []byte("<integer>63</integer>"), []byte("<integer>18</integer>"), 1)
	for name, content := range map[string][]byte{"edited": edited, "empty": nil, "half": whole[:len(whole)/2]} {
		need(t, os.WriteFile(p.plist, content, 0o600))
		if st := p.State(p.s); name == "edited" && !st.Edited {
			t.Errorf("an edit does not show: %+v", st)
		}
		need(t, p.s.Install(t.Context(), p.Spec))
		now, err := os.ReadFile(p.plist)
		if err != nil || !bytes.Equal(now, whole) {
			t.Errorf("%s: %v\n%s", name, err, now)
		}
		if info, err := os.Stat(p.plist); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	files, err := p.s.(service.Renderer).Files(t.Context(), p.Spec)
	if err != nil || len(files) != 1 || files[0].Path != p.plist || !bytes.Equal(files[0].Have, files[0].Want) || files[0].Foreign {
		t.Errorf("%+v, %v", files, err)
	}
}

// What somebody edited is kept when it is replaced, and when it is removed.
func TestLaunchdKeepsEdits(t *testing.T) {
	var kept []service.Kept
	dir, backups := t.TempDir(), t.TempDir()
	s, _ := onLaunchd(t, func(_ *launchctltest.Launchd, o *service.ConnectOptions) {
		o.LaunchAgents, o.Backups, o.Kept = dir, backups, func(k service.Kept) { kept = append(kept, k) }
	})
	p := servicetest.NewProxy(t, s, self(t), "work")
	plist := filepath.Join(dir, units.LaunchdName("work"))
	need(t, s.Install(t.Context(), p.Spec))
	for i, do := range []func() error{
		func() error { return s.Install(t.Context(), p.Spec) },
		func() error { return s.Uninstall(t.Context(), "work") },
	} {
		whole, err := os.ReadFile(plist)
		need(t, err)
		edited := bytes.Replace(whole, []byte("<integer>63</integer>"), fmt.Appendf(nil, "<integer>%d</integer>", i), 1)
		need(t, os.WriteFile(plist, edited, 0o600))
		need(t, do())
		if len(kept) != i+1 || kept[i].Path != plist || kept[i].Removed != (i == 1) {
			t.Fatalf("kept %+v", kept)
		}
		if text, err := os.ReadFile(kept[i].Backup); err != nil || !bytes.Equal(text, edited) {
			t.Errorf("%s: %v\n%s", kept[i].Backup, err, text)
		}
	}
}

// An engine that ends by itself with status 0 stays so; one whose program is
// missing says that.
func TestLaunchdCannotRun(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	p.Spec.Exe = filepath.Join(t.TempDir(), "gone")
	need(t, p.s.Install(t.Context(), p.Spec))
	err := p.s.Start(t.Context(), "work")
	var job *service.JobError
	if !errors.As(err, &job) || !strings.Contains(err.Error(), "cannot be run") || !strings.Contains(fault.Hint(err), "ringlet proxy enable work") {
		t.Errorf("%v (%+v)", err, job)
	}
	if st := p.State(p.s); st.Status != service.Failed || st.Result != "exit-code" {
		t.Errorf("%+v", st)
	}
	need(t, p.s.Stop(t.Context(), "work"))
	if st := p.State(p.s); st.Status != service.Stopped {
		t.Errorf("stopped: %+v", st)
	}
}

// The stand-in is as strict as it says.
func TestStandInRefuses(t *testing.T) {
	p := newLaunchdProxy(t, "work")
	gui, _ := p.fake.Targets(p.label)
	domain := filepath.Dir(gui)
	code := func(args ...string) int {
		a, err := p.fake.Run(t.Context(), args...)
		need(t, err)
		return a.Code
	}
	if got := code("bootout", gui); got != 3 {
		t.Errorf("bootout of what is not loaded: %d", got)
	}
	if got := code("print", gui); got != 113 {
		t.Errorf("print of what is not loaded: %d", got)
	}
	if got := code("kickstart", "-k", gui); got != 113 {
		t.Errorf("kickstart of what is not loaded: %d", got)
	}
	need(t, os.Chmod(p.plist, 0o666))
	if got := code("bootstrap", domain, p.plist); got != 122 {
		t.Errorf("bootstrap of a file that all may write: %d", got)
	}
	need(t, os.Chmod(p.plist, 0o644))
	for old, want := range map[bool]int{true: 119, false: 5} {
		p.fake.Old = old
		if got := code("disable", gui) + code("bootstrap", domain, p.plist); got != want {
			t.Errorf("bootstrap of what is disabled: %d, old %v", got, old)
		}
	}
	if got := code("enable", gui) + code("bootstrap", domain, p.plist); got != 0 {
		t.Errorf("bootstrap: %d", got)
	}
	for old, want := range map[bool]int{true: 37, false: 5} {
		p.fake.Old = old
		if got := code("bootstrap", domain, p.plist); got != want {
			t.Errorf("bootstrap of what is loaded: %d, old %v", got, old)
		}
	}
	p.Answers()
	if got := code("bootout", gui); got != 36 {
		t.Errorf("bootout: %d", got)
	}
	if got := code("bootstrap", domain, p.plist); got != 5 {
		t.Errorf("bootstrap during a bootout: %d", got)
	}
	p.fake.GUI = false
	if got := code("print", gui); got != 125 {
		t.Errorf("print without a login at the screen: %d", got)
	}
	p.fake.GUI = true
	need(t, p.s.Stop(t.Context(), "work"))
}
