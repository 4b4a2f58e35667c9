package service

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ringlet/ringlet/units"
)

// peers is a manager that answers as many connections as there are, of either
// client, each message by answer: false ends the connection.
type peers struct {
	t      *testing.T
	answer func(p *peer, q *dbus.Message) bool

	wg sync.WaitGroup
}

// peer is one connection; its messages are written one at a time.
type peer struct {
	net.Conn
	mu sync.Mutex
}

// bus is a bus over which the manager is asked, until the test ends.
func (m *peers) bus() *bus {
	m.t.Helper()
	dir, err := os.MkdirTemp("", "ringlet") // short: a socket's path has 108 bytes
	if err != nil {
		m.t.Fatal(err)
	}
	path := filepath.Join(dir, "private")
	l, err := net.Listen("unix", path)
	if err != nil {
		m.t.Fatal(err)
	}
	m.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.wg.Go(func() { m.talk(&peer{Conn: conn}) })
		}
	})
	b := &bus{path: path, uid: os.Getuid(), log: slog.New(slog.DiscardHandler)}
	m.t.Cleanup(func() { b.close(); l.Close(); m.wg.Wait(); os.RemoveAll(dir) })
	return b
}

func (m *peers) talk(p *peer) {
	defer p.Close()
	in := bufio.NewReader(p)
	for line := ""; line != "BEGIN"; {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		said := ""
		switch line = strings.Trim(text, "\x00\r\n"); {
		case line == "AUTH":
			said = "REJECTED EXTERNAL\r\n"
		case strings.HasPrefix(line, "AUTH EXTERNAL"):
			said = "OK 1234\r\n"
		case line == "NEGOTIATE_UNIX_FD":
			said = "ERROR\r\n"
		}
		if _, err := p.Write([]byte(said)); err != nil {
			return
		}
	}
	for {
		q, err := dbus.DecodeMessage(in)
		if err != nil || !m.answer(p, q) {
			return
		}
	}
}

// reply answers a call with values.
func (p *peer) reply(q *dbus.Message, body ...any) bool {
	return p.send(&dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(q.Serial())}})
}

// signal tells of a job's end, as org.freedesktop.systemd1.Manager.JobRemoved.
func (p *peer) jobRemoved(job dbus.ObjectPath, unit, result string) bool {
	return p.send(&dbus.Message{Type: dbus.TypeSignal, Body: []any{uint32(1), job, unit, result}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(managerPath)), dbus.FieldInterface: dbus.MakeVariant(managerName + ".Manager"), dbus.FieldMember: dbus.MakeVariant("JobRemoved")}})
}

func (p *peer) send(m *dbus.Message) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(m.Body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(m.Body...))
	}
	var b bytes.Buffer
	if m.EncodeTo(&b, binary.LittleEndian) != nil {
		return false
	}
	binary.LittleEndian.PutUint32(b.Bytes()[8:], 1) // its serial, which only the library's own connections set
	_, err := p.Write(b.Bytes())
	return err == nil
}

func member(q *dbus.Message) string { s, _ := q.Headers[dbus.FieldMember].Value().(string); return s }

// long is how long a test waits for what must come.
const long = 30 * time.Second

// A change between the first look and the moment from which changes are told would
// be told to nobody: so who watches is told to look once more.
func TestWatchBeginsWithALook(t *testing.T) {
	m := &peers{t: t, answer: func(p *peer, q *dbus.Message) bool { return p.reply(q) }}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	looks := 0
	err := (&systemd{bus: m.bus()}).Watch(ctx, func(alias string) {
		if looks++; alias != "" {
			t.Errorf("a change of %q", alias)
		}
		cancel()
	})
	if looks != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d looks, %v", looks, err)
	}
}

