package wire

// responsesCodec is being built file by file: responses_*.go.
type responsesCodec struct{ Codec }
