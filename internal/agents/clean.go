package agents

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/ringlet/ringlet/internal/strict"
	"github.com/tidwall/gjson"
)

// holdsKey reports whether a setting of that name holds a provider's key.
func holdsKey(name string) bool {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
	return slices.Contains([]string{"apikey", "experimentalbearertoken", "bearertoken", "authtoken", "accesstoken", "refreshtoken"}, name)
}

// ofServers reports whether a setting is one of an MCP server's: what such a
// server needs is no provider's key, and without it it would not work.
func ofServers(path []string) bool {
	return len(path) > 0 && slices.Contains([]string{"mcp", "mcpServers", "mcp_servers"}, path[0])
}

// cleanClaude takes out of settings.json what leads requests past a proxy, and
// what prints or holds a credential.
func cleanClaude(name string, text []byte) (clean []byte, left []string, err error) {
	if name != "settings.json" {
		return text, nil, nil
	}
	scrub := claudeScrub()
	helpers := []string{"apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "gcpAuthRefresh"}
	for {
		bom, top, env, err := parseSettings(name, text)
		if err != nil {
			return nil, nil, err
		}
		i := slices.IndexFunc(top.members, func(m jsonMember) bool { return slices.Contains(helpers, m.key) })
		if i >= 0 {
			left, text = append(left, top.members[i].key), slices.Concat(bom, top.remove(i))
			continue
		}
		if env != nil {
			i = slices.IndexFunc(env.members, func(m jsonMember) bool { return scrub[m.key] != "" })
		}
		if i < 0 {
			return text, left, nil
		}
		left, text = append(left, "env."+env.members[i].key), slices.Concat(bom, env.remove(i))
	}
}

// cleanTOML takes keys of providers out of a TOML file, and the named keys at its top.
func cleanTOML(drop ...string) func(string, []byte) ([]byte, []string, error) {
	return func(name string, text []byte) ([]byte, []string, error) {
		if filepath.Ext(name) != ".toml" {
			return text, nil, nil
		}
		var left []string
		for {
			t, err := parseTOML(name, text)
			if err != nil {
				return nil, nil, err
			}
			i := slices.IndexFunc(t.keys, func(k tomlKey) bool { return dropped(k.path, drop) })
			if i < 0 {
				break
			}
			left = append(left, strings.Join(t.keys[i].path, "."))
			text = t.whole(t.without(t.keys[i].line, t.keys[i].end))
		}
		var all map[string]any // an inline table's keys have no lines of their own
		if err := toml.Unmarshal(bytes.TrimPrefix(text, []byte(byteOrderMark)), &all); err != nil {
			return nil, nil, err
		}
		if at := heldIn(all, nil); at != "" {
			return nil, nil, fmt.Errorf("it holds a key in an inline table, %s", at)
		}
		return text, left, nil
	}
}

// dropped reports whether a setting is to be taken out.
func dropped(path, drop []string) bool {
	if ofServers(path) {
		return false
	}
	return slices.Contains(drop, path[0]) || holdsKey(path[len(path)-1])
}

// heldIn is where a decoded value holds a key, or "".
func heldIn(v any, path []string) string {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			at := append(slices.Clone(path), name)
			if ofServers(at) {
				continue
			}
			if _, ok := member.(string); ok && holdsKey(name) {
				return strings.Join(at, ".")
			}
			if where := heldIn(member, at); where != "" {
				return where
			}
		}
	case []any:
		for _, member := range v {
			if where := heldIn(member, path); where != "" {
				return where
			}
		}
	}
	return ""
}

// cleanJSON takes keys of providers out of a JSON file, and the named keys at
// its top. A file with comments is taken as it is where it mentions no key.
func cleanJSON(drop ...string) func(string, []byte) ([]byte, []string, error) {
	return func(name string, text []byte) ([]byte, []string, error) {
		if ext := filepath.Ext(name); ext != ".json" && ext != ".jsonc" || len(bytes.TrimSpace(text)) == 0 {
			return text, nil, nil
		}
		text = bytes.TrimPrefix(text, []byte(byteOrderMark))
		if !gjson.ValidBytes(text) {
			if filepath.Ext(name) == ".jsonc" && !mentionsKey(text, drop) {
				return text, nil, nil
			}
			if filepath.Ext(name) == ".jsonc" {
				return nil, nil, errors.New("it has comments, and seems to hold a key")
			}
			return nil, nil, &strict.Error{Path: name, Line: 1, Column: 1, Problem: "it is no JSON"}
		}
		return cleanObject(name, text, drop)
	}
}

// mentionsKey reports whether a text that is not read may hold what is to be taken out.
func mentionsKey(text []byte, drop []string) bool {
	words := strings.FieldsFunc(string(text), func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	return slices.ContainsFunc(words, func(w string) bool { return holdsKey(w) || slices.Contains(drop, w) })
}

func cleanObject(name string, text []byte, drop []string) ([]byte, []string, error) {
	var left []string
	for {
		at, path, err := findDropped(name, text, 0, nil, drop)
		if err != nil || at == nil {
			return text, left, err
		}
		left = append(left, strings.Join(path, "."))
		text = at()
	}
}

// findDropped finds the first setting that is to be taken out, and returns what
// takes it out; lists of objects are looked into as well.
func findDropped(name string, text []byte, start int, above, drop []string) (remove func() []byte, path []string, err error) {
	o, err := parseObject(name, text, start, "the settings")
	if err != nil {
		return nil, nil, err
	}
	for i, m := range o.members {
		path := append(slices.Clone(above), m.key)
		if dropped(path, drop) {
			return func() []byte { return o.remove(i) }, path, nil
		}
		if ofServers(path) {
			continue
		}
		for _, at := range objectsIn(text[m.value:m.end]) {
			if remove, path, err := findDropped(name, text, m.value+at, path, drop); err != nil || remove != nil {
				return remove, path, err
			}
		}
	}
	return nil, nil, nil
}

// objectsIn are the places of the objects that a value is, or that are in its lists.
func objectsIn(value []byte) []int {
	v := gjson.ParseBytes(value)
	var out []int
	switch {
	case v.IsObject():
		out = append(out, leadingSpace(value))
	case v.IsArray():
		v.ForEach(func(_, member gjson.Result) bool {
			for _, at := range objectsIn([]byte(member.Raw)) {
				out = append(out, member.Index+at)
			}
			return true
		})
	}
	return out
}
