package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestChatErrors are the shapes in which providers send errors.
func TestChatErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   Error
	}{
		{401, `{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, Error{Kind: KindAuth, Message: "Incorrect API key", Code: "invalid_api_key"}},
		{429, `{"error":{"message":"You exceeded your quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, Error{Kind: KindBilling, Message: "You exceeded your quota", Code: "insufficient_quota"}},
		{429, `{"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}}`, Error{Kind: KindRateLimit, Message: "slow", Code: "rate_limit_exceeded"}},
		{404, `{"error":{"message":"no such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}`, Error{Kind: KindNotFound, Message: "no such model", Code: "model_not_found", Param: "model"}},
		{400, `{"code":"invalid-argument","error":"Argument not supported"}`, Error{Kind: KindInvalid, Message: "Argument not supported", Code: "invalid-argument"}},
		{400, `[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]`, Error{Kind: KindInvalid, Message: "bad"}},
		{422, `{"detail":[{"type":"extra_forbidden","loc":["body","n"],"msg":"Extra inputs are not permitted"},{"loc":["body","messages",0],"msg":"Field required"}]}`,
			Error{Kind: KindInvalid, Message: "body.n: Extra inputs are not permitted; body.messages.0: Field required"}},
		{422, `{"object":"error","message":{"detail":[{"loc":["body","n"],"msg":"no"}]},"type":"invalid_request_error","code":null}`, Error{Kind: KindInvalid, Message: "body.n: no"}},
		{404, `{"detail":"Not Found"}`, Error{Kind: KindNotFound, Message: "Not Found"}},
		{400, `{"object":"error","message":"Tool call id was x","type":"invalid_function_call","param":null,"code":"3280"}`, Error{Kind: KindInvalid, Message: "Tool call id was x", Code: "3280"}},
		{400, `{"error":{"code":"1113","message":"Insufficient balance"}}`, Error{Kind: KindBilling, Message: "Insufficient balance", Code: "1113"}},
		{429, `{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"upstream is busy","provider_name":"X"}}}`, Error{Kind: KindRateLimit, Message: "Provider returned error: upstream is busy"}},
		{0, `{"error":{"message":"gone","code":503}}`, Error{Kind: KindOverloaded, Message: "gone"}},
		{0, `{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`, Error{Kind: KindAPI, Message: "insufficient balance"}},
		{502, "<html>Bad Gateway</html>", Error{Kind: KindAPI, Message: "<html>Bad Gateway</html>"}},
		{500, "", Error{Kind: KindAPI, Message: "The provider answered with an error and did not say which."}},
		{529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, Error{Kind: KindOverloaded, Message: "Overloaded"}},
		{400, `{"error":["a","b"]}`, Error{Kind: KindInvalid, Message: "a; b"}},
	} {
		c.want.Status = c.status
		if got := (chatCodec{}).DecodeError(c.status, []byte(c.body)); *got != c.want {
			t.Errorf("%d %s:\n got %+v\nwant %+v", c.status, c.body, *got, c.want)
		}
	}
	long := chatDecodeError(500, []byte(strings.Repeat("é", 10000)))
	if len(long.Message) > 600 || !json.Valid(appendString(nil, long.Message)) {
		t.Errorf("%d bytes", len(long.Message))
	}
}

// TestChatOverflow are the wordings of "the prompt is too long", as providers were seen to
// write them.
func TestChatOverflow(t *testing.T) {
	for _, c := range []struct {
		message       string
		tokens, limit int
	}{
		{"This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please reduce the length of the messages.", 131072, 128000},
		{"This model's maximum context length is 131072 tokens. However, you requested 141403 tokens (133211 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.", 141403, 131072},
		{"This endpoint's maximum context length is 128,000 tokens. However, you requested about 140,000 tokens", 140000, 128000},
		{"Requested token count exceeds the model's maximum context length of 202752 tokens. You requested a total of 202941 tokens: 170941 tokens from the input messages and 32000 tokens for the completion.", 202941, 202752},
		{"Input length (265330) exceeds model's maximum context length (262144).", 265330, 262144},
		{"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length", 40000, 32768},
		{"This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 537812, 131072},
		{"Input length 131393 exceeds the maximum allowed input length of 131040 tokens.", 131393, 131040},
		{"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).", 1196265, 1048575},
		{"prompt token count of 55072 exceeds the limit of 12288", 55072, 12288},
		{"request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it", 66202, 65536},
		{"Your request exceeded model token limit: 262144 (requested: 300000)", 300000, 262144},
		{"The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 5000, 4096},
		{"prompt is too long: 210000 tokens > 200000 maximum for claude-4-20250514", 210000, 200000},
		{"Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 280000 tokens.", 280000, 272000},
		{"invalid params, context window exceeds limit (2013)", 0, 0},
		{"Your input exceeds the context window of this model. Please adjust your input and try again.", 0, 0},
		{"InternalError: Range of input length should be [1, 30720]", 0, 30720},
		{"Prompt exceeds max length", 0, 0},
	} {
		body := append(appendString([]byte(`{"error":{"message":`), c.message), "}}"...)
		e := chatCodec{}.DecodeError(400, body)
		if !e.Overflow || e.Kind != KindInvalid || e.Tokens != c.tokens || e.Limit != c.limit {
			t.Errorf("%s: %+v", c.message, *e)
		}
	}
	e := chatCodec{}.DecodeError(400, []byte(`{"error":{"code":400,"message":"request too long","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}`))
	if !e.Overflow || e.Tokens != 9000 || e.Limit != 8192 {
		t.Errorf("llama.cpp: %+v", *e)
	}
	for status, message := range map[int]string{
		429: "Rate limit reached: too many tokens per minute, reduce the length of the messages", 400: "max_tokens is too large: 100000. This model supports at most 4096 completion tokens", 401: "maximum context length",
	} {
		if e := chatDecodeError(status, append(appendString([]byte(`{"error":{"message":`), message), "}}"...)); e.Overflow {
			t.Errorf("%d %s is no overflow", status, message)
		}
	}
}

func TestChatEncodeError(t *testing.T) {
	for _, c := range []struct {
		e          *Error
		status     int
		kind, code string
	}{
		{&Error{Kind: KindInvalid, Param: "n", Message: "x"}, 400, "invalid_request_error", ""},
		{&Error{Kind: KindInvalid, Status: 413, Overflow: true, Message: "x"}, 400, "invalid_request_error", "context_length_exceeded"},
		{&Error{Kind: KindAuth, Status: 401, Message: "x"}, 401, "invalid_request_error", "invalid_api_key"},
		{&Error{Kind: KindBilling, Status: 402, Code: "1113", Message: "x"}, 402, "insufficient_quota", "insufficient_quota"},
		{&Error{Kind: KindRateLimit, Message: "x"}, 429, "rate_limit_error", "rate_limit_exceeded"},
		{&Error{Kind: KindNotFound, Message: "x"}, 404, "invalid_request_error", "model_not_found"},
		{&Error{Kind: KindOverloaded, Status: 529, Message: "x"}, 503, "server_error", "overloaded"},
		{&Error{Kind: KindAPI, Status: 500, Message: "a\"b\n"}, 500, "server_error", ""},
		{&Error{Kind: KindTimeout, Message: "x"}, 504, "server_error", ""},
		{nil, 500, "server_error", ""},
	} {
		status, body := chatCodec{}.EncodeError(c.e)
		var got struct {
			Error struct{ Message, Type, Param, Code string }
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if status != c.status || got.Error.Type != c.kind || got.Error.Code != c.code || got.Error.Message == "" {
			t.Errorf("%+v: %d %s", c.e, status, body)
		}
	}
}
