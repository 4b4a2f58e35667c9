package secrets

import (
	"fmt"
	"strings"
)

// maxKey bounds a key, in bytes: it travels in one HTTP header.
const maxKey = 8 << 10

// CheckKey says why a text cannot be a key: it must not be empty, longer
// than 8 KiB, or hold anything but printable ASCII without spaces.
// An error is an *InvalidError and does not hold the text.
func CheckKey(key string) error {
	bad := func(format string, args ...any) error {
		return &InvalidError{fmt.Sprintf(format, args...)}
	}
	switch {
	case strings.TrimSpace(key) == "":
		return bad("it is empty")
	case len(key) >= maxKey:
		return bad("it is %d bytes long; at most %d can be sent", len(key), maxKey-1)
	case strings.ContainsAny(key, "\r\n"):
		return bad("it has more than one line")
	case strings.TrimSpace(key) != key:
		return bad("it has spaces around it")
	}
	for i, r := range key {
		if r == ' ' {
			return bad("character %d of it is a space", 1+len([]rune(key[:i])))
		}
		if r < ' ' || r > '~' {
			return bad("character %d of it is not printable ASCII", 1+len([]rune(key[:i])))
		}
	}
	return nil
}

// CheckProvider refuses names that cannot stand as a file name in the
// credentials folder: [a-z0-9][a-z0-9._-]{0,62}, and not "local", which is the
// folder of the local tokens.
func CheckProvider(id string) error {
	if !fileName(id) || id == "local" {
		return &FileError{Path: fmt.Sprintf("%q", id), Problem: "is not the name of a provider", Remedy: "see what there is: ringlet providers list"}
	}
	return nil
}

func fileName(s string) bool {
	if s == "" || len(s) > 63 {
		return false
	}
	for i, r := range s {
		alnum := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !alnum && (i == 0 || r != '.' && r != '_' && r != '-') {
			return false
		}
	}
	return true
}

// envName accepts what POSIX calls a name; it stands in a path below
// $CREDENTIALS_DIRECTORY too.
func envName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
