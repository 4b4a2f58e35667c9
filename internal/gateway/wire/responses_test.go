package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateResponses = flag.Bool("update-responses", false, "write the golden files of the Responses codec anew")

// respGolden compares got with a file beside the input, or writes it.
func respGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	got = append(bytes.TrimRight(got, "\n"), '\n')
	if *updateResponses {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s (-update-responses writes it):\n%s", path, got)
	}
}

// respFiles are the inputs of a kind.
func respFiles(t testing.TB, kind string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/responses/*." + kind)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the kind %s: %v", kind, err)
	}
	return files
}

func respPretty(t *testing.T, v any) []byte {
	t.Helper()
	if raw, ok := v.([]byte); ok {
		var out bytes.Buffer
		if err := json.Indent(&out, raw, "", " "); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		return out.Bytes()
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(respPrune(tree), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// respPrune leaves out what says nothing, so that a golden file can be read.
func respPrune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			if one = respPrune(one); one == nil || one == "" || one == 0.0 || one == false {
				delete(v, key)
			} else {
				v[key] = one
			}
		}
	case []any:
		for i := range v {
			v[i] = respPrune(v[i])
		}
	}
	return v
}

// TestResponsesRequests decodes what clients send, true captures of Codex among it, and
// encodes it again as for another provider of this format.
func TestResponsesRequests(t *testing.T) {
	for _, path := range respFiles(t, "request.json") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r, err := responsesCodec{}.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSuffix(path, ".request.json")
			respGolden(t, base+".neutral", respPretty(t, r))
			var drops Drops
			out, err := responsesCodec{}.EncodeRequest(r, Target{Model: "gpt-5.5", Provider: "openai", MaxOutput: 1000}, &drops)
			if err != nil {
				t.Fatal(err)
			}
			respGolden(t, base+".upstream", append(respPretty(t, out), "\ndropped: "+strings.Join(drops, ", ")...))
			again, err := responsesCodec{}.DecodeRequest(out)
			if err != nil {
				t.Fatal("what was encoded cannot be read:", err)
			}
			if len(again.Turns) == 0 || again.Stream != r.Stream {
				t.Errorf("it came back as %+v", again)
			}
		})
	}
}

// TestResponsesRefusals: what would change its meaning is refused, in words that say what to do.
func TestResponsesRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ body, param, says string }{
		"no JSON":            {`{"model":"m"`, "", "not a JSON object"},
		"a list":             {`[]`, "", "not a JSON object"},
		"deep":               {`{"model":"m","input":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "", "not a JSON object"},
		"no model":           {`{"input":"x"}`, "model", "'model'"},
		"no input":           {`{"model":"m"}`, "input", "'input'"},
		"input":              {`{"model":"m","input":7}`, "input", "a string or an array"},
		"an item":            {`{"model":"m","input":[7]}`, "input[0]", "an object"},
		"a role":             {`{"model":"m","input":[{"role":"tool","content":"x"}]}`, "input[0].role", "'tool'"},
		"content":            {`{"model":"m","input":[{"role":"user","content":[{"type":"input_audio"}]}]}`, "input[0].content[0]", "input_audio"},
		"an empty image":     {`{"model":"m","input":[{"role":"user","content":[{"type":"input_image"}]}]}`, "input[0].content[0]", "image_url"},
		"a call without id":  {`{"model":"m","input":[{"type":"function_call","name":"x","arguments":"{}"}]}`, "input[0].call_id", "call_id"},
		"temperature":        {`{"model":"m","input":"x","temperature":"hot"}`, "temperature", "a number"},
		"max_output_tokens":  {`{"model":"m","input":"x","max_output_tokens":0}`, "max_output_tokens", "positive"},
		"stream":             {`{"model":"m","input":"x","stream":"yes"}`, "stream", "a boolean"},
		"previous response":  {`{"model":"m","input":"x","previous_response_id":"resp_1"}`, "previous_response_id", "Send the whole input"},
		"conversation":       {`{"model":"m","input":"x","conversation":"conv_1"}`, "conversation", `"store": false`},
		"background":         {`{"model":"m","input":"x","background":true}`, "background", "another provider"},
		"item_reference":     {`{"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}`, "item_reference", "Send the whole input"},
		"compaction":         {`{"model":"m","input":[{"type":"compaction","encrypted_content":"x"}]}`, "input[0]", "compacted"},
		"tool_choice":        {`{"model":"m","input":"x","tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"}}`, "tool_choice", "runs at OpenAI"},
		"an unknown tool":    {`{"model":"m","input":"x","tool_choice":{"type":"function","name":"f"}}`, "tool_choice", "'f' not found"},
		"only hosted ones":   {`{"model":"m","input":"x","tools":[{"type":"web_search"}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"web_search"}]}}`, "tool_choice", "None of the tools"},
		"a tool's name":      {`{"model":"m","input":"x","tools":[{"type":"function"}]}`, "tools[0].name", "name"},
		"a schema":           {`{"model":"m","input":"x","text":{"format":{"type":"json_schema"}}}`, "text.format.schema", "schema"},
		"a grammar's answer": {`{"model":"m","input":"x","text":{"format":{"type":"grammar"}}}`, "text.format", "grammar"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := responsesCodec{}.DecodeRequest([]byte(tc.body))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not refused: %v", err)
			}
			if e.Kind != KindInvalid || e.Param != tc.param || !strings.Contains(e.Message, tc.says) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestResponsesToolChoice: a choice among some of the tools leaves the others out.
func TestResponsesToolChoice(t *testing.T) {
	const tools = `"tools":[{"type":"function","name":"a"},{"type":"function","name":"b"},{"type":"custom","name":"c"},{"type":"web_search"}]`
	for choice, want := range map[string]string{
		`"none"`:                         "none  abc+",
		`"required"`:                     "any  abc+",
		`{"type":"function","name":"b"}`: "tool b abc+",
		`{"type":"custom","name":"c"}`:   "tool c abc+",
		`{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"a"},{"type":"web_search"}]}`:            "auto  a",
		`{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"a"},{"type":"custom","name":"c"}]}`: "any  ac",
	} {
		r, err := responsesCodec{}.DecodeRequest([]byte(`{"model":"m","input":"x",` + tools + `,"tool_choice":` + choice + `}`))
		if err != nil {
			t.Fatal(choice, err)
		}
		got := string(r.ToolChoice.Mode) + " " + r.ToolChoice.Name + " "
		for _, tool := range r.Tools {
			if tool.Server != "" {
				got += "+"
			} else {
				got += tool.Name
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", choice, got, want)
		}
	}
}

// TestResponsesNames: every tool has a name of its own that every provider accepts, and
// finds back to what its client calls it.
func TestResponsesNames(t *testing.T) {
	long := strings.Repeat("x", 60)
	body := `{"model":"m","input":"x","tools":[{"type":"function","name":"a__b"},{"type":"namespace","name":"a","tools":[{"type":"function","name":"b"},{"type":"function","name":"b"}]},
		{"type":"namespace","name":"` + long + `","tools":[{"type":"function","name":"one"},{"type":"function","name":"two"}]},{"type":"function","name":"caf\u00e9.search"},{"type":"function","name":"caf\u00e8.search"}]}`
	r, err := responsesCodec{}.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	names := respToolsOf(r)
	if len(r.Tools) != 6 {
		t.Fatalf("%d tools", len(r.Tools))
	}
	want := []string{"/a__b", "a/b", long + "/one", long + "/two", "/café.search", "/cafè.search"}
	for i, tool := range r.Tools {
		if len(tool.Name) == 0 || len(tool.Name) > 64 || strings.Trim(tool.Name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			t.Errorf("%q is no name for everybody", tool.Name)
		}
		if name, namespace := names.names(tool.Name); namespace+"/"+name != want[i] {
			t.Errorf("%s is %s/%s, want %s", tool.Name, namespace, name, want[i])
		}
	}
}

// TestResponsesNicknames: a model that calls a tool by its short name means the tool, unless
// there are two.
func TestResponsesNicknames(t *testing.T) {
	r, err := responsesCodec{}.DecodeRequest([]byte(`{"model":"m","input":"x","tools":[{"type":"function","name":"plain"},
		{"type":"namespace","name":"a","tools":[{"type":"custom","name":"exec"},{"type":"function","name":"twice"},{"type":"function","name":"plain"}]},
		{"type":"namespace","name":"b","tools":[{"type":"function","name":"twice"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	names := respToolsOf(r)
	for called, want := range map[string]string{"a__exec": "a/exec", "exec": "a/exec", "a.exec": "a/exec", "plain": "/plain", "a.plain": "a/plain",
		"twice": "/twice", "b.twice": "b/twice", "unknown": "/unknown"} {
		if name, namespace := names.names(called); namespace+"/"+name != want {
			t.Errorf("%s is %s/%s, want %s", called, namespace, name, want)
		}
	}
	if !names.freeform("exec") {
		t.Error("exec takes text")
	}
}

// TestResponsesDrops: what docs/translation.md calls dropped is dropped and noted.
func TestResponsesDrops(t *testing.T) {
	doc, err := os.ReadFile(translationDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "\n## From Responses\n")
	_, section, _ = strings.Cut(section, "\n- **Dropped** and noted: ")
	section, _, found := strings.Cut(section, ", other values of")
	if !found {
		t.Fatal("docs/translation.md does not say what is dropped")
	}
	for i, field := range strings.Split(section, "`") {
		if i%2 == 0 {
			continue // what stands between the names
		}
		field, value, _ := strings.Cut(field, ": ")
		body := `"` + field + `":{"a":"b"}`
		if outer, inner, ok := strings.Cut(field, "."); ok {
			body = `"` + outer + `":{"` + inner + `":"b"}`
		}
		switch value {
		case "true":
			body = `"` + field + `":true`
		case "auto":
			body = `"` + field + `":"auto"`
		}
		r, err := responsesCodec{}.DecodeRequest([]byte(`{"model":"m","input":"x",` + body + `}`))
		if err != nil || len(r.Drops) != 1 || r.Drops[0] != field {
			t.Errorf("%s: %v, dropped %v", body, err, r)
		}
	}
}

// TestResponsesEfforts: how much an upstream is told to think, by its model's name.
func TestResponsesEfforts(t *testing.T) {
	for _, tc := range []struct {
		model string
		r     Reasoning
		want  string
	}{
		{"gpt-5.5", Reasoning{}, ""},
		{"gpt-5.5", Reasoning{Mode: "adaptive"}, ""},
		{"gpt-5.5", Reasoning{Mode: "enabled", Budget: 1024}, "low"},
		{"gpt-5.5", Reasoning{Mode: "enabled", Budget: 10000}, "medium"},
		{"gpt-5.5", Reasoning{Mode: "enabled", Budget: 31999}, "high"},
		{"gpt-5.5", Reasoning{Mode: "adaptive", Effort: "max"}, "xhigh"},
		{"openai/gpt-6.1-sol", Reasoning{Effort: "xhigh"}, "xhigh"},
		{"gpt-5.5", Reasoning{Mode: "disabled"}, "none"},
		{"gpt-5", Reasoning{Mode: "disabled"}, "minimal"},
		{"gpt-5-codex", Reasoning{Effort: "minimal"}, "low"},
		{"o4-mini", Reasoning{Mode: "disabled"}, "low"},
		{"o3", Reasoning{Effort: "max"}, "high"},
		{"gpt-5.1", Reasoning{Effort: "xhigh"}, "high"},
		{"gpt-4.1", Reasoning{Effort: "high"}, ""},
		{"kimi-k3", Reasoning{Effort: "xhigh"}, "high"},
		{"gpt-5.5", Reasoning{Effort: "immense"}, ""},
	} {
		if got := respModelOf(tc.model).effort(tc.r); got != tc.want {
			t.Errorf("%s %+v: %q, want %q", tc.model, tc.r, got, tc.want)
		}
	}
}

func TestResponsesAnswers(t *testing.T) {
	for _, path := range respFiles(t, "response.json") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := responsesCodec{}.DecodeResponse(body)
			if err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSuffix(path, ".response.json")
			respGolden(t, base+".answer", respPretty(t, resp))
			out, err := responsesCodec{}.EncodeResponse(resp, respClient(t))
			if err != nil {
				t.Fatal(err)
			}
			respGolden(t, base+".encoded", respPretty(t, out))
		})
	}
}

// TestResponsesErrors reads the errors that providers answer with, and writes OpenAI's.
func TestResponsesErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   Error
		out    string
	}{
		{"key", 401, `{"error":{"message":"Incorrect API key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
			Error{Status: 401, Kind: KindAuth, Message: "Incorrect API key.", Code: "invalid_api_key"},
			`401 {"error":{"message":"Incorrect API key.","type":"authentication_error","param":null,"code":"invalid_api_key"}}`},
		{"param", 400, `{"error":{"message":"Bad.","type":"invalid_request_error","param":"input[0]","code":"invalid_value"}}`,
			Error{Status: 400, Kind: KindInvalid, Message: "Bad.", Code: "invalid_value", Param: "input[0]"},
			`400 {"error":{"message":"Bad.","type":"invalid_request_error","param":"input[0]","code":"invalid_value"}}`},
		{"model", 404, `{"error":{"message":"The model does not exist.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`,
			Error{Status: 404, Kind: KindNotFound, Message: "The model does not exist.", Code: "model_not_found"},
			`404 {"error":{"message":"The model does not exist.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`},
		{"too long", 400, `{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130,011 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
			Error{Status: 400, Kind: KindInvalid, Overflow: true, Tokens: 130011, Limit: 128000, Code: "context_length_exceeded", Param: "messages",
				Message: "This model's maximum context length is 128000 tokens. However, your messages resulted in 130,011 tokens."},
			`400 {"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130,011 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`},
		{"rate", 429, `{"error":{"message":"Slow down.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
			Error{Status: 429, Kind: KindRateLimit, Message: "Slow down.", Code: "rate_limit_exceeded"},
			`429 {"error":{"message":"Slow down.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`},
		{"quota", 429, `{"error":{"message":"Pay.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
			Error{Status: 429, Kind: KindBilling, Message: "Pay.", Code: "insufficient_quota"},
			`429 {"error":{"message":"Pay.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`},
		{"a number for a code", 503, `{"error":{"message":"Busy.","code":503}}`,
			Error{Status: 503, Kind: KindOverloaded, Message: "Busy.", Code: "503"},
			`503 {"error":{"message":"Busy.","type":"service_unavailable_error","param":null,"code":"503"}}`},
		{"a text", 500, `{"error":"Oh."}`, Error{Status: 500, Kind: KindAPI, Message: "Oh."},
			`500 {"error":{"message":"Oh.","type":"server_error","param":null,"code":null}}`},
		{"detail", 400, `{"detail":"Unsupported."}`, Error{Status: 400, Kind: KindInvalid, Message: "Unsupported."},
			`400 {"error":{"message":"Unsupported.","type":"invalid_request_error","param":null,"code":null}}`},
		{"details", 422, `{"detail":[{"loc":["body"],"msg":"Field required."}]}`, Error{Status: 422, Kind: KindInvalid, Message: "Field required."},
			`422 {"error":{"message":"Field required.","type":"invalid_request_error","param":null,"code":null}}`},
		{"message", 403, `{"message":"Not here.","code":"denied"}`, Error{Status: 403, Kind: KindPermission, Message: "Not here.", Code: "denied"},
			`403 {"error":{"message":"Not here.","type":"permission_error","param":null,"code":"denied"}}`},
		{"a page", 502, `<html>Bad gateway</html>`, Error{Status: 502, Kind: KindAPI, Message: "The provider answered with the status 502 and no explanation."},
			`502 {"error":{"message":"The provider answered with the status 502 and no explanation.","type":"server_error","param":null,"code":null}}`},
		{"words", 500, "upstream\n", Error{Status: 500, Kind: KindAPI, Message: "upstream"}, `500 {"error":{"message":"upstream","type":"server_error","param":null,"code":null}}`},
		{"busy", 503, `{"error":{"message":"Busy.","type":"server_error","param":null,"code":null}}`, Error{Status: 503, Kind: KindOverloaded, Message: "Busy."},
			`503 {"error":{"message":"Busy.","type":"service_unavailable_error","param":null,"code":null}}`},
		{"nothing", 529, ``, Error{Status: 529, Kind: KindOverloaded, Message: "The provider answered with the status 529 and no explanation."},
			`503 {"error":{"message":"The provider answered with the status 529 and no explanation.","type":"service_unavailable_error","param":null,"code":null}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := responsesCodec{}.DecodeError(tc.status, []byte(tc.body))
			if *e != tc.want {
				t.Errorf("%+v", *e)
			}
			status, body := responsesCodec{}.EncodeError(e)
			if got := fmt.Sprint(status, " ", string(body)); got != tc.out {
				t.Errorf("%s", got)
			}
		})
	}
}

// TestResponsesFailedAnswers: an answer that says that it failed is an error.
func TestResponsesFailedAnswers(t *testing.T) {
	for body, kind := range map[string]ErrorKind{
		`{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"},"output":[]}`: KindRateLimit,
		`{"status":"cancelled","output":[]}`:                                                   KindAPI,
		`{"status":"completed"}`:                                                               KindAPI,
		`{"status":"completed","output":[{"type":"function_call","name":"x"}]}`:                KindAPI,
		`oops`: KindAPI,
	} {
		_, err := responsesCodec{}.DecodeResponse([]byte(body))
		var e *Error
		if !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("%s: %v", body, err)
		}
	}
}
