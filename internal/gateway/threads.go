package gateway

import (
	"net/http"
	"net/url"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
)

// Anthropic can hold a conversation between requests: the first creates a message
// thread, and those that continue it bring only what is new. Whoever does not know
// threads would answer as if that were all, so it is never shown a request that
// continues one. Clients must be able to send the whole conversation at any time:
// https://platform.claude.com/docs/en/build-with-claude/message-threads

// threadContinue is the type of a request's thread that goes on with one.
const threadContinue = "continue"

// thread reads the field thread.
func (f *inspector) thread(key string, at int) {
	if !f.once(seenThread, key, at) {
		return
	}
	f.threadStart = at
	f.members(func(key []byte, at int) {
		if string(key) == "type" && f.once(seenThreadType, "thread.type", at) {
			f.threadKind = f.text()
			return
		}
		f.value()
	})
	f.threadEnd = f.i
}

// holdsThreads reports whether a target has message threads.
func holdsThreads(t routes.Target, format, base string) bool {
	return format == routes.Messages && isAnthropic(t, base)
}

// isAnthropic reports whether a target is Anthropic itself, or what the user put in its place.
func isAnthropic(t routes.Target, base string) bool {
	u, err := url.Parse(base)
	return t.Provider == "anthropic" || err == nil && u.Hostname() == "api.anthropic.com"
}

// unthreaded takes the request's thread out for a target without threads: no edit
// where there is none, a failure where it continues one. A thread that is to be
// created needs no answer, as no answer says whether one was.
func unthreaded(t routes.Target, format, base string, body []byte, f *facts) ([]edit, *failure) {
	switch {
	case f.threadEnd == 0 || holdsThreads(t, format, base):
		return nil, nil
	case f.threadKind == threadContinue:
		return nil, threadLost()
	}
	return []edit{withoutMember(body, f.threadStart, f.threadEnd)}, nil
}

// threadLost has the client send the whole conversation. It ends the search for a
// target: the next request can go to any of them.
func threadLost() *failure {
	f := &failure{rank: rankThread, kind: notFound, result: "thread", reason: "it does not hold the message thread; the client is asked for the whole conversation",
		header: http.Header{"Content-Type": {"application/json"}, "X-Should-Retry": {"false"}}}
	f.status = http.StatusNotFound
	if codec, err := wire.For(wire.Messages); err == nil { // there is one
		f.status, f.body = codec.EncodeError(wire.ThreadNotFound())
	}
	return f
}

// withoutMember takes a member out of an object, and the comma that is left over;
// it begins with its name and ends with its value.
func withoutMember(body []byte, from, to int) edit {
	for i := to; i < len(body); i++ {
		if !isSpace(body[i]) {
			if body[i] == ',' {
				return edit{from: from, to: i + 1}
			}
			break
		}
	}
	for i := from - 1; i >= 0; i-- {
		if !isSpace(body[i]) {
			if body[i] == ',' {
				return edit{from: i, to: to}
			}
			break
		}
	}
	return edit{from: from, to: to}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
