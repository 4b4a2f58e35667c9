package gateway

import "io"

// chunkSize is what is read of a stream at a time, in bytes.
const chunkSize = 16 << 10

type chunk struct {
	data []byte // valid until the next receive
	err  error  // what ended the stream; data comes before it
}

// chunks reads a stream in a goroutine, so that its reader can wait for silence
// as well. Two buffers take turns: one is filled while the other is used.
type chunks struct {
	body   io.ReadCloser
	chunks chan chunk
	quit   chan struct{}
	done   chan struct{}
}

func readChunks(body io.ReadCloser) *chunks {
	c := &chunks{body: body, chunks: make(chan chunk), quit: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *chunks) run() {
	defer close(c.done)
	var buffers [2][chunkSize]byte
	for i := 0; ; i = 1 - i {
		n, err := c.body.Read(buffers[i][:])
		select {
		case c.chunks <- chunk{buffers[i][:n], err}:
		case <-c.quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// stop ends the reading and waits for it.
func (c *chunks) stop() {
	close(c.quit)
	_ = c.body.Close() // unblocks the read
	<-c.done
}
