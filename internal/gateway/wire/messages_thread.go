package wire

import "net/http"

// threadNotFound is the error_code on which Anthropic's libraries send the whole
// conversation again, in a new thread or, after a second time, in none:
// https://platform.claude.com/docs/en/build-with-claude/message-threads
const threadNotFound = "thread_not_found"

// ThreadNotFound is the answer to a request that continues a message thread where
// nobody holds the thread: it has the newest messages only.
func ThreadNotFound() *Error {
	return &Error{Status: http.StatusNotFound, Kind: KindNotFound, Code: threadNotFound,
		Message: "thread: the provider that this request goes to does not hold the message thread. Send the whole conversation."}
}
