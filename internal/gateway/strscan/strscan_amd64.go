package strscan

import "golang.org/x/sys/cpu"

// Skip passes over the beginning of b, which is a part of a JSON string, and
// returns how many bytes that were. It stops before a quote that ends the string, a
// control character, an escape sequence that is not one of \" \\ \/ \b \f \n \r \t, or
// where fewer than Step bytes are left; never within an escape sequence.
func Skip(b []byte) int {
	if !cpu.X86.HasAVX2 {
		return 0
	}
	return skip(b)
}

//go:noescape
func skip(b []byte) int
