// Package secrets keeps the upstream keys and the local tokens.
//
// An upstream key is looked for by [Store.Key] in what the init system hands in
// ($CREDENTIALS_DIRECTORY), then ~/.config/ringlet/credentials/<provider>, then
// the environment. A key in a file is bound to the hosts that it was entered
// for, so that a changed provider definition cannot send it elsewhere.
//
// A local token is what an agent shows to the proxy of its profile: [Store.Token].
//
// In memory between these two and the user, a key travels as a [Secret], which
// no formatting verb, logger or encoder prints.
package secrets

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "<secret>"

// Secret is a text that prints, logs and encodes as "<secret>". Only Reveal
// gives it away. The zero value is empty.
//
// It is a pointer inside a struct because fmt cannot call methods on
// unexported fields of other structs: it would print a string type's content
// there, but of this one only an address.
type Secret struct{ text *string }

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal compares in a time that depends on the lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

func (s Secret) String() string { return hidden }

// GoString hides it from %#v.
func (s Secret) GoString() string { return hidden }

// Format hides it from every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides it from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides it from encoders: JSON, XML, YAML and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalYAML hides it from YAML encoders that ask for no text.
func (s Secret) MarshalYAML() (any, error) { return hidden, nil }
