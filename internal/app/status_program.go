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

// oldProgram says that a proxy cannot start any more, because the program of its
// unit is gone, or that its running engine is older than that program, which a
// package or `make install` replaced; "" where it is neither, or cannot be told.
// unit is what the init system has of it: [unitWord]. It costs two questions to the kernel and none to the engine.
func oldProgram(alias, unit string, st service.State, program func(pid int) (string, error)) string {
	if st.Program != "" && gone(st.Program) {
		return fmt.Sprintf("its %s starts %s, which is not there any more, so that it does not come up again; have it start this ringlet with: ringlet proxy restart %s", unit, st.Program, alias)
	}
	if st.PID == 0 {
		return ""
	}
	path, err := program(st.PID)
	if err != nil {
		return ""
	}
	path, old := strings.CutSuffix(path, deletedProgram)
	if !old {
		return ""
	}
	// dpkg links what it replaces to this name, and may have removed it as that.
	path = strings.TrimSuffix(path, ".dpkg-tmp")
	if gone(path) { // it moved, and the unit names the new place already
		return fmt.Sprintf("its engine runs from %s, which is not there any more; have it run the new one with: ringlet proxy restart %s", path, alias)
	}
	return fmt.Sprintf("its engine still runs the %s that was replaced since; have it run the new one with: ringlet proxy restart %s", path, alias)
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
