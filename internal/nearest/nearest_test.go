package nearest

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	models := []string{"claude-opus-4-20250514", "claude-sonnet-4-20250514", "claude-haiku-4-5-20251001", "claude-sonnet-4-6"}
	for _, tt := range []struct {
		want string
		have []string
		best string
	}{
		{"wrok", []string{"home", "work", "test"}, "work"},
		{"antropic", []string{"zai", "minimax", "anthropic"}, "anthropic"},
		{"claude-sonet-4-6", models, "claude-sonnet-4-6"},
		{"haiku", models, "claude-haiku-4-5-20251001"},
		{"MINIMAX-M2", []string{"MiniMax-M3", "MiniMax-M2"}, "MiniMax-M2"},
		{"", []string{"bb", "a"}, "a"},
	} {
		if got := Names(tt.want, tt.have, 2); len(got) == 0 || got[0] != tt.best {
			t.Errorf("Names(%q) = %v; want %s first", tt.want, got, tt.best)
		}
	}
}

func TestNamesIsBounded(t *testing.T) {
	if got := Names("x", nil, 3); len(got) != 0 {
		t.Errorf("nothing to choose from, got %v", got)
	}
	have := []string{"d", "c", "b", "a"}
	if got := Names("x", have, 3); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("equal scores: got %v, want them by name", got)
	}
	if !slices.Equal(have, []string{"d", "c", "b", "a"}) {
		t.Error("the list was changed")
	}
	long := strings.Repeat("x", 1<<20)
	if got := Names(long, []string{long + "y"}, 1); len(got) != 1 {
		t.Errorf("long names: got %d", len(got))
	}
}
