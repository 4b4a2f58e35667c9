package agents

import (
	"bytes"
	"slices"

	"github.com/ringlet/ringlet/internal/strict"
)

// mcpServers is the member of .claude.json that holds a user's MCP servers.
const mcpServers = "mcpServers"

// MergeServers adds the MCP servers in one .claude.json to another's text. One
// of a name that is there already stays, unless replace is set. taken and left are names.
func MergeServers(path string, text, from []byte, replace bool) (merged []byte, taken, left []string, err error) {
	source, err := parseServers(path, from)
	if err != nil || source == nil {
		return text, nil, nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}\n")
	}
	for _, m := range source.members {
		_, top, _, err := parseSettings(path, text)
		if err != nil {
			return nil, nil, nil, err
		}
		have, err := parseServers(path, text)
		if err != nil {
			return nil, nil, nil, err
		}
		if have == nil {
			text = top.set(mcpServers, []byte("{}"), nil)
			if _, top, _, err = parseSettings(path, text); err != nil {
				return nil, nil, nil, err
			}
			if have, err = parseServers(path, text); err != nil {
				return nil, nil, nil, err
			}
		}
		if have.find(m.key) >= 0 && !replace {
			left = append(left, m.key)
			continue
		}
		text, taken = slices.Clone(have.set(m.key, source.raw(m), &top)), append(taken, m.key)
	}
	return text, taken, left, nil
}

// parseServers is the object of MCP servers in a text, nil where there is none.
func parseServers(path string, text []byte) (*jsonObject, error) {
	_, top, _, err := parseSettings(path, text)
	if err != nil {
		return nil, err
	}
	i := top.find(mcpServers)
	if i < 0 || string(top.raw(top.members[i])) == "null" {
		return nil, nil
	}
	o, err := parseObject(path, top.text, top.members[i].value, `"`+mcpServers+`"`)
	if err != nil {
		return nil, &strict.Error{Path: path, Problem: err.Error()}
	}
	return &o, nil
}
