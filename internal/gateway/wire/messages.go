package wire

// messagesCodec is being built file by file: messages_*.go.
type messagesCodec struct{ Codec }
