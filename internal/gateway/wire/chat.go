package wire

// chatCodec is being built file by file: chat_*.go.
type chatCodec struct{ Codec }
