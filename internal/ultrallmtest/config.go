package ultrallmtest

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Config is what the stand-in reads of config.yaml.
type Config struct {
	Server struct {
		Host string `yaml:"host"`
		Port int    `yaml:"port"`
	} `yaml:"server"`
	Models []Model `yaml:"model_list"`
	Router struct {
		Strategy string            `yaml:"routing_strategy"`
		Aliases  map[string]string `yaml:"model_group_alias"`
		Rules    []struct {
			Name      string `yaml:"name"`
			Condition string `yaml:"condition"`
			Model     string `yaml:"model"`
			Priority  int    `yaml:"priority"`
			Weight    int    `yaml:"weight"`
		} `yaml:"rules"`
	} `yaml:"router_settings"`
	Ringlet yaml.Node `yaml:"ringlet"` // not this engine's
}

// Model is one entry of model_list.
type Model struct {
	Name   string `yaml:"model_name"`
	Params struct {
		Model   string         `yaml:"model"` // "provider/model"
		APIBase string         `yaml:"api_base"`
		APIKey  string         `yaml:"api_key"`
		Extra   map[string]any `yaml:",inline"`
	} `yaml:"litellm_params"`

	key string
}

// Load reads the file and the keys that it names.
func Load(path string, getenv func(string) (string, bool)) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Server.Host != "127.0.0.1" || c.Server.Port < 1 {
		return nil, fmt.Errorf("%s: server is %s:%d", path, c.Server.Host, c.Server.Port)
	}
	reference := regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)
	for i := range c.Models {
		m := &c.Models[i]
		if m.Name == "" || !strings.Contains(m.Params.Model, "/") || m.Params.APIBase == "" {
			return nil, fmt.Errorf("%s: model_list %d lacks model_name, litellm_params.model or api_base", path, i+1)
		}
		if m.Params.APIKey == "" {
			continue
		}
		found := reference.FindStringSubmatch(m.Params.APIKey)
		if found == nil {
			return nil, fmt.Errorf("%s: api_key of %s is not a reference like ${NAME}", path, m.Name)
		}
		key, ok := getenv(found[1])
		if !ok || key == "" {
			return nil, fmt.Errorf("the environment variable %s, the key of %s, is not set", found[1], m.Name)
		}
		m.key = key
	}
	return &c, nil
}

// pick finds the model for a request: by alias, by name, or by the first rule
// that has no condition.
func (c *Config) pick(asked string) *Model {
	names := []string{c.Router.Aliases[asked], asked}
	for _, r := range c.Router.Rules {
		if r.Condition == "always" {
			names = append(names, r.Model)
		}
	}
	for _, name := range names {
		for i := range c.Models {
			if name != "" && c.Models[i].Name == name {
				return &c.Models[i]
			}
		}
	}
	return nil
}
