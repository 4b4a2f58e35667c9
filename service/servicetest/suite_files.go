package servicetest

import (
	"slices"
	"sync"
	"testing"

	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/service"
)

func testPortChanged(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-moved")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
	old := *p
	p.Port = porttest.Own(t)
	p.Spec.Port = p.Port
	p.Write()
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
	old.Closed()
	if st := p.State(s); st.Port != p.Port {
		t.Errorf("moved: %+v", st)
	}
}

func testNastyPaths(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	for i, name := range []string{"a b", "100%h %% %", "$HOME ${X} $$ $", `"quoted" 'too'`, `back\slash\`, "é ü 漢", "#;", "-x=y", "tab~!@^&*()[]{}|<>?"} {
		t.Run(name, func(t *testing.T) {
			p := NewProxyIn(t, s, nastyExe(t, exe, i), "suite-nasty", nastyDir(t, name))
			must(t, s.Install(ctx, p.Spec))
			must(t, s.Start(ctx, p.Spec.Alias))
			want := []string{"proxy", "serve", "--config", p.Spec.ConfigPath, "--credentials", p.Spec.CredentialsDir}
			if got := p.Answers(); got.Exe != p.Spec.Exe || !slices.Equal(got.Args, want) {
				t.Errorf("the engine is %q, with %q; want %q", got.Exe, got.Args, want)
			}
			p.Answer = "again"
			p.Write()
			must(t, s.Reload(ctx, p.Spec.Alias))
		})
	}
}

func testConcurrent(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	var group sync.WaitGroup
	for _, alias := range []string{"suite-c1", "suite-c2", "suite-c3", "suite-c4"} {
		p := NewProxy(t, s, exe, alias)
		group.Go(func() {
			for range 3 {
				for _, err := range []error{s.Install(ctx, p.Spec), s.Start(ctx, alias), s.Stop(ctx, alias), s.Uninstall(ctx, alias), s.Install(ctx, p.Spec), s.Start(ctx, alias)} {
					if err != nil {
						t.Errorf("%s: %v", alias, err)
					}
				}
			}
			if _, err := Ask(ctx, p.Port); err != nil {
				t.Errorf("%s: %v", alias, err)
			}
		})
	}
	group.Wait()
}
