package strscan

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"
)

// slow says where Skip must stop at the latest: what it does, byte by byte.
func slow(b []byte) int {
	i := 0
	for i < len(b) {
		switch c := b[i]; {
		case c == '"' || c < 0x20:
			return i
		case c == '\\':
			if i+1 >= len(b) || !strings.ContainsRune(`"\/bfnrt`, rune(b[i+1])) {
				return i
			}
			i += 2
		default:
			i++
		}
	}
	return i
}

// check: what is passed over is what a reader byte by byte passes over, Skip
// ends between characters, and less than Step before where it could go on.
func check(t *testing.T, b []byte) {
	t.Helper()
	got, want := Skip(b), slow(b)
	if runtime.GOARCH != "amd64" || !cpu.X86.HasAVX2 {
		if got != 0 {
			t.Fatalf("%d bytes are passed over by nothing", got)
		}
		return
	}
	if got > want || got+slow(b[got:]) != want {
		t.Fatalf("%q: %d, byte by byte %d", b, got, want)
	}
	if got < want && len(b)-got > Step {
		t.Fatalf("%q: %d, could go on to %d", b, got, want)
	}
}

func TestSkip(t *testing.T) {
	plain := strings.Repeat("plain text, ", 20)
	for _, what := range []string{`"`, `\"`, `\\"`, `\\\"`, `\\\\"`, `\n`, "\n", "\x00", "\x1f", "\x7f", "\x80", "é", "漢", `\u0041`, `\x`, `\`, `\é`, "\\\n", `\/`, `\b\f\n\r\t`,
		strings.Repeat(`\`, 31), strings.Repeat(`\`, 32), strings.Repeat(`\`, 33), strings.Repeat(`\`, 64), strings.Repeat(`\\`, 40) + `"`} {
		for at := range 70 {
			check(t, []byte(plain[:at]+what+plain))
			check(t, []byte(plain[:at]+what))
		}
	}
	for c := range 256 {
		for at := range 70 {
			check(t, []byte(plain[:at]+`\`+string([]byte{byte(c)})+plain))
			check(t, []byte(plain[:at]+string([]byte{byte(c)})+plain))
		}
	}
	letters := []byte("\\\\\\\\\"nu/a\x01\xff ")
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		b := make([]byte, random.IntN(150))
		for i := range b {
			if b[i] = 'x'; random.IntN(4) == 0 {
				b[i] = letters[random.IntN(len(letters))]
			}
		}
		check(t, b)
	}
}

func FuzzSkip(f *testing.F) {
	f.Add([]byte(strings.Repeat(`a line of code\n\t\"quoted\\\" `, 10)))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}

func BenchmarkSkip(b *testing.B) {
	for name, text := range map[string]string{"code": `if err != nil {\n\t\treturn \"x\"\n\t}\n`, "prose": "what people write to each other, "} {
		b.Run(name, func(b *testing.B) {
			all := []byte(strings.Repeat(text, 1<<20/len(text)))
			b.SetBytes(int64(len(all)))
			for b.Loop() {
				Skip(all)
			}
		})
	}
}
