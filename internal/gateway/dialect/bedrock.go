package dialect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// bedrockVersion is the only value that InvokeModel takes for Claude:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
const bedrockVersion = "bedrock-2023-05-31"

// invoke makes an InvokeModel request of a Messages request: the model stands
// in the path, the method says whether it streams, the betas are in the body.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
func (u *Upstream) invoke(base string, c Call) (Prepared, error) {
	add := []member{{"anthropic_version", strconv.Quote(bedrockVersion)}}
	if betas := knownBetas(c.Header, bedrockBetas()); len(betas) > 0 {
		add = append(add, member{"anthropic_beta", betaArray(betas)})
	}
	for _, name := range []string{"Anthropic-Beta", "Anthropic-Version"} {
		c.Header.Del(name)
	}
	body, err := withMembers(c.Body(), []string{"model", "stream", "anthropic_version", "anthropic_beta"}, add)
	if err != nil {
		return Prepared{}, err
	}
	out := base + "/model/" + url.PathEscape(c.Model)
	switch {
	case c.Count:
		out += "/count-tokens"
		body = bedrockCount(body)
	case c.Stream:
		out += "/invoke-with-response-stream"
	default:
		out += "/invoke"
	}
	c.Header.Set("Content-Type", "application/json")
	c.Header.Set("Accept", "*/*")
	return Prepared{URL: out, Body: body}, nil
}

// bedrockCount wraps a body for CountTokens:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
func bedrockCount(body []byte) []byte {
	// InvokeModel's max_tokens is required there, and count_tokens requests have none.
	if !gjson.GetBytes(body, "max_tokens").Exists() {
		if with, err := withMembers(body, nil, []member{{"max_tokens", "1"}}); err == nil {
			body = with
		}
	}
	return []byte(`{"input":{"invokeModel":{"body":"` + base64.StdEncoding.EncodeToString(body) + `"}}}`)
}

func countOfBedrock(body []byte) []byte {
	return []byte(`{"input_tokens":` + strconv.FormatInt(gjson.GetBytes(body, "inputTokens").Int(), 10) + `}`)
}

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/vnd.amazon.eventstream")
}

// messagesError puts an error of Bedrock ({"message": …}) or of Google
// ({"error": {"message": …}}, for a stream in an array) into the Messages form,
// whose words agents act on. What has that form already stays as it is.
func messagesError(status int, body []byte) []byte {
	doc := gjson.ParseBytes(body)
	if doc.IsArray() {
		doc = doc.Get("0")
	}
	if doc.Get("type").String() == "error" && doc.Get("error.type").Exists() {
		return []byte(doc.Raw)
	}
	message := doc.Get("message").String()
	for _, path := range []string{"Message", "error.message"} {
		if message == "" {
			message = doc.Get(path).String()
		}
	}
	if message == "" {
		return body
	}
	return errorJSON(errorKind(status), message)
}

// outOfArray is Google's error, which its OpenAI format puts into an array, as
// OpenAI has it.
func outOfArray(body []byte) []byte {
	if doc := gjson.ParseBytes(body); doc.IsArray() && doc.Get("0.error").IsObject() {
		return []byte(doc.Get("0").Raw)
	}
	return body
}

func errorJSON(kind, message string) []byte {
	type inner struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // agents look for "tokens > maximum"
	_ = enc.Encode(struct {
		Type  string `json:"type"`
		Error inner  `json:"error"`
	}{"error", inner{kind, message}}) // strings always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// errorKind is https://docs.claude.com/en/api/errors
func errorKind(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusServiceUnavailable, 529:
		return "overloaded_error"
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return "timeout_error"
	}
	if status < 500 {
		return "invalid_request_error"
	}
	return "api_error"
}
