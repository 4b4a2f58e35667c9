package wire

import (
	"encoding/json"
	"testing"
)

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f", "<&>\u2028", "caf\u00e9 \U0001F600", "cut \xf0\x9f", "\xff"} {
		got := appendString([]byte("x"), s)
		var back string
		if err := json.Unmarshal(got[1:], &back); err != nil {
			t.Fatalf("%q: %s: %v", s, got, err)
		}
		theirs, _ := json.Marshal(s)
		var want string
		if err := json.Unmarshal(theirs, &want); err != nil || back != want {
			t.Errorf("%q came back as %q", s, back)
		}
	}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { appendString(buf, "some text with \"quotes\" and \u00e9") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\xff\u00e9")
	f.Fuzz(func(t *testing.T, s string) {
		var back, want string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatal(err)
		}
		theirs, _ := json.Marshal(s)
		if err := json.Unmarshal(theirs, &want); err != nil || back != want {
			t.Errorf("%q came back as %q", s, back)
		}
	})
}
