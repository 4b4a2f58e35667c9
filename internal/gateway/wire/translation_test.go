package wire

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateTranslation = flag.Bool("update-translation", false, "write the outcomes in docs/translation.md anew")

const translationDoc = "../../../docs/translation.md"

// translationSection is a table of docs/translation.md: what becomes of each thing
// that a request can have, for these targets of a format.
type translationSection struct {
	heading string
	format  Format
	targets []Target
}

// translationSections: a column for each target whose outcomes differ.
func translationSections() []translationSection {
	return []translationSection{
		{"## To Messages", Messages, []Target{{Model: "claude-opus-4-8", Provider: "anthropic", MaxOutput: 64000}, {Model: "claude-sonnet-4", Provider: "anthropic", MaxOutput: 64000}, {Model: "MiniMax-M2", Provider: "minimax", MaxOutput: 64000}}},
		{"## To Chat Completions", Chat, []Target{{Model: "gpt-5.5", Provider: "openai", MaxOutput: 64000}, {Model: "deepseek-chat", Provider: "deepseek", MaxOutput: 64000}}},
		{"## To Responses", Responses, []Target{{Model: "gpt-5.5", Provider: "openai", MaxOutput: 64000}, {Model: "gpt-4.1", Provider: "openai", MaxOutput: 32768}}},
	}
}

// TestTranslationTable sends each thing through each codec and holds the documentation
// to what came out: it is in the body (sent), in the body in another form (changed), left out and
// noted (dropped), left out as the target does so anyway (implied), or the request is refused.
func TestTranslationTable(t *testing.T) {
	doc, err := os.ReadFile(translationDoc)
	if err != nil {
		t.Fatal(err)
	}
	fresh := string(doc)
	for _, s := range translationSections() {
		before, rest, found := strings.Cut(fresh, s.heading+"\n")
		if !found {
			t.Fatalf("%s has no %q", translationDoc, s.heading)
		}
		start := strings.Index(rest, "\n|")
		end := start + strings.Index(rest[start:]+"\n\n", "\n\n")
		if start < 0 {
			t.Fatalf("%q has no table", s.heading)
		}
		table := translationTable(t, s, rest[start+1:end])
		fresh = before + s.heading + "\n" + rest[:start+1] + table + rest[end:]
	}
	if fresh == string(doc) {
		return
	}
	if *updateTranslation {
		if err := os.WriteFile(translationDoc, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have := strings.Split(string(doc), "\n")
	for line := range strings.SplitSeq(fresh, "\n") {
		if !slices.Contains(have, line) {
			t.Errorf("docs/translation.md should say\n%s", line)
		}
	}
	t.Error("go test -run TestTranslationTable -update-translation writes the outcomes anew")
}

// translationTable is the table with the outcomes of today and the explanations that it has.
func translationTable(t *testing.T, s translationSection, old string) string {
	t.Helper()
	how := map[string]string{}
	for line := range strings.SplitSeq(old, "\n") {
		if cells := strings.Split(strings.Trim(line, "| "), " | "); len(cells) > 2 {
			how[strings.TrimSpace(cells[0])] = strings.TrimSpace(cells[len(cells)-1])
		}
	}
	var out strings.Builder
	out.WriteString("| what the request has |")
	for _, target := range s.targets {
		fmt.Fprintf(&out, " `%s` |", target.Model)
	}
	out.WriteString(" how |\n|---|" + strings.Repeat("---|", len(s.targets)+1))
	for _, f := range translationFeatures() {
		outcomes := make([]string, len(s.targets))
		plain := true
		for i, target := range s.targets {
			outcomes[i] = translationOutcome(t, s.format, target, f)
			plain = plain && (outcomes[i] == "sent" || outcomes[i] == "implied")
		}
		text := how[f.name]
		if text == "" {
			text = "-"
		}
		if text == "-" && !plain {
			t.Errorf("%s: %q is %v; the table must say how", s.heading, f.name, outcomes)
		}
		fmt.Fprintf(&out, "\n| %s | %s | %s |", f.name, strings.Join(outcomes, " | "), text)
	}
	return out.String()
}

func translationOutcome(t *testing.T, format Format, target Target, f translationFeature) string {
	t.Helper()
	encode := func(with bool) ([]byte, Drops, error) {
		r := &Request{Model: "m", MaxOutput: 20000, Turns: []Turn{{Role: User, Parts: []Part{{Kind: Text, Text: "Hi."}}}}}
		if f.base != nil {
			f.base(r)
		}
		if with {
			f.with(r)
		}
		var drops Drops
		body, err := codecFor(t, format).EncodeRequest(r, target, &drops)
		return body, drops, err
	}
	without, _, err := encode(false)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	body, drops, err := encode(true)
	same := bytes.Equal(body, without)
	switch {
	case err != nil:
		messagesAsError(t, err)
		return "refused"
	case len(drops) > 0 && same:
		return "dropped"
	case len(drops) > 0:
		return "changed"
	case same:
		return "implied"
	}
	return "sent"
}

// TestTranslationLeftOut holds "From Messages" to what the decoder notes.
func TestTranslationLeftOut(t *testing.T) {
	doc, err := os.ReadFile(translationDoc)
	if err != nil {
		t.Fatal(err)
	}
	const request = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]`
	for drop, body := range map[string]string{
		"context_management":                 request + `,"context_management":{"edits":[]}}`,
		"container":                          request + `,"container":"c"}`,
		"mcp_servers":                        request + `,"mcp_servers":[{}]}`,
		"inference_geo":                      request + `,"inference_geo":"us"}`,
		"speed":                              request + `,"speed":"fast"}`,
		"output_config.task_budget":          request + `,"output_config":{"task_budget":{"total":20000}}}`,
		"tools[].input_examples":             request + `,"tools":[{"name":"a","input_schema":{},"input_examples":[]}]}`,
		"tools[].defer_loading":              request + `,"tools":[{"name":"a","input_schema":{},"defer_loading":true}]}`,
		"tools[].eager_input_streaming":      request + `,"tools":[{"name":"a","input_schema":{},"eager_input_streaming":true}]}`,
		"tools[].allowed_callers":            request + `,"tools":[{"name":"a","input_schema":{},"allowed_callers":["direct"]}]}`,
		"messages[].server_tool_use":         `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"server_tool_use"}]}]}`,
		"messages[].web_search_tool_result":  `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"web_search_tool_result"}]}]}`,
		"messages[].container_upload":        `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"container_upload"}]}]}`,
		"messages[].citations":               `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","citations":{"enabled":true},"source":{"type":"text","data":"x"}}]}]}`,
		"messages[].a_block_of_another_year": `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"a_block_of_another_year"}]}]}`,
	} {
		r, err := messagesCodec{}.DecodeRequest([]byte(body))
		if err != nil || !slices.Equal(r.Drops, Drops{drop}) {
			t.Errorf("%s: %+v, %v", drop, r, err)
		}
		if drop != "messages[].a_block_of_another_year" && !bytes.Contains(doc, []byte("`"+drop+"`")) {
			t.Errorf("docs/translation.md does not name `%s`", drop)
		}
	}
}
