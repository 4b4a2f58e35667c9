//go:build !amd64

package strscan

// Skip passes over nothing: there is no version for this processor.
func Skip([]byte) int { return 0 }