// Questions share a connection. The end of one's context leaves answers on it that
// would be taken for others'; the others are asked over another.
func TestAQuestionOutlivesAnothers(t *testing.T) {
	asked := make(chan struct{})
	m := &peers{t: t, answer: func(p *peer, q *dbus.Message) bool {
		if q.Body[1] == "Silent" {
			close(asked)
			return true
		}
		return p.reply(q, dbus.MakeVariant("an answer"))
	}}
	b := m.bus()
	var first, second string
	if err := b.manager(t.Context(), "Version", &first); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- b.manager(ctx, "Silent", &first) }()
	<-asked
	go func() { ended <- b.manager(t.Context(), "Version", &second) }()
	time.AfterFunc(50*time.Millisecond, cancel) // by then, mostly, the second waits for its turn
	one, other := <-ended, <-ended
	if one == nil {
		one, other = other, one
	}
	if !errors.Is(one, context.Canceled) || other != nil || second != "an answer" {
		t.Errorf("%v, %v: %q", one, other, second)
	}
}

// A manager that is executed anew, as when systemd is upgraded, closes its
// connections: questions and calls go over others, and what became of a job is not
// waited for in vain.
func TestTheManagerIsExecutedAnew(t *testing.T) {
	var mu sync.Mutex
	all := map[*peer]bool{}
	starts := 0
	m := &peers{t: t}
	m.answer = func(p *peer, q *dbus.Message) bool {
		mu.Lock()
		defer mu.Unlock()
		all[p] = true
		switch member(q) {
		case "Get":
			return p.reply(q, dbus.MakeVariant("252"))
		case "StartUnit":
			starts++
			if job := dbus.ObjectPath("/job/1"); starts > 1 {
				for other := range all { // over the connection for signals
					other.jobRemoved(job, "a.service", "done")
				}
				return p.reply(q, job)
			}
			p.reply(q, dbus.ObjectPath("/job/1"))
			for other := range all {
				other.Close()
			}
			clear(all)
			return false
		}
		return p.reply(q)
	}
	b := m.bus()
	var version string
	if err := b.manager(t.Context(), "Version", &version); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if result, err := b.start(t.Context(), "a.service"); err == nil || time.Since(began) > long {
		t.Errorf("%q, %v after %v", result, err, time.Since(began))
	}
	if err := b.manager(t.Context(), "Version", &version); err != nil {
		t.Errorf("a question after that: %v", err)
	}
	if result, err := b.start(t.Context(), "a.service"); err != nil || result != "done" {
		t.Errorf("a job after that: %q, %v", result, err)
	}
}

// A trial that had no answer, as on a busy machine, takes nothing off a service that
// is closed off already; one that is not there gets what starts in any case.
func TestATrialWithoutAnAnswer(t *testing.T) {
	m := &peers{t: t, answer: func(p *peer, q *dbus.Message) bool {
		switch member(q) {
		case "Get":
			return p.reply(q, dbus.MakeVariant("252"))
		case "StartTransientUnit":
			return false
		}
		return p.reply(q)
	}}
	dir := t.TempDir()
	s := &systemd{bus: m.bus(), log: slog.New(slog.DiscardHandler), host: Host{Root: dir}, dir: dir, probePath: filepath.Join(dir, "probe.json")}
	spec := units.Spec{Alias: "work", Port: 8081, Exe: "/usr/bin/ringlet", ConfigPath: "/home/x/.claude-profiles/work/.ultrallm/config.yaml", CredentialsDir: "/home/x/.config/ringlet/credentials"}
	for _, is := range []struct {
		there, namespaces bool
		refused           []string
	}{{false, false, nil}, {true, true, nil}, {true, true, []string{"ProtectKernelLogs"}}, {true, false, nil}} {
		want := spec
		want.Systemd, want.Namespaces, want.Refused = 252, is.namespaces, is.refused
		set, err := units.Systemd(want)
		if err == nil && is.there {
			err = os.WriteFile(filepath.Join(dir, set.Service.Name), set.Service.Content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Render(t.Context(), spec); err != nil || !bytes.Equal(got.Service.Content, set.Service.Content) {
			t.Errorf("%+v: %v\n%s\nwant\n%s", is, err, got.Service.Content, set.Service.Content)
		}
	}
}
