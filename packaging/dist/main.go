// Command dist builds what a release consists of: an archive per platform, the
// Linux packages (by nfpm), SHA256SUMS, and a Homebrew formula.
//
//	dist -version v1.2.3 -epoch 1760000000 -nfpm build/tools/nfpm [-out dist] [-platforms linux/amd64,…] [-formats deb,…]
//	dist -version v1.2.3 -epoch 1760000000 -share ~/.local/share
//
// The same commit, built by the same Go, gives the same bytes: every time in
// them is -epoch, the commit's. It runs at the top of the repository; the second
// form writes the man pages and completions only. nfpm.yaml says what is in a
// package and where.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// platforms are those that a release is built for.
func platforms() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}
}

// formats are what is built for each platform, the packages for Linux only.
func formats() []string { return []string{"tar.gz", "deb", "rpm", "apk", "brew"} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var (
		r                              release
		epoch                          int64
		described, share, plats, forms string
	)
	flag.StringVar(&described, "version", "", "the `version`, as git describe has it")
	flag.Int64Var(&epoch, "epoch", 0, "the commit's time in `seconds` since 1970 (SOURCE_DATE_EPOCH)")
	flag.StringVar(&r.out, "out", "dist", "the `folder` for what is built")
	flag.StringVar(&r.nfpm, "nfpm", "build/tools/nfpm", "nfpm's `binary`")
	flag.StringVar(&plats, "platforms", strings.Join(platforms(), ","), "`os/arch`, separated by commas")
	flag.StringVar(&forms, "formats", strings.Join(formats(), ","), "the `formats`, separated by commas")
	flag.StringVar(&share, "share", "", "write man pages and completions into this `folder`, and nothing else")
	flag.Parse()
	r.version, r.time = parseVersion(described), time.Unix(epoch, 0).UTC()
	r.platforms, r.formats = strings.Split(plats, ","), strings.Split(forms, ",")
	err := r.check()
	switch {
	case err != nil:
	case share != "":
		err = writeShare(share, r.version.String(), r.time)
	default:
		err = r.build(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// release is what is built, from what.
type release struct {
	version   version
	time      time.Time // the commit's
	out       string
	nfpm      string
	platforms []string
	formats   []string
}

func (r release) check() error {
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("%q is one argument too many", flag.Arg(0))
	case r.version.String() == "" || r.time.Unix() <= 0:
		return errors.New("-version and -epoch are needed: what is built has to say which commit it is of")
	}
	for _, p := range r.platforms {
		if !slices.Contains(platforms(), p) {
			return fmt.Errorf("there is no platform %q; there is %s", p, strings.Join(platforms(), ", "))
		}
	}
	for _, f := range r.formats {
		if !slices.Contains(formats(), f) {
			return fmt.Errorf("there is no format %q; there is %s", f, strings.Join(formats(), ", "))
		}
	}
	return nil
}

// build builds everything into a fresh folder.
func (r release) build(ctx context.Context) (err error) {
	stage, err := os.MkdirTemp("", "ringlet-dist-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if err := r.common(ctx, filepath.Join(stage, "common")); err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	for _, platform := range r.platforms {
		goos, goarch, _ := strings.Cut(platform, "/")
		binary := filepath.Join(stage, goos+"-"+goarch, "ringlet")
		if err := r.compile(ctx, goos, goarch, binary); err != nil {
			return err
		}
		for _, format := range r.formats {
			switch {
			case format == "brew":
				continue // after all archives
			case format == "tar.gz":
				err = r.archive(filepath.Join(stage, "common"), binary, goos, goarch)
			case goos == "linux":
				err = r.pack(ctx, filepath.Join(stage, "common"), binary, goarch, format)
			}
			if err != nil {
				return fmt.Errorf("%s for %s: %w", format, platform, err)
			}
		}
	}
	if slices.Contains(r.formats, "brew") {
		if err := r.brew(); err != nil {
			return err
		}
	}
	return r.sums()
}
