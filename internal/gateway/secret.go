package gateway

import "log/slog"

// secret is a value that does not print.
type secret string

func (secret) String() string               { return "<secret>" }
func (secret) GoString() string             { return "<secret>" }
func (secret) LogValue() slog.Value         { return slog.StringValue("<secret>") }
func (secret) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }
