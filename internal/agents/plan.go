package agents

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
)

// Edit is one setting that Point would change. Values are as they would stand in
// the file; one that is a token is "<secret>".
type Edit struct {
	Path   string // the settings file
	Key    string // in the file's own way: a variable of the env block, a dotted path
	Before string // "" where it is not there
	After  string
}

// hiddenValue stands for a token.
const hiddenValue = "<secret>"

// plan lists what point would change. secret names the keys whose values are not shown.
func (s settings) plan(home string, want []setting, secret ...string) ([]Edit, error) {
	path := filepath.Join(home, s.file)
	now, err := readSettings(path)
	if err != nil {
		return nil, err
	}
	var out []Edit
	for _, w := range want {
		current, err := s.edit.lookup(path, now.text, []string{w.key})
		if err != nil {
			return nil, err
		}
		if bytes.Equal(current[0].value, w.value) {
			continue
		}
		e := Edit{Path: path, Key: w.key, Before: string(current[0].value), After: string(w.value)}
		if slices.Contains(secret, w.key) {
			if e.After != "" {
				e.After = hiddenValue
			}
			if e.Before != "" {
				e.Before = hiddenValue
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// Plan implements [Agent].
func (c Claude) Plan(_ context.Context, o PointOptions) ([]Edit, error) {
	return c.settings().plan(o.Home, c.wanted(o), claudeToken, claudeHeaders)
}

// Plan implements [Agent].
func (c Codex) Plan(_ context.Context, o PointOptions) ([]Edit, error) {
	return c.settings().plan(o.Home, c.wanted(o), codexToken, codexHeaders)
}

// Plan implements [Agent].
func (OpenCode) Plan(context.Context, PointOptions) ([]Edit, error) { return nil, nil }

// Plan implements [Agent].
func (Droid) Plan(context.Context, PointOptions) ([]Edit, error) { return nil, nil }

// Plan implements [Agent].
func (g Grok) Plan(_ context.Context, o PointOptions) ([]Edit, error) {
	return g.settings().plan(o.Home, g.wanted(o), grokToken)
}
