package profiles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/strict"
)

// migration brings the bytes of a file to the next version of its format.
type migration func(data []byte) ([]byte, error)

// profileSteps take a profile's file from each version to the next, version 0 first.
func profileSteps() []migration { return []migration{profileFromZero} }

// registrySteps are those of ports.json.
func registrySteps() []migration { return []migration{registryFromZero} }

// profileFromZero: before there were versions, a port of 0 was an automatic one.
func profileFromZero(data []byte) ([]byte, error) {
	var file, proxy map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(file["proxy"], &proxy); err == nil && string(proxy["port"]) == "0" {
		proxy["port"] = json.RawMessage("null")
		if file["proxy"], err = json.Marshal(proxy); err != nil {
			return nil, err
		}
	}
	file["version"] = json.RawMessage("1")
	return json.MarshalIndent(file, "", "  ")
}

// registryFromZero: before there were versions, the ports by alias were all of it.
func registryFromZero(data []byte) ([]byte, error) {
	var ports map[string]json.RawMessage
	if err := json.Unmarshal(data, &ports); err != nil {
		return nil, err
	}
	delete(ports, "version")
	return json.MarshalIndent(map[string]any{"version": 1, "ports": ports}, "", "  ")
}

// versioned is what every version of a file says in the same place.
type versioned struct {
	Version   *int   `json:"version"`
	WrittenBy string `json:"written_by"` // the version of the ringlet that wrote it
}

// upgrade brings an older file to the version of the last step; older says that
// it was one. A newer one is refused. What is no JSON is left to whoever decodes it.
func upgrade(path string, data []byte, steps []migration) (out []byte, older bool, err error) {
	var v versioned
	if json.Unmarshal(data, &v) != nil || string(bytes.TrimSpace(data)) == "null" {
		return data, false, nil
	}
	from := 0
	if v.Version != nil {
		from = *v.Version
	}
	switch {
	case from == len(steps):
		return data, false, nil
	case from > len(steps):
		newer := problem(path, data, fmt.Sprintf("version is %d, written by a newer ringlet; this one reads version %d", from, len(steps)), "version")
		newer.Remedy = "use that ringlet, or install a newer one; nothing was changed"
		if v.WrittenBy != "" {
			newer.Remedy = fmt.Sprintf("install ringlet %s or a newer one; nothing was changed", v.WrittenBy)
		}
		return nil, false, newer
	case from < 0:
		return nil, false, problem(path, data, fmt.Sprintf("version is %d; it must be %d", from, len(steps)), "version")
	}
	if err := strict.JSON(path, data, new(map[string]any)); err != nil { // what is broken is told of as it stands
		return nil, false, err
	}
	for n := from; n < len(steps); n++ {
		if data, err = steps[n](data); err != nil {
			return nil, false, &strict.Error{Path: path, Problem: fmt.Sprintf("version %d cannot be brought to version %d: %v", n, n+1, err)}
		}
	}
	return data, true, nil
}

// keepOlder copies the file at path to path.v0 (and so on) before a file of the
// current version takes its place: the ringlet that wrote it reads no other.
func (s *Store) keepOlder(path string, current int) error {
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var v versioned
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	from := 0
	if v.Version != nil {
		from = *v.Version
	}
	backup := fmt.Sprintf("%s.v%d", path, from)
	if _, err := os.Lstat(backup); from >= current || err == nil {
		return nil // what was kept first is the original
	}
	return s.put(backup, data)
}
