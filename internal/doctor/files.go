package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/ringlet/ringlet/internal/safefile"
)

// OwnFile is a file or folder of ringlet's own.
type OwnFile struct {
	Path   string
	Folder bool
	Secret bool // nobody else may even read it
	Users  bool // the user's, and may be a link, which is left alone
}

// Permissions is about who can read and write ringlet's own files. What is
// missing is no concern of its.
type Permissions struct{ Files []OwnFile }

// Name implements [Check].
func (Permissions) Name() string { return "permissions" }

// Run implements [Check].
func (p Permissions) Run(context.Context) []Finding {
	var out []Finding
	for _, file := range p.Files {
		if f := look(file); f.Result != "" {
			out = append(out, f)
		}
	}
	if out == nil {
		return []Finding{ok("", "ringlet's files are yours, and closed to others")}
	}
	return out
}

func look(file OwnFile) Finding {
	info, err := os.Lstat(file.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{}
	case err != nil:
		return problem("", err)
	case info.Mode()&fs.ModeSymlink != 0 && file.Users:
		return Finding{}
	case info.Mode()&fs.ModeSymlink != 0:
		return failure("", "replace it with what it leads to: readlink -f "+file.Path, "%s is a symbolic link, and is not followed", file.Path)
	case file.Folder != info.IsDir() || !file.Folder && !info.Mode().IsRegular():
		return failure("", "see what it is: ls -ld "+file.Path, "%s is neither the file nor the folder that belongs there", file.Path)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return failure("", safefile.TakeOver(file.Path), "%s belongs to uid %d, not to you", file.Path, st.Uid)
	}
	mode, own := info.Mode().Perm(), fs.FileMode(0o600)
	if file.Folder {
		own = 0o700
	}
	forbidden, what := fs.FileMode(0o022), "can be written by others"
	if file.Secret {
		forbidden, what = 0o077, "can be read by others"
	}
	switch {
	case mode&forbidden != 0:
	case mode&own != own:
		// Also of the user's own permissions: a command would fail with less to say.
		what = "cannot be used by yourself"
	default:
		return Finding{}
	}
	to := (mode | own) &^ forbidden
	return failure("", fmt.Sprintf("chmod %04o %s", to, file.Path), "%s %s (mode %04o)", file.Path, what, mode).by(func(context.Context) (string, error) {
		return fmt.Sprintf("its mode is %04o now", to), chmod(file, to)
	})
}

// chmod changes the mode of what was looked at, not of what a link that took its
// place in between leads to.
func chmod(file OwnFile, to fs.FileMode) error {
	f, err := os.OpenFile(file.Path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return os.Chmod(file.Path, to) // not even readable by its owner: there is no other way
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() || info.IsDir() != file.Folder {
		return &safefile.TrustError{Path: file.Path, Problem: "was replaced in the meantime", Remedy: "see what it is: ls -ld " + file.Path}
	}
	return f.Chmod(to)
}

// Files is about files that cannot be read.
type Files struct {
	Problems []error
	Registry error // of the registry of ports, which nobody writes by hand; nil
	// Rebuild makes the registry anew, and says where the broken one is kept; nil
	// where it must stay as it is.
	Rebuild func(ctx context.Context) (aside string, err error)
}

// Name implements [Check].
func (Files) Name() string { return "files" }

// Run implements [Check].
func (c Files) Run(context.Context) []Finding {
	var out []Finding
	for _, err := range c.Problems {
		out = append(out, problem("", err))
	}
	if c.Registry != nil {
		f := problem("", c.Registry)
		if c.Rebuild != nil {
			f = f.by(func(ctx context.Context) (string, error) {
				aside, err := c.Rebuild(ctx)
				return "made it anew from the profiles' config.yaml; the broken one is " + aside, err
			})
		}
		out = append(out, f)
	}
	if out == nil {
		return []Finding{ok("", "settings, profiles, ports and providers can be read")}
	}
	return out
}

// Space is what a file system has left.
type Space struct {
	Device   uint64
	Free     uint64 // bytes, for this user
	Inodes   uint64 // free ones
	NoInodes bool   // it does not count them
	ReadOnly bool
}

// Disk is about room on the disk.
type Disk struct {
	Folders []string
	Space   func(folder string) (Space, error)
}

// How little room is worth a word, in bytes: logs and usage records grow by
// megabytes a day, and a configuration that cannot be written stays the old one.
const (
	lowRoom = 500 << 20
	noRoom  = 20 << 20
)

// Name implements [Check].
func (Disk) Name() string { return "disk" }

// Run implements [Check].
func (d Disk) Run(context.Context) []Finding {
	var out []Finding
	least, seen := uint64(1<<63), map[uint64]bool{}
	for _, folder := range d.Folders {
		s, err := d.Space(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			out = append(out, problem("", err))
			continue
		case seen[s.Device]:
			continue
		}
		seen[s.Device] = true
		least = min(least, s.Free)
		look := "see what takes it: du -xsh " + folder
		switch {
		case s.ReadOnly:
			out = append(out, failure("", "mount it for writing, or set HOME or XDG_CONFIG_HOME to another", "the file system of %s cannot be written", folder))
		case s.Free < noRoom:
			out = append(out, failure("", look, "there are %d MiB left on the file system of %s", s.Free>>20, folder))
		case s.Free < lowRoom:
			out = append(out, warning("", look, "there are %d MiB left on the file system of %s", s.Free>>20, folder))
		case !s.NoInodes && s.Inodes < 100:
			out = append(out, failure("", "see where the many small files are: du --inodes -xs "+folder, "there are %d inodes left on the file system of %s", s.Inodes, folder))
		}
	}
	if out == nil && len(seen) > 0 {
		return []Finding{ok("", "there are %.1f GiB left", float64(least)/(1<<30))}
	}
	return out
}
