package wire

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateChat = flag.Bool("update-chat", false, "write the golden files of testdata/chat anew")

// golden compares got with a file, or writes it.
func chatGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *updateChat {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}

func chatFiles(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "chat", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %d files", pattern, err, len(names))
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

// TestChatRequestGolden holds what requests of real agents are in the neutral form, and
// what of them goes to providers that differ.
func TestChatRequestGolden(t *testing.T) {
	for name, body := range chatFiles(t, "request/*.json") {
		base := strings.TrimSuffix(name, ".json")
		t.Run(filepath.Base(base), func(t *testing.T) {
			r, err := chatCodec{}.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			chatGolden(t, base+".neutral.golden", chatDump(t, r))
			var out []byte
			for _, target := range []Target{{"gpt-5.5", "openai", 128000}, {"gpt-4.1", "openai", 0}, {"m", "deepseek", 8000}, {"m", "mistral", 0}, {"m", "zai", 0}, {"m", "openrouter", 0}, {"m", "", 4096}} {
				var drops Drops
				got, err := chatCodec{}.EncodeRequest(r, target, &drops)
				var refused *Error
				if err != nil && !errors.As(err, &refused) {
					t.Fatal(err)
				}
				if err == nil && !json.Valid(got) {
					t.Fatalf("%s: not JSON: %s", target.Provider, got)
				}
				out = append(out, "== "+target.Provider+"/"+target.Model+"\n"...)
				if err != nil {
					out = append(out, "refused: "+err.Error()+"\n"...)
					continue
				}
				out = append(out, strings.ReplaceAll(strings.ReplaceAll(string(got), `},{"role"`, "},\n{\"role\""), `],"`, "],\n\"")+"\ndropped: "+strings.Join(drops, " ")+"\n"...)
			}
			chatGolden(t, base+".encoded.golden", out)
		})
	}
}

// chatDump is a value as JSON, without what is empty.
func chatDump(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	if b, err = json.MarshalIndent(chatPrune(tree), "", " "); err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func chatPrune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if x = chatPrune(x); x == nil || x == "" || x == 0.0 || x == false {
				delete(v, k)
			}
		}
	case []any:
		for i := range v {
			v[i] = chatPrune(v[i])
		}
	}
	return v
}

// chatWith decodes a request with one more field and one message.
func chatWith(field string) (*Request, error) {
	return chatCodec{}.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],` + field + `}`))
}

func TestChatRequestRefused(t *testing.T) {
	for field, param := range map[string]string{
		`"n":2`:                                 "n",
		`"n":"x"`:                               "n",
		`"web_search_options":{}`:               "web_search_options",
		`"modalities":["text","audio"]`:         "modalities",
		`"audio":{"voice":"x"}`:                 "audio",
		`"max_tokens":-1`:                       "max_tokens",
		`"max_completion_tokens":"many"`:        "max_completion_tokens",
		`"tool_choice":"sometimes"`:             "tool_choice",
		`"tools":{}`:                            "tools",
		`"tools":[{"type":"code_interpreter"}]`: "tools",
		`"tools":[{"type":"function"}]`:         "tools",
		`"tool_choice":{"type":"function","function":{"name":"nobody"}}`: "tool_choice",
		`"stop":[1]`:                       "stop",
		`"stop":1`:                         "stop",
		`"response_format":{"type":"xml"}`: "response_format",
		`"response_format":{"type":"json_schema"}`: "response_format",
		`"messages":[]`:                            "messages",
		`"messages":"hi"`:                          "messages",
		`"messages":["hi"]`:                        "messages[0]",
		`"messages":[{"role":"bot"}]`:              "messages[0].role",
		`"messages":[{"role":"user","content":3}]`: "messages[0].content",
		`"messages":[{"role":"user","content":[{"type":"input_audio"}]}]`:                              "messages[0].content[0]",
		`"messages":[{"role":"user","content":[{"type":"video_url"}]}]`:                                "messages[0].content[0].type",
		`"messages":[{"role":"user","content":[{"type":"image_url"}]}]`:                                "messages[0].content[0].image_url.url",
		`"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:x,y"}}]}]`: "messages[0].content[0].image_url.url",
		`"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]`:                           "messages[0].content[0].file",
		`"messages":[{"role":"assistant","audio":{"id":"x"}}]`:                                         "messages[0].audio",
		`"messages":[{"role":"user","content":"x"},{"role":"function","name":"f","content":"x"}]`:      "messages[1]",
	} {
		_, err := chatWith(field)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindInvalid || e.Param != param || e.Message == "" {
			t.Errorf("%s: %#v", field, err)
		}
	}
	for _, body := range []string{"", "[]", "null", `{"model":`, `{"a":"` + "\x01" + `"}`, strings.Repeat("[", 1<<20)} {
		if _, err := (chatCodec{}).DecodeRequest([]byte(body)); err == nil {
			t.Errorf("%.20q was accepted", body)
		}
	}
}

