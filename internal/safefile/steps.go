package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// change is one thing that is done to a file system. Every one that this package
// does goes through step before it and done after it, and is made durable before
// the next one in another folder: what a power cut leaves is what the changes up
// to some point make, in their order. See TestAcceptancePowerLossAtEveryChange.
type change string

const (
	makeFolder   change = "make folder"
	createFile   change = "create"
	writeFile    change = "write"
	renameFile   change = "rename"
	linkFile     change = "link"
	removeFile   change = "remove"
	removeFolder change = "remove folder"
	syncFolder   change = "sync folder"
)

// MakeDirs makes a folder and those above it that are missing, durably, with mode
// perm; one that is there stays as it is.
func MakeDirs(dir string, perm fs.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := MakeDirs(parent, perm); err != nil {
			return err
		}
	}
	if err := step(makeFolder, dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, perm); err != nil {
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			return nil // by another command, which makes it durable
		}
		return err
	}
	done(makeFolder, dir)
	return SyncDir(filepath.Dir(dir))
}

// RemoveAll deletes a folder and what is in it, durably; a missing one is no error.
func RemoveAll(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := step(removeFolder, dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	done(removeFolder, dir)
	return SyncDir(filepath.Dir(dir))
}

// RemoveEmpty deletes a folder that has nothing in it, and says whether it is gone
// now; what is in use stays. That the removal cannot be made durable is no error: an
// empty folder that is back after a power cut does no harm.
func RemoveEmpty(dir string) bool {
	if err := os.Remove(dir); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	_ = SyncDir(filepath.Dir(dir))
	return true
}

// Create makes a file of this user's, complete or not at all, and never replaces
// one: where there is one it is fs.ErrExist. Missing folders are made with mode 0700.
func Create(path string, data []byte, perm fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := MakeDirs(dir, 0o700); err != nil {
		return err
	}
	// A hard link fails where the name is taken, a rename would not.
	err := place(path, data, perm, linkFile, func(f *pending) error {
		if err := f.Sync(); err != nil {
			return err
		}
		return os.Link(f.Name(), path)
	})
	if err != nil {
		return err
	}
	return SyncDir(dir)
}
