package markdown

import (
	"regexp"
	"strings"
)

// placeholder stands in a text for what the reader puts there: <provider>, [alias].
var placeholder = regexp.MustCompile(`^(<[a-z.-]+>|\[[a-z -]+\])`)

// Shell splits a line as a shell would into its simple commands, each a list of
// words without their quotes. Redirections and comments are left out; variables
// stay as they are, and so do placeholders (<provider>) and choices
// (enable|disable), which only a text has.
func Shell(line string) [][]string {
	s := splitter{}
	for i := 0; i < len(line); i++ {
		c := line[i]
		spaced := i+1 == len(line) || line[i+1] == ' ' || i > 0 && line[i-1] == ' '
		switch {
		case c == '\\' && s.quote != '\'' && i+1 < len(line):
			i++
			s.add(line[i : i+1])
		case s.quote != 0 && c == s.quote:
			s.quote = 0
		case s.quote != 0:
			s.add(line[i : i+1])
		case c == '\'' || c == '"':
			s.quote = c
			s.add("")
		case c == ' ':
			s.endWord()
		case placeholder.MatchString(line[i:]):
			p := placeholder.FindString(line[i:])
			s.add(p)
			i += len(p) - 1
		case c == '>' || c == '<':
			s.endWord()
			s.skip = true
		case c == ';', c == '&', c == '|' && spaced:
			s.endCommand()
		case c == '#' && !s.inWord:
			s.endCommand()
			return s.commands
		default:
			s.add(line[i : i+1])
		}
	}
	s.endCommand()
	return s.commands
}

// splitter is a line that is being split.
type splitter struct {
	commands [][]string
	words    []string
	word     strings.Builder
	inWord   bool
	skip     bool // the next word is the file of a redirection
	quote    byte // the open quote, or 0
}

func (s *splitter) add(text string) {
	s.word.WriteString(text)
	s.inWord = true
}

func (s *splitter) endWord() {
	if s.inWord && !s.skip {
		s.words = append(s.words, s.word.String())
	}
	if s.inWord {
		s.skip = false
	}
	s.word.Reset()
	s.inWord = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.words) > 0 {
		s.commands = append(s.commands, s.words)
	}
	s.words, s.skip = nil, false
}