func TestChatReasoningIn(t *testing.T) {
	for field, want := range map[string]Reasoning{
		`"reasoning_effort":"high"`:                          {Effort: "high"},
		`"reasoning_effort":"none"`:                          {Mode: "disabled", Effort: "none"},
		`"reasoning_effort":null`:                            {},
		`"thinking":{"type":"enabled","budget_tokens":2048}`: {Mode: "enabled", Budget: 2048, Show: true},
		`"thinking":{"type":"disabled"}`:                     {Mode: "disabled"},
		`"thinking":{"type":"auto"}`:                         {Mode: "adaptive", Show: true},
		`"reasoning":{"effort":"low","exclude":true}`:        {Effort: "low"},
		`"reasoning":{"max_tokens":4000}`:                    {Mode: "enabled", Budget: 4000, Show: true},
		`"reasoning":{"enabled":true}`:                       {Mode: "adaptive", Show: true},
		`"reasoning":{"enabled":false}`:                      {Mode: "disabled"},
		`"enable_thinking":true,"thinking_budget":100`:       {Mode: "adaptive", Budget: 100},
	} {
		r, err := chatWith(field)
		if err != nil {
			t.Fatal(err)
		}
		if r.Reasoning != want {
			t.Errorf("%s: %+v, want %+v", field, r.Reasoning, want)
		}
	}
}

// TestChatReasoningOut is the table of docs/translation.md.
func TestChatReasoningOut(t *testing.T) {
	adaptive, off, budget := Reasoning{Mode: "adaptive"}, Reasoning{Mode: "disabled"}, Reasoning{Mode: "enabled", Budget: 31999}
	effort := func(s string) Reasoning { return Reasoning{Effort: s} }
	for _, c := range []struct {
		provider, model string
		asked           Reasoning
		want            string // the fields; "-" none, "!" none and noted
	}{
		{"openai", "gpt-5.5", adaptive, "-"},
		{"openai", "gpt-5.5", budget, `"reasoning_effort":"high"`},
		{"openai", "gpt-5.5", Reasoning{Mode: "enabled", Budget: 1024}, `"reasoning_effort":"low"`},
		{"openai", "gpt-5.5", Reasoning{Mode: "enabled", Budget: 4096}, `"reasoning_effort":"medium"`},
		{"openai", "gpt-5.5", effort("max"), `"reasoning_effort":"xhigh"`},
		{"openai", "gpt-5.5", effort("none"), `"reasoning_effort":"none"`},
		{"openai", "gpt-5.5", off, "!"},
		{"openai", "gpt-4.1", budget, "!"},
		{"azure", "my-deployment", effort("minimal"), `"reasoning_effort":"minimal"`},
		{"groq", "m", effort("xhigh"), `"reasoning_effort":"high"`},
		{"groq", "m", effort("minimal"), `"reasoning_effort":"low"`},
		{"", "m", effort("none"), `"reasoning_effort":"none"`},
		{"", "m", off, "!"},
		{"deepseek", "m", effort("max"), `"reasoning_effort":"max"`},
		{"deepseek", "m", off, `"thinking":{"type":"disabled"}`},
		{"moonshot", "m", off, `"thinking":{"type":"disabled"}`},
		{"moonshot", "m", effort("low"), "!"},
		{"openrouter", "m", off, `"reasoning":{"enabled":false}`},
		{"openrouter", "m", budget, `"reasoning":{"max_tokens":31999}`},
		{"openrouter", "m", effort("low"), `"reasoning":{"effort":"low"}`},
		{"mistral", "m", effort("low"), "!"},
	} {
		var drops Drops
		b, err := chatCodec{}.EncodeRequest(&Request{Reasoning: c.asked, Turns: []Turn{{User, []Part{{Kind: Text, Text: "hi"}}}}}, Target{Model: c.model, Provider: c.provider}, &drops)
		if err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(string(b), `"hi"}]`)
		got = strings.TrimPrefix(strings.TrimSuffix(got, "}"), ",")
		want := c.want
		if want == "-" || want == "!" {
			want = ""
		}
		if got != want || (c.want == "!") != (len(drops) > 0) {
			t.Errorf("%s/%s %+v: %s, dropped %v; want %s", c.provider, c.model, c.asked, got, drops, c.want)
		}
	}
}

