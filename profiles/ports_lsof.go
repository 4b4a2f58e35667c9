package profiles

import (
	"fmt"
	"strconv"
	"strings"
)

// lsofHolder reads the first process of lsof's output for programs: a line per
// field, p and the pid, c and the name (lsof(8), "output for other programs"); "" for none.
func lsofHolder(text string) string {
	pid, name := 0, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if value, ok := strings.CutPrefix(line, "p"); ok {
			if pid > 0 {
				break
			}
			pid, _ = strconv.Atoi(value)
		} else if value, ok := strings.CutPrefix(line, "c"); ok && name == "" {
			name = value
		}
	}
	if pid <= 0 {
		return ""
	}
	if name == "" {
		name = "a program"
	}
	return fmt.Sprintf("%s (pid %d)", name, pid)
}
