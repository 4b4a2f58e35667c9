package routes

import (
	"bytes"
	"fmt"

	"github.com/ringlet/ringlet/internal/strict"
	"go.yaml.in/yaml/v4"
)

// ConfigVersion is the version of the ringlet section that this code reads and writes.
const ConfigVersion = 1

// Config is config.yaml, the engine's contract: complete, so that the engine
// needs no catalogue, and LiteLLM-shaped, so that another engine can read it.
// Keys and tokens are named in it, never contained.
type Config struct {
	Server    Server         `yaml:"server"`
	ModelList []Model        `yaml:"model_list"`
	Router    RouterSettings `yaml:"router_settings"`
	Ringlet   RingletSection `yaml:"ringlet"`
}

// Server is the address that the engine listens on.
type Server struct {
	Host string `yaml:"host"` // always 127.0.0.1
	Port int    `yaml:"port"`
}

// Model is one target's entry. Params.Model is what the provider calls it.
type Model struct {
	Name   string        `yaml:"model_name"` // "provider/model", as rules name it
	Params LiteLLMParams `yaml:"litellm_params"`
}

// LiteLLMParams keeps fields that it does not know: they are for other engines.
type LiteLLMParams struct {
	Model   string         `yaml:"model"` // "provider/model", short names resolved
	APIBase string         `yaml:"api_base,omitempty"`
	APIKey  string         `yaml:"api_key,omitempty"` // "${ENV_NAME}", never a key
	Extra   map[string]any `yaml:",inline"`
}

// RouterSettings are the rules.
type RouterSettings struct {
	Strategy Strategy          `yaml:"routing_strategy"`
	Aliases  map[string]string `yaml:"model_group_alias,omitempty"`
	Rules    []ConfigRule      `yaml:"rules"`
}

// ConfigRule is a [Rule] in the words of config.yaml; the list is in order of age.
type ConfigRule struct {
	Name      string `yaml:"name"`
	Condition string `yaml:"condition"`
	Model     string `yaml:"model"`
	Priority  int    `yaml:"priority"`
	Weight    int    `yaml:"weight,omitempty"` // the share under the strategy weighted; left out, it is 1
}

// RingletSection is what only the built-in engine reads.
type RingletSection struct {
	Version int    `yaml:"version"`
	Profile string `yaml:"profile"`
	Seq     int64  `yaml:"seq"` // rises with every write
	// TokenSHA256 are the local tokens that are valid now, as [ParseToken] reads them;
	// the first is the profile's own.
	TokenSHA256 []string `yaml:"token_sha256"`
	// Provider is the profile's own provider: requests that no rule takes go there.
	Provider  string              `yaml:"provider,omitempty"`
	Providers map[string]Upstream `yaml:"providers"`
	Prices    map[string]Price    `yaml:"prices,omitempty"` // by model_name
	Limits    map[string]Limits   `yaml:"limits,omitempty"` // by model_name
	Log       *Log                `yaml:"log,omitempty"`    // left out it is [DefaultLog]
}

// Log bounds proxy.log.
type Log struct {
	MaxBytes int64 `yaml:"max_bytes"` // at this size it becomes an older one
	Keep     int   `yaml:"keep"`      // how many older ones there are at most
}

// DefaultLog is what holds where nothing is said: 30 MiB in all, some 100,000 requests.
func DefaultLog() Log { return Log{MaxBytes: 10 << 20, Keep: 2} }

// Limits are a model's sizes in tokens; 0 is not known.
type Limits struct {
	Context int `yaml:"context,omitempty"` // prompt and answer together
	Output  int `yaml:"output,omitempty"`  // the answer, thinking included
}

// Price is in US dollars per million tokens.
type Price struct {
	Input      float64 `yaml:"input"`
	Output     float64 `yaml:"output"`
	CacheRead  float64 `yaml:"cache_read"`
	CacheWrite float64 `yaml:"cache_write"`
	AsOf       string  `yaml:"as_of,omitempty"` // date of the price list, YYYY-MM-DD
}

// ParseConfig decodes config.yaml strictly and checks it by [Config.Check].
// path is only used in errors.
func ParseConfig(path string, data []byte) (*Config, error) {
	var c Config
	if err := strict.YAML(path, data, &c); err != nil {
		// A newer file is best told by its version, not by the first field that is new in it.
		var only struct {
			Ringlet struct {
				Version int `yaml:"version"`
			} `yaml:"ringlet"`
		}
		if yaml.Unmarshal(data, &only) == nil && only.Ringlet.Version > ConfigVersion {
			return nil, newerConfig(path, only.Ringlet.Version)
		}
		return nil, err
	}
	if c.Ringlet.Version > ConfigVersion {
		return nil, newerConfig(path, c.Ringlet.Version)
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &c, nil
}

func newerConfig(path string, version int) error {
	return &strict.Error{Path: path, Problem: fmt.Sprintf("ringlet.version is %d, written by a newer ringlet; this one reads version %d", version, ConfigVersion),
		Remedy: "use that ringlet, or write it anew from the profile: ringlet proxy config <alias> --regenerate"}
}

// Marshal is the file's bytes, with a first line that says who writes it.
func (c *Config) Marshal() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Written by ringlet from the profile %q; change it with ringlet proxy route, alias and strategy.\n", c.Ringlet.Profile)
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("encode config.yaml: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("encode config.yaml: %w", err)
	}
	return b.Bytes(), nil
}

// Rules are the rules in order of age.
func (c *Config) Rules() []Rule {
	out := make([]Rule, len(c.Router.Rules))
	for i, r := range c.Router.Rules {
		out[i] = Rule{Name: r.Name, Condition: r.Condition, Target: r.Model, Priority: r.Priority, Weight: r.Weight}
	}
	return out
}

// Table compiles the routing table.
func (c *Config) Table() (*Table, error) {
	return Compile(c.Router.Strategy, c.Rules(), c.Router.Aliases, c.Ringlet.Provider)
}
