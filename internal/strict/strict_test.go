package strict

import (
	"errors"
	"strings"
	"testing"
)

type doc struct {
	Name string `json:"name" yaml:"name"`
	N    int    `json:"n" yaml:"n"`
	In   struct {
		L []int `json:"l" yaml:"l"`
	} `json:"in" yaml:"in"`
}

func TestPositions(t *testing.T) {
	for _, c := range []struct {
		name   string
		decode func(string, []byte, any) error
		in     string
		want   string
	}{
		{"json syntax", JSON, "{\n  \"name\": oops\n}", "f:2:11: invalid character 'o'"},
		{"json type", JSON, "{\"name\": \"x\",\n \"n\": \"1\"}", "f:2:9: \"n\" must be a number, not string"},
		{"json nested type", JSON, "{\"in\": {\"l\": [1, true]}}", "must be"},
		{"json cut", JSON, "{\"name\":\n", "f:2:1: the file ends"},
		{"json empty", JSON, "", "f: the file is empty"},
		{"json unknown", JSON, "{\"nme\": 1}", "f:1:2: unknown field \"nme\""},
		{"json trailing", JSON, "{}\n{}", "f:1:3: text follows"},
		{"yaml syntax", YAML, "name: x\nn: : 1\n", "f:2:4: mapping values"},
		{"yaml unknown", YAML, "name: x\nm: 1\n", "f:2:1: unknown field \"m\""},
		{"yaml two documents", YAML, "name: x\n---\nname: y\n", "more than one document"},
		{"yaml empty", YAML, "\n", "f: the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.decode("f", []byte(c.in), &doc{})
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want …%s…", err, c.want)
			}
			if e != nil && e.Hint() == "" {
				t.Error("no hint")
			}
		})
	}
}

func TestGood(t *testing.T) {
	for _, in := range []string{`{"name":"x","n":1,"in":{"l":[1,2]}}` + "\n"} {
		for _, decode := range []func(string, []byte, any) error{JSON, YAML} {
			var d doc
			if err := decode("f", []byte(in), &d); err != nil || d.Name != "x" || d.N != 1 || len(d.In.L) != 2 {
				t.Errorf("%+v, %v", d, err)
			}
		}
	}
}
