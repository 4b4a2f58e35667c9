package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"golang.org/x/term"
)

// watcher shows the proxies' state as it changes: on a terminal the table in its
// place, elsewhere the lines that changed, with --json one array a line.
type watcher struct {
	e      *env
	shown  map[string]string // the text of each profile's line, or JSON of all under ""
	height int               // lines on the terminal that are ours; 0 before the first
	size   func() (width, height int, ok bool)
}

func (e *env) watcher() *watcher {
	w := &watcher{e: e, shown: map[string]string{}, size: func() (int, int, bool) { return 0, 0, false }}
	if f, ok := e.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		w.size = func() (int, int, bool) {
			width, height, err := term.GetSize(int(f.Fd()))
			return width, height, err == nil && width > 0 && height > 1
		}
	}
	return w
}

func (w *watcher) show(list []app.ProxyStatus) error {
	if w.e.json {
		return w.showJSON(list)
	}
	lines := w.lines(list)
	if width, height, ok := w.size(); ok {
		return w.redraw(lines, width, height)
	}
	for _, line := range lines {
		// A column that got wider is no news.
		bare := strings.Join(strings.Fields(line.text), " ")
		if w.shown[line.profile] == bare {
			continue
		}
		w.shown[line.profile] = bare
		if _, err := fmt.Fprintln(w.e.stdout, line.text); err != nil {
			return err
		}
	}
	have := map[string]bool{}
	for _, line := range lines {
		have[line.profile] = true
	}
	for profile := range w.shown {
		if !have[profile] {
			delete(w.shown, profile)
			if _, err := fmt.Fprintf(w.e.stdout, "%s   gone\n", profile); err != nil {
				return err
			}
		}
	}
	return nil
}

// note says something between two states. On a terminal the table then comes anew,
// below it.
func (w *watcher) note(text string) {
	w.e.note("%s", text)
	if w.height > 0 {
		w.height = 0
		delete(w.shown, "")
	}
}

func (w *watcher) showJSON(list []app.ProxyStatus) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(list); err != nil {
		return err
	}
	if w.shown[""] == b.String() {
		return nil
	}
	w.shown[""] = b.String()
	_, err := w.e.stdout.Write(b.Bytes())
	return err
}

// watchedLine is a line of the table; profile is "" for the heading.
type watchedLine struct{ profile, text string }

// lines are the table's, each with what is wrong with its proxy.
func (w *watcher) lines(list []app.ProxyStatus) []watchedLine {
	var b bytes.Buffer
	table := *w.e
	table.stdout = &b
	if err := table.statusTable(list); err != nil || len(list) == 0 {
		return []watchedLine{{"", noProxy}}
	}
	var out []watchedLine
	for i, text := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
		l := watchedLine{text: text}
		if i > 0 {
			l.profile = list[i-1].Profile
			for _, p := range list[i-1].Problems {
				l.text += "\n    " + strings.Join(strings.Fields(p), " ")
			}
		}
		out = append(out, l)
	}
	return out
}

// redraw puts the lines where those before them are: the cursor goes up, and what
// is below it is cleared. What the terminal has no room for is counted.
func (w *watcher) redraw(lines []watchedLine, width, height int) error {
	var rows []string
	for _, line := range lines {
		for text := range strings.SplitSeq(line.text, "\n") {
			rows = append(rows, cut(text, width))
		}
	}
	if left := len(rows) - (height - 1); left > 0 {
		rows = append(rows[:height-2], fmt.Sprintf("… and %d lines more", left+1))
	}
	text := strings.Join(rows, "\n") + "\n"
	if w.shown[""] == text {
		return nil
	}
	w.shown[""] = text
	up := ""
	if w.height > 0 {
		up = fmt.Sprintf("\x1b[%dA\r\x1b[J", w.height)
	}
	w.height = len(rows)
	_, err := io.WriteString(w.e.stdout, up+text)
	return err
}

// cut shortens a line to the terminal's width: one that wraps would be two.
func cut(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return string(r[:width-1]) + "…"
}
