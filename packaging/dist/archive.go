package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// archiveName is a platform's archive; without .tar.gz the folder in it.
func (r release) archiveName(goos, goarch string) string {
	return fmt.Sprintf("ringlet-%s-%s-%s.tar.gz", r.version.file(), goos, goarch)
}

// archive writes a platform's archive: bin and share, which can be copied to
// ~/.local or /usr/local as they are, and the texts beside them.
func (r release) archive(common, binary, goos, goarch string) (err error) {
	name := r.archiveName(goos, goarch)
	f, err := os.Create(filepath.Join(r.out, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zipped, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	out := tarball{tar.NewWriter(zipped), name[:len(name)-len(".tar.gz")], r.time}
	if err := out.add(binary, "bin/ringlet", 0o755); err != nil {
		return err
	}
	// WalkDir goes by name, so that the order is always the same.
	err = filepath.WalkDir(common, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(common, file)
		if err != nil {
			return err
		}
		return out.add(file, filepath.ToSlash(rel), 0o644)
	})
	return errors.Join(err, out.tar.Close(), zipped.Close())
}

// tarball writes files that are all of one time, and root's.
type tarball struct {
	tar    *tar.Writer
	folder string
	time   time.Time
}

func (t tarball) add(file, name string, mode int64) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(t.folder, name), Size: int64(len(data)), Mode: mode, ModTime: t.time,
		Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
	if err := t.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err = t.tar.Write(data)
	return err
}
