package transport

import "sync"

// chunk is how much is written at once: frames are put together up to it, and larger ones cut.
const chunk = 32 * kibi

var writers = sync.Pool{New: func() any { return &chunkWriter{buffer: make([]byte, 0, chunk)} }}

// writeFrames writes frames, and what comes last, in as few writes as it can.
func writeFrames(frames []frame, last []byte, write func([]byte) error) error {
	if len(frames) == 0 && len(last) == 0 {
		return nil
	}
	w := writers.Get().(*chunkWriter)
	defer writers.Put(w)
	w.write, w.buffer, w.err = write, w.buffer[:0], nil
	for i := range frames {
		w.frame(&frames[i])
	}
	w.add(last)
	w.flush()
	w.write = nil // or the pool would keep the connection
	return w.err
}

// chunkWriter gathers bytes into writes of at most one chunk. Its first error ends it.
type chunkWriter struct {
	write  func([]byte) error
	buffer []byte
	err    error
}

func (w *chunkWriter) frame(f *frame) {
	switch {
	case f.owner != nil && f.owner.silent.Load():
	case f.next:
		f.owner.dialect.next(w, f.bytes, f.cursor)
	default:
		w.add(f.bytes)
	}
}

func (w *chunkWriter) add(b []byte) {
	for w.err == nil && len(b) > 0 {
		n := min(len(b), chunk-len(w.buffer))
		w.buffer = append(w.buffer, b[:n]...)
		if b = b[n:]; len(w.buffer) == chunk {
			w.flush()
		}
	}
}

func (w *chunkWriter) flush() {
	if w.err == nil && len(w.buffer) > 0 {
		w.err = w.write(w.buffer)
		w.buffer = w.buffer[:0]
	}
}
