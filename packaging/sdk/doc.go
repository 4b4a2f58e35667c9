// Package sdk runs the official client libraries of Anthropic and OpenAI, which
// nobody here wrote, against the real binary: each of the three clients (Anthropic
// Messages, OpenAI Chat Completions, OpenAI Responses) through a proxy to each of
// the three kinds of upstream.
//
// messages.mjs, chat.mjs and responses.mjs are the clients: each holds what its
// library makes of an answer, and fails where the library does. The Go test starts
// the upstreams and the proxies, and holds what reached an upstream against what
// the client reports. It needs node and the two packages, so it has the build tag
// sdk, and is run by make test-sdk.
package sdk
