package busquery

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// peer listens as a D-Bus service and hands the connection to serve.
func peer(t *testing.T, serve func(conn net.Conn, in *bufio.Reader) error) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "private")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = serve(conn, bufio.NewReader(conn))
			conn.Close()
		}
		done <- err
	}()
	t.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return path
}

func expect(in *bufio.Reader, want string) error {
	line, err := in.ReadString('\n')
	if err != nil || line != want {
		return fmt.Errorf("%q (%v), want %q", line, err, want)
	}
	return nil
}

// accept is the greeting of a peer that is no bus. Systemd reads what comes with
// BEGIN into a buffer that it looks at only when more comes: so nothing may.
func accept(conn net.Conn, in *bufio.Reader) error {
	if err := errors.Join(expect(in, "\x00AUTH EXTERNAL 31303031\r\n"), expect(in, "BEGIN\r\n")); err != nil {
		return err
	}
	if n := in.Buffered(); n > 0 {
		return fmt.Errorf("%d bytes came before this user was accepted", n)
	}
	_, err := conn.Write([]byte("OK 1234\r\n"))
	return err
}

// get reads a question for a property and returns its serial and the property.
func get(in *bufio.Reader) (serial uint32, property string, err error) {
	m, err := dbus.DecodeMessage(in)
	if err != nil {
		return 0, "", err
	}
	property, _ = m.Body[1].(string)
	return m.Serial(), property, nil
}

