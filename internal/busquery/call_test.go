package busquery

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/godbus/dbus/v5"
)

// What is written is what godbus, which nobody here wrote, reads.
func TestCallsAreMessages(t *testing.T) {
	for name, c := range map[string]Call{
		"no arguments":  {Path: "/", Interface: "a.b", Member: "Hello"},
		"property":      Get("/org/freedesktop/systemd1/unit/a_2eservice", "org.freedesktop.systemd1.Service", "MainPID"),
		"list":          {Path: "/a", Interface: "a.b", Member: "L", Args: []any{[]string{"", "one", "twenty-two"}, "three"}},
		"an empty list": {Path: "/a", Interface: "a.b", Member: "L", Args: []any{[]string{}}},
		"not ASCII":     {Path: "/a", Interface: "a.b", Member: "L", Args: []any{"größer"}},
	} {
		t.Run(name, func(t *testing.T) {
			for before := range 9 { // it is aligned from its own start on
				got := c.append(bytes.Repeat([]byte("x"), before), 7, "org.freedesktop.systemd1")[before:]
				m, err := dbus.DecodeMessage(bytes.NewReader(got))
				if err != nil {
					t.Fatal(err)
				}
				header := func(f dbus.HeaderField) any { return m.Headers[f].Value() }
				if m.Type != dbus.TypeMethodCall || m.Serial() != 7 || header(dbus.FieldPath) != dbus.ObjectPath(c.Path) ||
					header(dbus.FieldInterface) != c.Interface || header(dbus.FieldMember) != c.Member || header(dbus.FieldDestination) != "org.freedesktop.systemd1" {
					t.Errorf("%+v", m)
				}
				if len(m.Body) != len(c.Args) || len(c.Args) > 0 && !reflect.DeepEqual(m.Body, c.Args) {
					t.Errorf("arguments %#v, want %#v", m.Body, c.Args)
				}
			}
		})
	}
}
