package agents

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/ringlet/ringlet/internal/strict"
)

// envBlock is the object in a settings file that holds environment variables.
const envBlock = "env"

// setting is an environment variable in the env block. value is a JSON text; an
// empty one stands for a key that is absent.
type setting struct {
	key   string
	value json.RawMessage
}

// byteOrderMark is kept where an editor put one; agents skip it too.
const byteOrderMark = "\xef\xbb\xbf"

// parseSettings reads a settings file's top object and its env block, which is
// nil where there is none. An empty file counts as {}. The text of both objects
// is what was parsed: without a byte order mark, which is returned.
func parseSettings(path string, text []byte) (bom []byte, top jsonObject, env *jsonObject, err error) {
	if rest, ok := bytes.CutPrefix(text, []byte(byteOrderMark)); ok {
		bom, text = []byte(byteOrderMark), rest
	}
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}\n")
	}
	if err := strict.JSON(path, text, new(json.RawMessage)); err != nil {
		return nil, jsonObject{}, nil, err
	}
	if top, err = parseObject(path, text, 0, "the settings"); err != nil {
		return nil, jsonObject{}, nil, err
	}
	i := top.find(envBlock)
	if i < 0 {
		return bom, top, nil, nil
	}
	block, err := parseObject(path, text, top.members[i].value, `"env"`)
	if err != nil {
		return nil, jsonObject{}, nil, err
	}
	return bom, top, &block, nil
}

// envEditor edits the env block of a JSON file.
type envEditor struct{}

// lookup implements [editor].
func (envEditor) lookup(path string, text []byte, keys []string) ([]setting, error) {
	_, _, env, err := parseSettings(path, text)
	if err != nil {
		return nil, err
	}
	out := make([]setting, len(keys))
	for n, key := range keys {
		out[n].key = key
		if env == nil {
			continue
		}
		if i := env.find(key); i >= 0 {
			out[n].value = slices.Clone(env.raw(env.members[i]))
		}
	}
	return out, nil
}

// change implements [editor].
func (envEditor) change(path string, text []byte, change []setting, tidy bool) ([]byte, error) {
	for _, c := range change {
		bom, top, env, err := parseSettings(path, text)
		if err != nil {
			return nil, err
		}
		if env == nil {
			if len(c.value) == 0 {
				continue
			}
			made := slices.Concat(bom, top.set(envBlock, []byte("{}"), nil))
			if bom, top, env, err = parseSettings(path, made); err != nil {
				return nil, err
			}
		}
		if len(c.value) > 0 {
			text = slices.Concat(bom, env.set(c.key, c.value, &top))
		} else if i := env.find(c.key); i >= 0 {
			text = slices.Concat(bom, env.remove(i))
		}
	}
	if !tidy {
		return text, nil
	}
	bom, top, env, err := parseSettings(path, text)
	if err == nil && env != nil && len(env.members) == 0 {
		text = slices.Concat(bom, top.remove(top.find(envBlock)))
	}
	return text, err
}

// had implements [editor].
func (envEditor) had(path string, text []byte) (bool, error) {
	_, _, env, err := parseSettings(path, text)
	return env != nil, err
}

// bare implements [editor].
func (envEditor) bare(path string, text []byte) bool {
	_, top, _, err := parseSettings(path, text)
	return err == nil && len(top.members) == 0
}

// validValue implements [editor].
func (envEditor) validValue(value string) bool { return json.Valid([]byte(value)) }