func dialPeer(t *testing.T, path string, hello bool) (*Conn, error) {
	t.Helper()
	c, err := Dial(t.Context(), path, Options{UID: 1001, Destination: "org.example", Hello: hello})
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func questions(n int) (calls []Call) {
	for i := range n {
		calls = append(calls, Get("/a", "a.b", fmt.Sprint("P", i)))
	}
	return calls
}

// All questions are there before the first answer; answers find their questions
// in whatever order they come, and signals in between are nobody's.
func TestQuestionsAreAskedAtOnce(t *testing.T) {
	const n = 200
	path := peer(t, func(conn net.Conn, in *bufio.Reader) error {
		if err := accept(conn, in); err != nil {
			return err
		}
		for range 2 {
			var answers [][]byte
			for range n {
				serial, property, err := get(in)
				if err != nil {
					return err
				}
				answers = append(answers, reply(t, serial, dbus.MakeVariant(property)))
			}
			signal := answer(t, dbus.TypeSignal, map[dbus.HeaderField]any{dbus.FieldPath: dbus.ObjectPath("/a"), dbus.FieldInterface: "a.b", dbus.FieldMember: "S"}, "x")
			for i := range answers {
				if _, err := conn.Write(append(signal, answers[n-1-i]...)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	c, err := dialPeer(t, path, false)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		seen := map[int]bool{}
		err := c.Do(t.Context(), questions(n), func(i int, r *Reply) error {
			v, err := r.Value()
			if v != fmt.Sprint("P", i) || seen[i] {
				t.Errorf("answer %d: %v (%v)", i, v, err)
			}
			seen[i] = true
			return nil
		})
		if err != nil || len(seen) != n {
			t.Fatalf("%d answers, error %v", len(seen), err)
		}
	}
}

// More questions than fit are asked as the answers come.
func TestManyQuestions(t *testing.T) {
	const n = 3*window + 7
	path := peer(t, func(conn net.Conn, in *bufio.Reader) error {
		if err := accept(conn, in); err != nil {
			return err
		}
		for range n {
			serial, _, err := get(in)
			if err != nil {
				return err
			}
			if _, err := conn.Write(reply(t, serial, dbus.MakeVariant(serial))); err != nil {
				return err
			}
		}
		return nil
	})
	c, err := dialPeer(t, path, false)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	if err := c.Do(t.Context(), questions(n), func(int, *Reply) error { got++; return nil }); err != nil || got != n {
		t.Errorf("%d answers, error %v", got, err)
	}
}

func TestABusIsGreeted(t *testing.T) {
	path := peer(t, func(conn net.Conn, in *bufio.Reader) error {
		if err := expect(in, "\x00AUTH EXTERNAL 31303031\r\n"); err != nil {
			return err
		}
		if _, err := conn.Write([]byte("OK 1234\r\n")); err != nil {
			return err
		}
		if err := expect(in, "BEGIN\r\n"); err != nil {
			return err
		}
		m, err := dbus.DecodeMessage(in)
		if err != nil || m.Headers[dbus.FieldMember].Value() != "Hello" || m.Headers[dbus.FieldDestination].Value() != "org.freedesktop.DBus" {
			return fmt.Errorf("%v %v", m, err)
		}
		if _, err := conn.Write(reply(t, m.Serial(), ":1.7")); err != nil {
			return err
		}
		serial, _, err := get(in)
		if err != nil {
			return err
		}
		_, err = conn.Write(reply(t, serial, dbus.MakeVariant(true)))
		return err
	})
	c, err := dialPeer(t, path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), questions(1), func(_ int, r *Reply) error { _, err := r.Value(); return err }); err != nil {
		t.Error(err)
	}
}

// Every end of a conversation is an error, and the next question gets one at once:
// answers that come late must not be taken for its own.
func TestEnds(t *testing.T) {
	silent := func(conn net.Conn, in *bufio.Reader) error {
		if err := accept(conn, in); err != nil {
			return err
		}
		_, _ = in.ReadString(0xff) // until the other side closes
		return nil
	}
	asked := func(conn net.Conn, in *bufio.Reader) error {
		if err := accept(conn, in); err != nil {
			return err
		}
		_, _, err := get(in)
		_, _, again := get(in)
		return errors.Join(err, again)
	}
	for name, tc := range map[string]struct {
		serve func(net.Conn, *bufio.Reader) error
		says  string
	}{
		"another user": {func(conn net.Conn, in *bufio.Reader) error {
			_, err := conn.Write([]byte("REJECTED EXTERNAL\r\n"))
			return errors.Join(err, expect(in, "\x00AUTH EXTERNAL 31303031\r\n"))
		}, "does not accept this user"},
		"it closes": {asked, "EOF"},
		"nonsense": {func(conn net.Conn, in *bufio.Reader) error {
			if err := asked(conn, in); err != nil {
				return err
			}
			_, err := conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n"))
			return err
		}, "does not follow"},
		"too long": {func(conn net.Conn, in *bufio.Reader) error {
			if err := asked(conn, in); err != nil {
				return err
			}
			_, err := conn.Write([]byte{'l', methodDone, 0, 1, 0, 0, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0})
			return err
		}, "does not follow"},
		"silence": {silent, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := dialPeer(t, peer(t, tc.serve), false)
			if err != nil {
				t.Fatal(err)
			}
			ctx := t.Context()
			if name == "silence" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 200*time.Millisecond)
				defer cancel()
			}
			err = c.Do(ctx, questions(2), func(int, *Reply) error { t.Error("an answer"); return nil })
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("error %v, want %q", err, tc.says)
			}
			if err := c.Do(t.Context(), questions(1), nil); err == nil {
				t.Error("it can be asked again")
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		c, err := dialPeer(t, peer(t, silent), false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := c.Do(ctx, questions(1), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// A context that ends just when the last answer has come is not what ends the
// next questions.
func TestALateEndOfAContextEndsNothing(t *testing.T) {
	const rounds = 300
	path := peer(t, func(conn net.Conn, in *bufio.Reader) error {
		if err := accept(conn, in); err != nil {
			return err
		}
		for range rounds {
			serial, property, err := get(in)
			if err != nil {
				return err
			}
			if _, err := conn.Write(reply(t, serial, dbus.MakeVariant(property))); err != nil {
				return err
			}
		}
		return nil
	})
	c, err := dialPeer(t, path, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		err := c.Do(ctx, questions(1), func(int, *Reply) error { cancel(); return nil })
		cancel()
		if err != nil {
			t.Fatalf("question %d: %v", i, err)
		}
	}
}
