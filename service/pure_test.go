package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ringlet/ringlet/internal/fault"
)

func TestWord(t *testing.T) {
	for _, tc := range []struct {
		socket, service string
		enabled         bool
		want            Status
	}{
		{"active", "active", true, Running},
		{"active", "reloading", true, Running},
		{"inactive", "deactivating", true, Running},
		{"active", "activating", true, Starting},
		{"active", "inactive", true, Listening},
		{"active", "failed", true, Failed},
		{"failed", "inactive", true, Failed},
		{"failed", "active", true, Running},
		{"inactive", "inactive", true, Stopped},
		{"inactive", "inactive", false, Disabled},
		{"active", "active", false, Running},
		{"", "", false, Disabled},
	} {
		if got := word(tc.socket, tc.service, tc.enabled); got != tc.want {
			t.Errorf("socket %s, service %s, enabled %v: %s, want %s", tc.socket, tc.service, tc.enabled, got, tc.want)
		}
	}
}

// Every failure has a sentence that names the profile and a hint that names a command.
func TestJobError(t *testing.T) {
	const service, socket = "ringlet-proxy@work.service", "ringlet-proxy@work.socket"
	for _, tc := range []struct {
		err        JobError
		want, hint string
	}{
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "exit-code", Code: 1, Lines: []string{"a", "b"}}, "exited with status 1: a; b", "ringlet proxy logs work"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "exit-code", Code: 203}, "cannot be run", "ringlet proxy enable work"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "signal", Code: 9}, "signal 9 (killed)", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "core-dump", Code: 11}, "signal 11", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "timeout"}, "not ready in time", "logs"},
		{JobError{Verb: "stop", Unit: service, Job: "failed", Result: "timeout"}, "did not end in time", "logs"},
		{JobError{Verb: "restart", Unit: service, Job: "failed", Result: "watchdog"}, "watchdog", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "protocol"}, "before it was ready", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "start-limit-hit"}, "too often", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "oom-kill"}, "memory", "systemctl --user edit ringlet-proxy@work.service"},
		{JobError{Verb: "start", Unit: service, Job: "failed", Result: "resources"}, "resources", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "dependency", Result: "success"}, "port is not open", "logs"},
		{JobError{Verb: "start", Unit: service, Job: "canceled"}, "another command", "ringlet proxy status work"},
		{JobError{Verb: "start", Unit: service, Job: "skipped"}, "skipped", "logs"},
		{JobError{Verb: "start", Unit: socket, Job: "failed", Result: "resources", Port: 8081}, "port 8081", "ringlet proxy enable work --port N"},
		{JobError{Verb: "start", Unit: socket, Job: "failed", Result: "service-start-limit-hit"}, "too often", "logs"},
		{JobError{Verb: "start", Unit: socket, Job: "failed", Result: "exit-code"}, "cannot be opened", "logs"},
		{JobError{Verb: "reload", Unit: service, Job: "failed", Result: "exit-code", Lines: []string{"bad line"}}, "keeps its old configuration: bad line", "restart work"},
		{JobError{Verb: "reload", Unit: service, Job: "failed", Result: "timeout"}, "did not answer", "restart work"},
	} {
		tc.err.Alias = "work"
		if got := tc.err.Error(); !strings.Contains(got, tc.want) || !strings.Contains(got, `"work"`) || !strings.Contains(got, tc.err.Verb) {
			t.Errorf("%+v: %s", tc.err, got)
		}
		if !strings.Contains(tc.err.Hint(), tc.hint) || tc.err.ExitCode() != int(fault.InitSystem) {
			t.Errorf("%+v: hint %q, exit code %d", tc.err, tc.err.Hint(), tc.err.ExitCode())
		}
	}
}

func TestRefused(t *testing.T) {
	s := &systemd{}
	answer := func(name string) error {
		return fmt.Errorf("call: %w", dbus.Error{Name: "org.freedesktop.systemd1." + name, Body: []any{"no, because"}})
	}
	for name, tc := range map[string]struct {
		err  error
		is   error
		code int
		hint string
	}{
		"missing":  {answer("NoSuchUnit"), ErrNotInstalled, 1, "ringlet proxy enable work"},
		"inactive": {answer("JobTypeNotApplicable"), ErrNotRunning, 1, "ringlet proxy start work"},
		"masked":   {answer("UnitMasked"), nil, 4, "systemctl --user unmask ringlet-proxy@work.service"},
		"bad":      {answer("LoadFailed"), nil, 4, "ringlet proxy enable work"},
		"other":    {errors.New("connection closed"), nil, 4, "systemctl --user status ringlet-proxy@work.service"},
	} {
		got := s.refused("work", "start", tc.err)
		if tc.is != nil && !errors.Is(got, tc.is) || fault.ExitCode(got) != tc.code || !strings.Contains(fault.Hint(got), tc.hint) {
			t.Errorf("%s: %v (%s), exit code %d", name, got, fault.Hint(got), fault.ExitCode(got))
		}
	}
	if s.refused("work", "start", nil) != nil {
		t.Error("no error became one")
	}
}