func TestChatReasons(t *testing.T) {
	for _, m := range []string{"o3", "o4-mini", "gpt-5", "gpt-5.5-codex", "openai/gpt-5-mini", "gpt-6.1-sol", "gpt-10", "codex-mini-latest"} {
		if !chatReasons(m) {
			t.Errorf("%s reasons", m)
		}
	}
	for _, m := range []string{"gpt-4.1", "gpt-4o", "gpt-5-chat-latest", "gpt-3.5-turbo", "omni", "", "o", "gpt-", "gpt-1"} {
		if chatReasons(m) {
			t.Errorf("%s does not reason", m)
		}
	}
}

func TestChatDropsAreNoted(t *testing.T) {
	r, err := chatWith(`"seed":1,"logit_bias":{"1":2},"presence_penalty":0.1,"frequency_penalty":0,"logprobs":true,"top_logprobs":3,"store":true,"metadata":{},"prediction":{},"search_parameters":{"mode":"auto"},"what":null,"user":"a","safety_identifier":"b"`)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(r.Drops)
	if got := strings.Join(r.Drops, " "); got != "frequency_penalty logit_bias logprobs metadata prediction presence_penalty search_parameters seed store top_logprobs" {
		t.Error(got)
	}
	doc := chatSectionOfDoc(t, "## From Chat Completions")
	for _, drop := range append(r.Drops, "messages[].name") {
		if drop != "top_logprobs" && !strings.Contains(doc, "`"+drop+"`") {
			t.Errorf("docs/translation.md does not name `%s` as left out", drop)
		}
	}
	if r.User != "b" {
		t.Error(r.User)
	}
}

// chatSectionOfDoc is a section of docs/translation.md.
func chatSectionOfDoc(t *testing.T, heading string) string {
	t.Helper()
	doc, err := os.ReadFile(translationDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(doc), heading+"\n")
	if !found {
		t.Fatalf("%s has no %q", translationDoc, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// TestChatQuirksAreDocumented: the table of providers in docs/translation.md names those that
// differ, and says what the code does.
func TestChatQuirksAreDocumented(t *testing.T) {
	section := chatSectionOfDoc(t, "## To Chat Completions")
	rows := map[string]string{}
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 2 {
			continue
		}
		for _, name := range strings.Split(cells[0], ", ") {
			rows[strings.Trim(name, "`")] = cells[1]
		}
	}
	for _, provider := range []string{"openai", "azure", "deepseek", "moonshot", "kimi-coding", "zai", "zhipu", "zhipu-coding", "opencode-zen", "opencode-go", "openrouter", "mistral", "minimax", "minimax-china", "groq", "cerebras", "xai", "together"} {
		q, row := chatQuirksOf(provider), rows[provider]
		if (q != chatQuirks{}) != (row != "") {
			t.Errorf("%s: %+v, but the documentation says %q", provider, q, row)
			continue
		}
		for words, is := range map[string]bool{"goes back": q.thoughts != "", "`" + q.thoughts + "`": q.thoughts != "", "cannot be forced": q.onlyAuto, "no `json_schema`": q.noSchema, "nine letters": q.shortIDs,
			"no `stream_options`": q.noUsageOption, "custom tools": q.openAI, "`max_completion_tokens`": q.maxCompletion, "system messages anywhere": q.systemAnywhere, "`prompt_cache_key`": q.cacheKey,
			"empty where there is none": q.needThoughts} {
			if words != "``" && strings.Contains(row, words) != is {
				t.Errorf("%s: %q is %v, but the documentation says %q", provider, words, is, row)
			}
		}
	}
}
