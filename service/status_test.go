package service

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/ringlet/ringlet/units"
)

// listedUnit is an entry of ListUnitsByNames.
type listedUnit struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	Job                                             uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

// manager is a user manager on a socket of its own. It answers no question for a
// property before it has got as many as it expects.
type manager struct {
	t       *testing.T
	dir     string                   // where it looks for units
	active  func(unit string) string // "" for one that it does not know
	value   func(path, property string) any
	expects int

	connections, lists, gets int
}

// serve listens below root until the test ends.
func (m *manager) serve(root string) {
	m.t.Helper()
	path := filepath.Join(root, "run/user", strconv.Itoa(os.Getuid()), "systemd/private")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o700)); err != nil {
		m.t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		m.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.connections++
			if err := m.talk(conn, bufio.NewReader(conn)); err != nil && !errors.Is(err, io.EOF) {
				m.t.Error(err)
			}
			conn.Close()
		}
	}()
	m.t.Cleanup(func() { l.Close(); <-done })
}

func (m *manager) talk(conn net.Conn, in *bufio.Reader) error {
	for _, want := range []string{"\x00AUTH EXTERNAL ", "BEGIN"} {
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			return fmt.Errorf("%q, %w", line, err)
		}
	}
	if _, err := conn.Write([]byte("OK 1234\r\n")); err != nil {
		return err
	}
	var held []*dbus.Message
	for {
		q, err := dbus.DecodeMessage(in)
		if err != nil {
			return err
		}
		switch member := q.Headers[dbus.FieldMember].Value(); {
		case member == "ListUnitsByNames":
			m.lists++
			err = m.answer(conn, q, m.list(q.Body[0].([]string)))
		case q.Body[1] == "UnitPath":
			err = m.answer(conn, q, dbus.MakeVariant([]string{m.dir}))
		default:
			m.gets++
			if held = append(held, q); len(held) < m.expects {
				continue
			}
			for _, q := range held {
				path, _ := q.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
				err = errors.Join(err, m.answer(conn, q, dbus.MakeVariant(m.value(string(path), q.Body[1].(string)))))
			}
			held = nil
		}
		if err != nil {
			return err
		}
	}
}

func (m *manager) list(names []string) (all []listedUnit) {
	for _, name := range names {
		u := listedUnit{Name: name, Load: "loaded", Active: m.active(name), Path: dbus.ObjectPath(unitPath(name)), JobPath: "/"}
		if u.Active == "" {
			u.Load, u.Active = "not-found", "inactive"
		}
		all = append(all, u)
	}
	return all
}

func (m *manager) answer(conn net.Conn, to *dbus.Message, body any) error {
	reply := &dbus.Message{Type: dbus.TypeMethodReply, Body: []any{body}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(to.Serial()), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body))}}
	return reply.EncodeTo(conn, binary.LittleEndian)
}

// A hundred proxies are asked about over one connection: one list, and then four
// properties of each engine that runs, none of one that sleeps, all of them asked
// before the first is answered. This is what `proxy status` costs; it may not grow.
func TestStatusAsksLittle(t *testing.T) {
	const all, run = 100, 30
	root, err := os.MkdirTemp("", "ringlet") // short: a socket's path has 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	since := time.Now().Truncate(time.Second)
	m := &manager{t: t, dir: filepath.Join(root, ".config/systemd/user"), expects: 4 * run}
	var aliases []string
	running := map[string]bool{}
	for i := range all {
		aliases = append(aliases, fmt.Sprintf("profile-%02d", i))
		running[units.ServiceName(aliases[i])] = i < run
	}
	m.active = func(unit string) string {
		if running[unit] || strings.HasSuffix(unit, ".socket") {
			return "active"
		}
		return "inactive"
	}
	m.value = func(path, property string) any {
		n, _ := strconv.Atoi(unitOf(path)[len("ringlet-proxy@profile-"):][:2])
		switch property {
		case "MainPID":
			return uint32(1000 + n)
		case "NRestarts":
			return uint32(n)
		case "ActiveEnterTimestamp":
			return uint64(since.UnixMicro())
		case "StatusText":
			return "text " + unitOf(path)
		}
		t.Errorf("%s of %s was asked for", property, path)
		return ""
	}
	m.serve(root)
	host := Host{Root: root, OS: "linux", Getenv: func(name string) string { return map[string]string{"HOME": root}[name] }}
	s, err := Connect(t.Context(), ConnectOptions{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	states, err := s.Status(t.Context(), aliases)
	s.Close()
	if err != nil {
		t.Fatal(err)
	}
	for i, st := range states {
		want := State{Alias: aliases[i], Status: Listening, Result: "success"}
		if i < run {
			want.Status, want.PID, want.Restarts, want.Started, want.Text = Running, 1000+i, i, since, "text "+units.ServiceName(aliases[i])
		}
		if st != want {
			t.Errorf("%+v, want %+v", st, want)
		}
	}
	if m.connections != 1 || m.lists != 1 || m.gets != 4*run {
		t.Errorf("%d connections, %d lists, %d properties; want 1, 1, %d", m.connections, m.lists, m.gets, 4*run)
	}
}