func TestParseEntry(t *testing.T) {
	l, err := parseEntry([]byte(`{"__REALTIME_TIMESTAMP":"1764000000123456","MESSAGE":"answered","PRIORITY":"4","_PID":"77","_SYSTEMD_USER_UNIT":"ringlet-proxy@work.service","RINGLET_RULE":"default","RINGLET_STATUS":["200","201"],"X":null}`))
	if err != nil || !l.Time.Equal(time.UnixMicro(1764000000123456)) || l.Message != "answered" || l.Priority != 4 || l.PID != 77 || l.Manager ||
		len(l.Fields) != 2 || l.Fields["RINGLET_RULE"] != "default" || l.Fields["RINGLET_STATUS"] != "200" {
		t.Errorf("%+v, %v", l, err)
	}
	for in, want := range map[string]Line{
		`{"MESSAGE":[104,105,255,33],"USER_UNIT":"x"}`: {Message: "hi\uFFFD!", Priority: 6, Manager: true},
		`{"MESSAGE":null}`:                  {Priority: 6},
		`{"MESSAGE":["one",[116,119,111]]}`: {Message: "one", Priority: 6},
		`{"PRIORITY":"x","_PID":"y"}`:       {Priority: 6},
	} {
		got, err := parseEntry([]byte(in))
		if err != nil || got.Message != want.Message || got.Priority != want.Priority || got.Manager != want.Manager || got.PID != 0 {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	if _, err := parseEntry([]byte("-- no entries --")); err == nil {
		t.Error("no JSON was accepted")
	}
}

func TestMajor(t *testing.T) {
	for in, want := range map[string]int{"252.39-1~deb12u2": 252, "257": 257, "257.13": 257, "v258-rc1": 258, "": 0, "unknown": 0} {
		if got := major(in); got != want {
			t.Errorf("major(%q) = %d", in, got)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(`{"MESSAGE":[104,105],"PRIORITY":"3","RINGLET_RULE":["a"]}`))
	f.Add([]byte(`{"MESSAGE":[[["x"]]],"__REALTIME_TIMESTAMP":"-1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseEntry(data)
		if err == nil && strings.ToValidUTF8(l.Message, "") != l.Message {
			t.Errorf("a message that is no UTF-8: %q", l.Message)
		}
	})
}

func TestReadEntriesStops(t *testing.T) {
	enough := errors.New("enough")
	n, err := readEntries(strings.NewReader("{\"MESSAGE\":\"a\"}\n{\"MESSAGE\":\"b\"}\n"), func(l Line) error {
		if l.Message == "b" {
			return enough
		}
		return nil
	})
	if n != 2 || !errors.Is(err, enough) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestJournalArgs(t *testing.T) {
	for _, tt := range []struct {
		opts LogOptions
		want []string
	}{
		{LogOptions{}, nil},
		{LogOptions{Lines: 5}, []string{"--lines=5"}},
		{LogOptions{Follow: true}, []string{"--no-tail", "--follow"}},
		{LogOptions{Lines: 5, Follow: true}, []string{"--lines=5", "--follow"}},
		{LogOptions{Lines: -1, Follow: true}, []string{"--lines=0", "--follow"}},
	} {
		got := journalArgs([]string{"_PID=1"}, tt.opts)
		if want := append([]string{"--quiet", "--output=json", "--all", "--no-pager", "_PID=1"}, tt.want...); !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", tt.opts, got, want)
		}
	}
}

// Only what this machine answers is believed of it.
func TestTried(t *testing.T) {
	for name, tc := range map[string]struct {
		result string
		err    error
		works  bool
		answer bool
	}{
		"it ran":              {"done", nil, true, true},
		"it did not start":    {"failed", nil, false, true},
		"unknown directive":   {"", dbus.Error{Name: "org.freedesktop.DBus.Error.PropertyReadOnly"}, false, true},
		"canceled":            {"canceled", nil, false, false},
		"a manager that left": {"", fmt.Errorf("start: %w", dbus.Error{Name: "org.freedesktop.DBus.Error.NoReply"}), false, false},
		"no answer in time":   {"", fmt.Errorf("it did not end in time: %w", context.DeadlineExceeded), false, false},
		"a manager that ends": {"", fmt.Errorf("start: %w", dbus.Error{Name: "org.freedesktop.systemd1.TransactionIsDestructive"}), false, false},
	} {
		works, err := tried(tc.result, tc.err)
		if works != tc.works || (err == nil) != tc.answer {
			t.Errorf("%s: %t, %v", name, works, err)
		}
	}
}
