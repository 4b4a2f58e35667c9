package wire

// responsesCodec reads and writes OpenAI Responses, as its reference describes it
// (https://platform.openai.com/docs/api-reference/responses) and as Codex uses it:
// with developer messages, namespaces, freeform tools and tools that it runs itself.
//
// What only OpenAI can do is told apart in three ways. State that lies there
// (previous_response_id, item_reference, compaction) is refused, as the conversation
// would lose a part without anybody noticing. Tools that run there (web_search) are
// offered to no other provider; a demand for one is refused. Fields that only tune
// OpenAI's own machinery are dropped and noted.
type responsesCodec struct{}
