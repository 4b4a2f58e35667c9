package service

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/units"
)

// DropIns are the files by which the user changes the units of one proxy, of
// `systemctl --user edit` and `set-property`. Those for all proxies
// (ringlet-proxy@.service.d) are not among them.
func (s *systemd) DropIns(alias string) ([]string, error) {
	var out []string
	for _, base := range []string{s.dir, filepath.Join(filepath.Dir(s.dir), "user.control")} {
		for _, unit := range []string{units.SocketName(alias), units.ServiceName(alias)} {
			dir := filepath.Join(base, unit+".d")
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return out, err
			}
			for _, e := range entries {
				if strings.HasSuffix(e.Name(), ".conf") {
					out = append(out, filepath.Join(dir, e.Name()))
				}
			}
		}
	}
	return out, nil
}
