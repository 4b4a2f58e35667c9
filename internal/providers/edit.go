package providers

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

// EditSettings changes the settings in the text of a file of providers.d, and
// nothing else: comments and order stay. An empty value takes a setting out.
func EditSettings(data []byte, given map[string]string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("change its settings: %w", err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("change its settings: it is no list of names and values")
	}
	root := doc.Content[0]
	settings := child(root, "settings")
	if settings == nil || settings.Kind != yaml.MappingNode {
		if settings != nil {
			return nil, fmt.Errorf("change its settings: line %d is no list of names and values", settings.Line)
		}
		settings = &yaml.Node{Kind: yaml.MappingNode}
		root.Content = append(root.Content, scalar("settings"), settings)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		put(settings, name, given[name])
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("change its settings: %w", err)
	}
	return b.Bytes(), enc.Close()
}

func put(settings *yaml.Node, name, value string) {
	for i := 0; i+1 < len(settings.Content); i += 2 {
		if settings.Content[i].Value != name {
			continue
		}
		if value == "" {
			settings.Content = slices.Delete(settings.Content, i, i+2)
			return
		}
		now := settings.Content[i+1]
		now.Kind, now.Tag, now.Value, now.Alias = yaml.ScalarNode, "!!str", value, nil
		return
	}
	if value != "" {
		settings.Content = append(settings.Content, scalar(name), scalar(value))
	}
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}
