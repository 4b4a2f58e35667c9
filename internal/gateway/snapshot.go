package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

// snapshot is a configuration with everything that serving it needs, keys
// included. It never changes: a reload builds a new one and swaps the pointer,
// and requests in flight finish on the one they began with.
type snapshot struct {
	config    *routes.Config
	sum       string // SHA-256 of the file's bytes, hexadecimal
	loadedAt  time.Time
	table     *routes.Table
	tokens    localTokens
	upstreams map[string]*upstream
	models    map[string]string // upstream's name of a model, by target
}

// load reads, checks and compiles the configuration and fetches the keys. All
// that can fail happens here, before anything is replaced.
func load(path string, keys KeySource) (*snapshot, error) {
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	data, err := safefile.Read(path, false)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, err := routes.ParseConfig(path, data)
	if err != nil {
		return nil, err
	}
	table, err := config.Table()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	s := &snapshot{config: config, sum: hex.EncodeToString(sum[:]), table: table, loadedAt: time.Now(),
		upstreams: map[string]*upstream{}, models: map[string]string{}}
	for _, entry := range config.Ringlet.TokenSHA256 {
		token, err := routes.ParseToken(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: ringlet.token_sha256: %w", path, err)
		}
		s.tokens = append(s.tokens, token)
	}
	for id, p := range config.Ringlet.Providers {
		s.upstreams[id] = newUpstream(id, p, keys).guard(s.tokens)
	}
	for _, m := range config.ModelList {
		target, err := routes.ParseTarget(m.Params.Model)
		if err != nil {
			return nil, fmt.Errorf("%s: model_list %q: %w", path, m.Name, err)
		}
		s.models[m.Name] = target.Model
	}
	return s, nil
}

// model is what the target's provider calls the model.
func (s *snapshot) model(t routes.Target) string {
	if name, ok := s.models[t.String()]; ok {
		return name
	}
	return t.Model
}

// keys lists where each key was found, in the order of the providers' names.
func (s *snapshot) keys() []health.Key {
	var out []health.Key
	for id, u := range s.upstreams {
		if u.config.AuthHeader == "none" || u.config.AuthHeader == "client" {
			continue
		}
		k := health.Key{Provider: id, Source: u.source}
		if u.keyErr != nil {
			k.Source, k.Problem = "", u.keyErr.Error()
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b health.Key) int { return strings.Compare(a.Provider, b.Provider) })
	return out
}
