package providers

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ringlet/ringlet/internal/nearest"
	"github.com/ringlet/ringlet/internal/safefile"
)

// Catalogue is what there is. It is read-only and safe for concurrent use.
//
// It is put together at the first question: that takes some ten milliseconds,
// most of them for catwalk's data, which commands that ask none need not pay.
type Catalogue struct {
	fill      func() // once
	providers map[string]Provider
	broken    map[string]error // by the id that the file's name promises
	stray     []error          // files whose name promises none
}

// Load opens the catalogue: the built-in providers and the *.yaml files in
// dir, which may be missing. A file that cannot be used does not stop the
// others: it is in Problems, and asking for its provider returns its error,
// never the built-in one in its place. The error is about dir itself.
func Load(dir string) (*Catalogue, error) {
	c := &Catalogue{providers: map[string]Provider{}, broken: map[string]error{}}
	if err := safefile.CheckDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the user's providers: %w", err)
	}
	c.fill = sync.OnceFunc(func() {
		for _, p := range builtIns() {
			c.providers[p.ID] = p
		}
		for _, e := range entries {
			c.add(filepath.Join(dir, e.Name()))
		}
	})
	return c, nil
}

// add reads one file. Names that are not meant as providers (notes, an
// editor's temporary files) are passed over; *.yml is close enough to be a mistake.
func (c *Catalogue) add(path string) {
	name := filepath.Base(path)
	if strings.HasPrefix(name, ".") {
		return
	}
	id, ok := strings.CutSuffix(name, ".yaml")
	if !ok {
		if id, yml := strings.CutSuffix(name, ".yml"); yml {
			c.stray = append(c.stray, &FileError{Path: path, Problem: "is not read: the name of a provider's file ends in .yaml",
				Remedy: fmt.Sprintf("rename it: mv %s %s", path, filepath.Join(filepath.Dir(path), id+".yaml"))})
		}
		return
	}
	data, err := safefile.Read(path, false)
	if err != nil {
		c.broken[id] = err
		return
	}
	p, err := parse(path, id, data, c.providers[id])
	if err != nil {
		c.broken[id] = err
		return
	}
	c.providers[id] = p
}

// List is every usable provider, by id.
func (c *Catalogue) List() []Provider {
	c.fill()
	var out []Provider
	for id, p := range c.providers {
		if c.broken[id] == nil {
			out = append(out, p.clone())
		}
	}
	slices.SortFunc(out, func(a, b Provider) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Problems are the files in providers.d that cannot be used, each with its path.
func (c *Catalogue) Problems() []error {
	c.fill()
	var out []error
	for _, id := range slices.Sorted(maps.Keys(c.broken)) {
		out = append(out, c.broken[id])
	}
	return append(out, c.stray...)
}

// Provider is the provider of that id. An unknown one is a *NotFoundError.
func (c *Catalogue) Provider(id string) (Provider, error) {
	c.fill()
	if err := c.broken[id]; err != nil {
		return Provider{}, err
	}
	p, ok := c.providers[id]
	if !ok {
		have := slices.Collect(maps.Keys(c.providers))
		return Provider{}, &NotFoundError{What: "provider", Name: id, Nearest: nearest.Names(id, have, 5), List: "ringlet providers list"}
	}
	return p.clone(), nil
}

// ResolveModel turns what a user calls a model into the provider's own id: an
// id of the catalogue, then a documented short name, then the only id that is
// the name and a date. A name that is none of these is returned as it is, with
// known false and the nearest known ids; but where no model of the provider is
// known, as of a server on this machine, every name is as good. An unknown
// provider is an error.
func (c *Catalogue) ResolveModel(provider, model string) (id string, known bool, near []string, err error) {
	p, err := c.Provider(provider)
	if err != nil {
		return "", false, nil, err
	}
	if _, ok := p.Model(model); ok {
		return model, true, nil, nil
	}
	if p.BuiltIn {
		if id, ok := p.Names[model]; ok {
			return id, true, nil, nil
		}
	}
	var dated, all []string
	for _, m := range p.Models {
		if date, ok := strings.CutPrefix(m.ID, model+"-"); ok && isDate(date) {
			dated = append(dated, m.ID)
		}
		all = append(all, m.ID)
	}
	switch {
	case len(dated) == 1:
		return dated[0], true, nil, nil
	case len(all) == 0:
		return model, true, nil, nil
	}
	return model, false, nearest.Names(model, all, 3), nil
}

// isDate accepts YYYYMMDD.
func isDate(s string) bool {
	return len(s) == 8 && strings.Trim(s, "0123456789") == "" && strings.HasPrefix(s, "20")
}
