//go:build !linux

package session

// Pseudo-terminals are opened in another way on each system; job control is
// tested on Linux.
func terminalRoles() map[string]func() int { return nil }
