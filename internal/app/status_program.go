package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/service"
)

// deletedProgram is what Linux puts behind the name of a program whose file is
// not there any more (proc_pid_exe(5)): another one may have its place.
const deletedProgram = " (deleted)"

// programOf tells the file that the engine in a state runs, in Linux's words: from
// the kernel, or as the supervisor noted it.
func programOf(st service.State) func(pid int) (string, error) {
	return func(pid int) (string, error) {
		if st.Replaced != "" {
			return st.Replaced + deletedProgram, nil
		}
		return os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	}
}

// oldProgram says that a running engine is older than the program it was started
// from, which a package or `make install` replaced, or that this is gone; "" where
// it is neither, or cannot be told. It costs one link read, not a question to the engine.
func oldProgram(alias string, pid int, program func(pid int) (string, error)) string {
	path, err := program(pid)
	if err != nil {
		return ""
	}
	path, old := strings.CutSuffix(path, deletedProgram)
	if !old {
		return ""
	}
	// dpkg links what it replaces to this name, and may have removed it as that.
	path = strings.TrimSuffix(path, ".dpkg-tmp")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("its engine runs from %s, which is not there any more; have it run this ringlet with: ringlet proxy restart %s", path, alias)
	}
	return fmt.Sprintf("its engine still runs the %s that was replaced since; have it run the new one with: ringlet proxy restart %s", path, alias)
}
