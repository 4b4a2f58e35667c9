//go:build ringlet_faults

package safefile

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Faults on demand, for the tests of what a power cut or a full disk leaves:
//
//	RINGLET_FAULTS_LOG  a file, to which a line is added before and after each change
//	RINGLET_FAULTS_AT   the number of the line that something happens at, from 1 on
//	RINGLET_FAULTS_DO   what: "crash" ends the process; "fail" has that change fail
//	                    with EIO; "full" has it and every later one that takes room
//	                    fail with ENOSPC
func step(c change, path string) error {
	n := count("before", c, path)
	at, do := fault()
	takesRoom := slices.Contains([]change{makeFolder, createFile, writeFile, linkFile}, c)
	switch {
	case at == 0:
	case do == "fail" && n == at:
		return &fs.PathError{Op: string(c), Path: path, Err: unix.EIO}
	case do == "full" && n >= at && takesRoom:
		return &fs.PathError{Op: string(c), Path: path, Err: unix.ENOSPC}
	}
	return nil
}

func done(c change, path string) { count("after", c, path) }

func fault() (at int, do string) {
	at, _ = strconv.Atoi(os.Getenv("RINGLET_FAULTS_AT"))
	return at, os.Getenv("RINGLET_FAULTS_DO")
}

// count adds a line to the log and returns its number; the process ends at the
// line that it was told to end at.
func count(when string, c change, path string) int {
	name := os.Getenv("RINGLET_FAULTS_LOG")
	if name == "" {
		return 0
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err) // of a test
	}
	defer f.Close()
	fmt.Fprintf(f, "%s\t%s\t%s\n", when, c, strings.ReplaceAll(path, "\n", " "))
	text, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	n := bytes.Count(text, []byte("\n"))
	if at, do := fault(); do == "crash" && n == at {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {} // until it arrives
	}
	return n
}
