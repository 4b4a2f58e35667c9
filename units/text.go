package units

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// A unit file as data: sections of directives, in order.
type (
	section struct {
		name       string
		directives []directive
	}
	directive struct{ key, value string } // left out where key is empty
)

// render writes the mark, the sections, and in [Unit] the hash of all the rest.
func render(name string, sections []section) []byte {
	var b strings.Builder
	b.WriteString(mark + name + "\n")
	hashAt := 0
	for _, s := range sections {
		b.WriteString("\n[" + s.name + "]\n")
		for _, d := range s.directives {
			if d.key != "" {
				b.WriteString(d.key + "=" + d.value + "\n")
			}
		}
		if s.name == "Unit" {
			b.WriteString(formatKey + "=" + strconv.Itoa(Format) + "\n")
			hashAt = b.Len()
		}
	}
	rest := b.String()
	return []byte(rest[:hashAt] + hashKey + "=" + hash(rest) + "\n" + rest[hashAt:])
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hashText(sum[:])
}

func hashText(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
