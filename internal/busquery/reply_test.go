package busquery

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"github.com/godbus/dbus/v5"
)

// answer is a message as godbus writes it.
func answer(t testing.TB, kind dbus.Type, headers map[dbus.HeaderField]any, body ...any) []byte {
	t.Helper()
	m := &dbus.Message{Type: kind, Headers: map[dbus.HeaderField]dbus.Variant{}, Body: body}
	for f, v := range headers {
		m.Headers[f] = dbus.MakeVariant(v)
	}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func reply(t testing.TB, to uint32, body ...any) []byte {
	t.Helper()
	return answer(t, dbus.TypeMethodReply, map[dbus.HeaderField]any{dbus.FieldReplySerial: to, dbus.FieldSender: ":1.7"}, body...)
}

// parsed reads a whole message.
func parsed(all []byte) (*Reply, error) {
	if len(all) < headerSize {
		return nil, errMalformed
	}
	fields := int(binary.LittleEndian.Uint32(all[12:])) + headerSize
	start := (fields + 7) / 8 * 8
	if fields < headerSize || start > len(all) {
		return nil, errMalformed
	}
	r := &Reply{}
	return r, parse(r, all, fields, start)
}

type exec struct {
	Path       string
	Args       []string
	Ignore     bool
	Times      [4]uint64
	PID        uint32
	Code, Exit int32
}

func TestValues(t *testing.T) {
	for name, want := range map[string]any{
		"string": "running", "empty string": "", "true": true, "false": false, "uint32": uint32(1 << 31), "int32": int32(-5),
		"uint64": uint64(1<<64 - 1), "strings": []string{"a", "", "bcd"}, "no strings": []string{},
		"byte": byte(7), "object": dbus.ObjectPath("/a/b"), "numbers": []uint64{1, 2}, "double": 0.5,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parsed(reply(t, 9, dbus.MakeVariant(want)))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.Value(); err != nil || !reflect.DeepEqual(got, want) || r.to != 9 || !r.answer() {
				t.Errorf("%#v (%v), want %#v; answer to %d", got, err, want, r.to)
			}
		})
	}
	r, err := parsed(reply(t, 1, dbus.MakeVariant([]exec{{Path: "/bin/x", Args: []string{"x"}, PID: 77}})))
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Value()
	if list, ok := v.([][]any); err != nil || !ok || len(list) != 1 || list[0][0] != "/bin/x" {
		t.Errorf("%#v (%v)", v, err)
	}
}

func TestStructures(t *testing.T) {
	type unit struct {
		Name string
		Path dbus.ObjectPath
		Job  uint32
		Last string
	}
	want := []unit{{"a", "/a", 1, "x"}, {"bcdef", "/b", 2, ""}}
	r, err := parsed(reply(t, 1, want))
	if err != nil || r.Signature() != "a(sous)" {
		t.Fatalf("%v %q", err, r.Signature())
	}
	var got []unit
	b := r.Body()
	for end := b.Array(8); b.Before(end); {
		b.Struct()
		u := unit{Name: b.Text()}
		b.Pass(1)
		u.Path, u.Job, u.Last = "/"+dbus.ObjectPath(u.Name[:1]), b.Uint32(), b.Text()
		got = append(got, u)
	}
	if b.Err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v)", got, b.Err())
	}
	if b.Text(); b.Err() == nil {
		t.Error("there was something after the end")
	}
}

func TestErrorsAreTheLibrarys(t *testing.T) {
	name := "org.freedesktop.systemd1.NoSuchUnit"
	r, err := parsed(answer(t, dbus.TypeError, map[dbus.HeaderField]any{dbus.FieldReplySerial: uint32(3), dbus.FieldErrorName: name}, "Unit x not loaded."))
	if err != nil {
		t.Fatal(err)
	}
	var e dbus.Error
	if _, err := r.Value(); !errors.As(err, &e) || e.Name != name || e.Error() != "Unit x not loaded." {
		t.Errorf("%#v", e)
	}
}

// What no peer should send is an error or a value, and reads nothing beyond its end.
func FuzzReply(f *testing.F) {
	f.Add(reply(f, 1, dbus.MakeVariant("x")))
	f.Add(reply(f, 1, dbus.MakeVariant([]string{"x", "yz"})))
	f.Add(reply(f, 1, []struct{ A, B string }{{"a", "b"}}))
	f.Add(answer(f, dbus.TypeError, map[dbus.HeaderField]any{dbus.FieldReplySerial: uint32(1), dbus.FieldErrorName: "a.b"}, "c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parsed(data)
		if err != nil {
			return
		}
		v, err := r.Value()
		b := r.Body()
		for end := b.Array(8); b.Before(end); {
			b.Struct()
			b.Pass(2)
		}
		if err != nil || r.kind != methodDone {
			return
		}
		// Where the library reads it too, it is the same.
		m, err := dbus.DecodeMessage(bytes.NewReader(data))
		if err != nil || len(m.Body) != 1 {
			return
		}
		want, ok := m.Body[0].(dbus.Variant)
		if !ok {
			return
		}
		if _, list := want.Value().([]string); list && len(want.Value().([]string)) == 0 {
			return // nil there, empty here
		}
		if !reflect.DeepEqual(v, want.Value()) {
			t.Errorf("%#v, want %#v", v, want.Value())
		}
	})
}
