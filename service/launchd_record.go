package service

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
)

// record is what launchd does not tell, or not in a form to be relied on. It lies
// beside the configuration. Every part of it is checked against what launchd says
// before it is believed: the file is lost, old, or another's without harm.
type record struct {
	// Content is the sum of the plist that was loaded: launchd goes on with what it
	// read, whatever the file says now.
	Content string    `json:"content"`
	PID     int       `json:"pid"`    // the engine that was waited for
	Ready   time.Time `json:"ready"`  // and since when it answers
	Runs    int       `json:"runs"`   // launchd's count of starts then
	Failed  string    `json:"failed"` // why it was not loaded at the last start: "port-taken"
	// Exe is the engine's program, and Inode the file that this was then.
	Exe   string `json:"exe,omitempty"`
	Inode string `json:"inode,omitempty"`
}

// portTaken is the result of a start that found somebody else on the port.
const portTaken = "port-taken"

// inode tells a file from what takes its place; "" for none.
func inode(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d:%d", st.Dev, st.Ino, info.ModTime().UnixNano())
}

// replaced is the engine's program, where that file is another one now, or gone.
func (r record) replaced() string {
	if r.Inode == "" || inode(r.Exe) == r.Inode {
		return ""
	}
	return r.Exe
}

func recordPath(config string) string { return filepath.Join(filepath.Dir(config), "launchd.json") }

func readRecord(config string) (r record) {
	data, err := safefile.Read(recordPath(config), false)
	if err != nil || json.Unmarshal(data, &r) != nil {
		return record{}
	}
	return r
}

func (l *launchd) note(config string, r record) {
	data, err := json.Marshal(r)
	if err == nil {
		err = safefile.Write(recordPath(config), append(data, '\n'), 0o600)
	}
	if err != nil {
		l.log.Warn("the start of the engine cannot be noted; status will show less", "error", err)
	}
}
