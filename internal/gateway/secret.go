package gateway

// secret is a value that does not print: fmt does not call methods on the
// unexported fields of what it prints, so the value hides behind a pointer.
type secret struct{ v *string }

func newSecret(s string) secret { return secret{&s} }

// reveal is the value; "" for the zero secret.
func (s secret) reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

func (secret) String() string   { return "<secret>" }
func (secret) GoString() string { return "<secret>" }
