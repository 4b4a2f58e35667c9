// Package markdown reads what the tests look for in this repository's
// documentation: fenced blocks, links, and the commands that it mentions. It
// knows as much Markdown as the documentation uses, and no more.
package markdown

import (
	"fmt"
	"regexp"
	"strings"
)

// Block is a fenced block.
type Block struct {
	Line  int      // of its opening fence, from 1
	Lang  string   // the word behind the fence; "" for none
	Lines []string // what is inside; the first stands at Line+1
}

// Blocks lists the fenced blocks of a text. A fence that is never closed is an error.
func Blocks(text string) ([]Block, error) {
	var out []Block
	var open *Block
	for i, line := range strings.Split(text, "\n") {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &Block{Line: i + 1, Lang: strings.TrimSpace(lang)}
		case fence:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.Lines = append(open.Lines, line)
		}
	}
	if open != nil {
		return out, fmt.Errorf("line %d: the block is not closed", open.Line)
	}
	return out, nil
}

// Command is a line of a console block that is typed, behind its prompt "$ ".
type Command struct {
	Line int // from 1
	Text string
}

// Commands lists what is typed in a console block; other lines are output.
func (b Block) Commands() []Command {
	var out []Command
	for i, line := range b.Lines {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, Command{b.Line + 1 + i, text})
		}
	}
	return out
}

// Found is a piece of a text and where it stands.
type Found struct {
	Line int // from 1
	Text string
}

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code = regexp.MustCompile("`([^`]+)`")
)

// Links lists the targets of links outside of fenced blocks.
func Links(text string) []Found { return find(link, text) }

// Code lists the inline code outside of fenced blocks, and the indented lines,
// which are code too. A line break in a piece is a space.
func Code(text string) []Found {
	out := find(code, text)
	for i, line := range strings.Split(withoutBlocks(text), "\n") {
		if strings.HasPrefix(line, "    ") {
			out = append(out, Found{i + 1, strings.TrimSpace(line)})
		}
	}
	return out
}

func find(pattern *regexp.Regexp, text string) []Found {
	text = withoutBlocks(text)
	var out []Found
	for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
		piece := strings.Join(strings.Fields(text[m[2]:m[3]]), " ")
		out = append(out, Found{1 + strings.Count(text[:m[0]], "\n"), piece})
	}
	return out
}

// withoutBlocks empties the lines of fenced blocks, and keeps their number.
func withoutBlocks(text string) string {
	lines := strings.Split(text, "\n")
	inside := false
	for i, line := range lines {
		fence := strings.HasPrefix(line, "```")
		if fence {
			inside = !inside
		}
		if fence || inside {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}
