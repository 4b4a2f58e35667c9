package agents

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/strict"
)

// recordVersion is the version of the format that this code reads and writes.
const recordVersion = 1

// Record is what a settings file was before ringlet pointed its agent at a
// proxy, so that it can be put back. It lies in the profile's folder under
// ~/.config/ringlet/restore as <agent>.json, mode 0600 (the settings may hold
// keys), in this format:
//
//	{
//	  "version": 1,
//	  "agent": "claude",
//	  "file": ".claude/settings.json",
//	  "absent": false,
//	  "mode": 420,
//	  "original": "eyJtb2RlbCI6Im9wdXMifQ==",
//	  "original_had_env": false,
//	  "written": ["9f86d0…"],
//	  "keys": [
//	    { "key": "ANTHROPIC_BASE_URL", "before": "\"https://gateway.example.com\"", "ours": ["2c26b4…"] },
//	    { "key": "ANTHROPIC_AUTH_TOKEN", "ours": ["fcde2b…"] }
//	  ]
//	}
//
// It is written before the settings are, and removed after they are restored:
// a crash at any point leaves what is needed to restore. It is made once. Later
// calls of Point add to written and ours; original changes only when somebody
// else changed the file since, and is then that file without ringlet's values.
type Record struct {
	Version int    `json:"version"`
	Agent   string `json:"agent"`
	File    string `json:"file"` // relative to the profile's home
	// Absent says that there was no file; Original is empty then.
	Absent bool `json:"absent"`
	// Mode is the file's permission bits, as a decimal number (420 is 0644).
	Mode fs.FileMode `json:"mode"`
	// Original is the file's bytes, in base64.
	Original       []byte `json:"original,omitempty"`
	OriginalHadEnv bool   `json:"original_had_env"`
	// Written are SHA-256 sums, in hexadecimal, of what ringlet wrote, newest
	// first. A file with one of them has been changed by nobody else. The one
	// before the newest counts too: the newest may not have reached the disk.
	Written []string `json:"written"`
	Keys    []Key    `json:"keys"`
}

// Key is one setting that ringlet set.
type Key struct {
	Key string `json:"key"`
	// Before is the value that it had, as the JSON text that stood there; absent
	// where it had none.
	Before string `json:"before,omitempty"`
	// Ours are SHA-256 sums, in hexadecimal, of the JSON texts that ringlet set it
	// to, newest first. Only a value with one of them is ringlet's to take back.
	Ours []string `json:"ours"`
}

// How many sums are kept: of whole files, and of values. A value outlives its
// file's sum when somebody else edits the rest of the file.
const (
	keepWritten = 2
	keepOurs    = 16
)

func (r *Record) path(dir string) string { return filepath.Join(dir, r.Agent+".json") }

// loadRecord reads the record of an agent in dir; nil where there is none.
func loadRecord(dir, agent string, edit editor) (*Record, error) {
	path := (&Record{Agent: agent}).path(dir)
	data, err := safefile.Read(path, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeRecord(path, agent, data, edit)
}

// decodeRecord reads a record's bytes; path is only used in errors.
func decodeRecord(path, agent string, data []byte, edit editor) (*Record, error) {
	var r Record
	if err := strict.JSON(path, data, &r); err != nil {
		// A newer file is best told by its version, not by the first field that is new in it.
		var only struct{ Version int }
		if json.Unmarshal(data, &only) != nil || only.Version <= recordVersion {
			return nil, err
		}
		r = Record{Version: only.Version}
	}
	if r.Version > recordVersion {
		return nil, &strict.Error{Path: path, Problem: fmt.Sprintf("version is %d, written by a newer ringlet; this one reads version %d", r.Version, recordVersion),
			Remedy: "use that ringlet, or install a newer one: the file says what the agent's settings were before; nothing was changed"}
	}
	if r.Version != recordVersion || r.Agent != agent {
		return nil, &strict.Error{Path: path, Problem: fmt.Sprintf("it is of version %d for agent %q; expected version %d for %q", r.Version, r.Agent, recordVersion, agent)}
	}
	for _, k := range r.Keys {
		if k.Before != "" && !edit.validValue(k.Before) {
			return nil, &strict.Error{Path: path, Problem: fmt.Sprintf("what %s was before is no value", k.Key)}
		}
	}
	return &r, nil
}

// save writes the record, unless it is there as it is.
func (r *Record) save(dir string) (written bool, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // for who reads it
	if err := enc.Encode(r); err != nil {
		return false, err
	}
	if have, err := safefile.Read(r.path(dir), true); err == nil && bytes.Equal(have, b.Bytes()) {
		return false, nil
	}
	return true, safefile.Write(r.path(dir), b.Bytes(), 0o600)
}

// remove deletes the record, and the profile's folder when nothing else is in it.
func (r *Record) remove(dir string) error {
	if err := safefile.Remove(r.path(dir)); err != nil {
		return err
	}
	safefile.RemoveEmpty(dir)
	return nil
}

// untouched reports whether nobody but ringlet has changed the file, given its
// bytes as they are now.
func (r *Record) untouched(now settingsFile) bool {
	if now.absent || r.Absent {
		if now.absent == r.Absent {
			return true
		}
	} else if string(now.text) == string(r.Original) {
		return true
	}
	return !now.absent && slices.Contains(r.Written, sum(now.text))
}

// isOurs reports whether value is one that ringlet set the key to; an empty one
// is where ringlet removed it.
func (k *Key) isOurs(value json.RawMessage) bool {
	return slices.Contains(k.Ours, sum(value))
}

// takeBack is the change that puts back what ringlet set and nobody else has
// changed since.
func (r *Record) takeBack(edit editor, path string, text []byte) ([]byte, error) {
	keys := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = k.Key
	}
	now, err := edit.lookup(path, text, keys)
	if err != nil {
		return nil, err
	}
	var change []setting
	for i := range r.Keys {
		if r.Keys[i].isOurs(now[i].value) {
			change = append(change, setting{r.Keys[i].Key, json.RawMessage(r.Keys[i].Before)})
		}
	}
	if len(change) == 0 {
		return text, nil
	}
	return edit.change(path, text, change, !r.OriginalHadEnv)
}

// remember puts s in front of list, without repetition, keeping at most most.
func remember(list []string, s string, most int) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(have string) bool { return have == s })
	list = slices.Insert(list, 0, s)
	return list[:min(len(list), most)]
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
