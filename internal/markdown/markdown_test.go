package markdown

import (
	"reflect"
	"testing"
)

const text = "# Title\n\nA [link](docs/a.md) and `code\nover lines`, [two](b.md#part).\n\n```console\n$ ringlet list\noutput\n$ echo `x`\n```\n\n    indented one\n\n```yaml\na: [b](c)\n```\n"

func TestBlocks(t *testing.T) {
	got, err := Blocks(text)
	want := []Block{
		{6, "console", []string{"$ ringlet list", "output", "$ echo `x`"}},
		{14, "yaml", []string{"a: [b](c)"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if c := got[0].Commands(); !reflect.DeepEqual(c, []Command{{7, "ringlet list"}, {9, "echo `x`"}}) {
		t.Errorf("commands %+v", c)
	}
	if _, err := Blocks("a\n```\nb\n"); err == nil || err.Error() != "line 2: the block is not closed" {
		t.Errorf("an open block: %v", err)
	}
}

func TestLinksAndCode(t *testing.T) {
	if got, want := Links(text), []Found{{3, "docs/a.md"}, {4, "b.md#part"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("links %+v; want %+v", got, want)
	}
	if got, want := Code(text), []Found{{3, "code over lines"}, {12, "indented one"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("code %+v; want %+v", got, want)
	}
}

func TestShell(t *testing.T) {
	for line, want := range map[string][][]string{
		`a "b c" 'd "e"' f\ g`:                {{"a", "b c", `d "e"`, "f g"}},
		`printf '%s\n' "$K" | b c && d; e`:    {{"printf", `%s\n`, "$K"}, {"b", "c"}, {"d"}, {"e"}},
		`a < in > out --x # why`:              {{"a", "--x"}},
		`a >out b`:                            {{"a", "b"}},
		`login <provider> [alias] ''`:         {{"login", "<provider>", "[alias]", ""}},
		`proxy enable|disable|start work`:     {{"proxy", "enable|disable|start", "work"}},
		`add "tokens > 5" "it's" a'b'c # end`: {{"add", "tokens > 5", "it's", "abc"}},
		``:                                    nil,
	} {
		if got := Shell(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q", line, got, want)
		}
	}
}
