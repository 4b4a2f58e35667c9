package providers

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
)

// Setting is something about a provider that only its user knows: which Azure
// resource, which AWS region. It is kept in the user's file in providers.d, as
// settings: { name: value }, because a service does not see the shell's variables.
type Setting struct {
	Name     string
	About    string   // "your Azure resource's address"
	Example  string   // "https://my-resource.openai.azure.com"
	Env      []string // the variables that others use for it, which login --from-env reads
	Default  string
	Optional bool
	check    func(value string) error
}

// Missing are the settings without which the provider's address is not known.
func (p Provider) Missing() []Setting {
	var out []Setting
	for _, s := range p.Settings {
		if !s.Optional && !p.placed && p.Values[s.Name] == "" {
			out = append(out, s)
		}
	}
	return out
}

// Setting is the setting of that name.
func (p Provider) Setting(name string) (Setting, error) {
	i := slices.IndexFunc(p.Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		var have []string
		for _, s := range p.Settings {
			have = append(have, s.Name)
		}
		if len(have) == 0 {
			have = []string{"none"}
		}
		return Setting{}, &NotFoundError{What: "setting", Name: name, In: p.ID, Nearest: have, List: "ringlet providers inspect " + p.ID}
	}
	return p.Settings[i], nil
}

// Check says why value cannot be the setting's.
func (s Setting) Check(value string) error {
	if err := s.check(value); err != nil {
		return fmt.Errorf("%s is %q: %w", s.Name, value, err)
	}
	return nil
}

// SettingsError says that a provider's address is not known yet.
type SettingsError struct {
	Provider string
	Missing  []Setting
}

func (e *SettingsError) Error() string {
	var parts []string
	for _, s := range e.Missing {
		parts = append(parts, fmt.Sprintf("%s (%s)", s.Name, s.About))
	}
	return fmt.Sprintf("the provider %q cannot be reached without its %s", e.Provider, strings.Join(parts, " and "))
}

// Hint is the command that says it.
func (e *SettingsError) Hint() string {
	hint := "set it: ringlet providers set " + e.Provider
	for _, s := range e.Missing {
		hint += fmt.Sprintf(" %s=%s", s.Name, s.Example)
	}
	return hint
}

// word accepts what stands in a host name or a path as it is.
func word(value string) error {
	for _, r := range value {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == ':' || r == '_') {
			return fmt.Errorf("%q cannot stand in it; use letters, digits and dashes", r)
		}
	}
	if value == "" || len(value) > 128 {
		return fmt.Errorf("it must have 1 to 128 characters")
	}
	return nil
}

// hostWord accepts one label of a host name.
func hostWord(value string) error {
	if strings.ContainsAny(value, ".:_") || strings.HasPrefix(value, "-") || strings.HasSuffix(value, "-") || len(value) > 63 {
		return fmt.Errorf("it must be one word of letters, digits and dashes")
	}
	return word(value)
}

func absolutePath(value string) error {
	if !filepath.IsAbs(value) || strings.ContainsAny(value, "\n\x00") {
		return fmt.Errorf("it must be an absolute path")
	}
	return nil
}

func text(value string) error {
	if value == "" || len(value) > 128 || !isHeaderValue(value) {
		return fmt.Errorf("it must be 1 to 128 printable characters")
	}
	return nil
}

// values are the given ones over the defaults.
func values(settings []Setting, given map[string]string) map[string]string {
	out := map[string]string{}
	for _, s := range settings {
		if s.Default != "" {
			out[s.Name] = s.Default
		}
	}
	maps.Copy(out, given)
	return out
}

// shown are the values, with <name> for the required ones that are missing: so
// that a listing can show what the addresses will be.
func shown(p Provider) map[string]string {
	out := maps.Clone(p.Values)
	for _, s := range p.Missing() {
		out[s.Name] = "<" + s.Name + ">"
	}
	return out
}

// resourceURL accepts an Azure resource's address.
func resourceURL(value string) error { return baseurl.Check(value) }
