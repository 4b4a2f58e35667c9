// Package gatewaytest is a scripted upstream: a server that speaks Anthropic
// Messages, OpenAI Chat Completions and OpenAI Responses as strictly as the real
// ones, fails on demand, and remembers what it was sent.
//
// Tests start one with [Start] (or [New], which stops it with the test) and
// give it a [Script], which answers each request with a [Reply]: a status and a
// body, or a list of server-sent events with delays, ended properly, cut, or
// left hanging. Without a script [Behave] decides by words in the model's name,
// which is also what the command scripted-upstream serves:
//
//	word in the model name   what happens
//	fail-NNN                 status NNN (400 to 599) with Anthropic's error body
//	retry-after-N            with fail-NNN: a retry-after header of N seconds
//	error-event              200, message_start, ping, then an error event (overloaded_error)
//	late-error-event         the same, but after the first words of content
//	cut-early                200, message_start, then the connection is cut
//	cut-mid                  the connection is cut after the first words of content
//	empty                    200 and a stream that ends without any event
//	slow                     the answer comes in ten pieces, 200 ms apart
//	slow-NxMS                the answer comes in N pieces, MS milliseconds apart
//	silent                   200, then nothing for as long as the client waits
//	silent-N                 200, N seconds of nothing, then the usual answer
//	hang                     no response headers for as long as the client waits
//	redirect                 302 to /elsewhere
//	thinks                   thinking comes first, signed by the path: another path refuses it
//	calls-N                  a tool is called N times in parallel
//	anything else            an answer whose text names the model and the request's path
//
// The usual answer is a conversation that a coding agent can hold: where the
// last user message says "run-tool: COMMAND" and the request offers a shell (Bash,
// exec_command, shell, Execute, run_terminal_command), a call of that tool; where it brings a tool's result, a text that
// contains the result; where an output schema is asked for (titles), a JSON
// text that fits it. Both streams and whole answers are spoken, and
// /v1/messages/count_tokens is answered. GET /__stats counts requests.
//
// Bedrock's InvokeModel and CountTokens and Vertex's rawPredict are served as well,
// by the conversation of the Messages format: signatures are verified against
// [AWSKeyID] and [AWSSecret], what those clouds do not take in a body is refused,
// and Bedrock's streams are framed ([Request.Sent] is the request as it came).
//
// The paths are matched by their end, so that a base URL with a path
// (http://127.0.0.1:9100/anthropic) shows which provider was used.
//
// The shapes are those of https://docs.claude.com/en/api/messages and
// /messages-streaming as of November 2026.
package gatewaytest
