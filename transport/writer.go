package transport

import (
	"encoding/binary"
	"encoding/json"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// chunk is how much is written at once: frames are put together up to it, and larger ones cut.
const chunk = 32 * kibi

var chunks = sync.Pool{New: func() any { return new(make([]byte, 0, chunk)) }}

// write is the one place that writes to a socket. It puts everything that is queued into as few writes as it can, pings,
// and ends with the close frame.
func (s *socket) write() {
	defer s.out.close()
	ping := time.NewTicker(s.config.Limits.KeepAlive)
	defer ping.Stop()
	var frames []frame
	for {
		select {
		case <-s.out.wake:
		case <-ping.C:
			s.out.put(frame{bytes: appendFrame(nil, websocket.PingMessage, nil)})
		}
		closing := s.closeFrame()
		frames = s.out.take(frames)
		if err := s.writeAll(frames, closing); err != nil {
			_ = s.conn.Close() // the reader will notice
			return
		}
		if closing != nil {
			_ = s.conn.SetReadDeadline(time.Now().Add(linger))
			return
		}
		frames = reuse(frames)
	}
}

// reuse keeps a small queue for the next round, and lets one that a burst has grown go.
func reuse(frames []frame) []frame {
	const worthKeeping = 16
	if cap(frames) > worthKeeping {
		return nil
	}
	clear(frames)
	return frames[:0]
}

func (s *socket) writeAll(frames []frame, closing []byte) error {
	if len(frames) == 0 && closing == nil {
		return nil
	}
	buffer := chunks.Get().(*[]byte)
	defer chunks.Put(buffer)
	w := chunkWriter{write: s.writeChunk, buffer: (*buffer)[:0]}
	for _, f := range frames {
		if f.owner == nil || !f.owner.silent.Load() {
			w.add(f.bytes)
		}
	}
	w.add(closing)
	w.flush()
	return w.err
}

// writeChunk goes around gorilla's writer, which would copy and lock for each frame. Gorilla itself writes only when the
// client breaks the WebSocket protocol, after which nothing else matters.
func (s *socket) writeChunk(b []byte) error {
	conn := s.conn.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(s.config.Limits.Write))
	_, err := conn.Write(b)
	return err
}

// chunkWriter gathers bytes into writes of at most one chunk. Its first error ends it.
type chunkWriter struct {
	write  func([]byte) error
	buffer []byte
	err    error
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

// appendFrame appends a whole WebSocket frame as servers send them: final, not masked, not compressed.
func appendFrame(to []byte, opcode byte, payload []byte) []byte {
	return append(appendFrameHead(to, opcode, len(payload)), payload...)
}

func appendFrameHead(to []byte, opcode byte, size int) []byte {
	const final, twoBytes, eightBytes = 0x80, 126, 127
	to = append(to, final|opcode)
	switch {
	case size < twoBytes:
		return append(to, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(to, twoBytes), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(to, eightBytes), uint64(size))
}

// socketDialect speaks graphql-transport-ws about one operation.
type socketDialect struct {
	id []byte // as JSON
}

func newSocketDialect(id string) socketDialect {
	encoded, _ := json.Marshal(id) // a string always can be
	return socketDialect{id: encoded}
}

func (d socketDialect) next(response *graphql.Response, _ string) []byte {
	around := envelop(response)
	head := d.head("next")
	size := len(head) + len(around.head) + len(response.Data) + len(around.tail) + 1
	framed := appendFrameHead(make([]byte, 0, size+10), websocket.TextMessage, size)
	framed = append(framed, head...)
	framed = append(framed, around.head...)
	framed = append(framed, response.Data...)
	framed = append(framed, around.tail...)
	return append(framed, '}')
}

func (d socketDialect) fail(response *graphql.Response) []byte {
	errs := marshalErrors(response.Errors)
	return appendFrame(nil, websocket.TextMessage, append(append(d.head("error"), errs...), '}'))
}

func (d socketDialect) complete() []byte {
	return appendFrame(nil, websocket.TextMessage, append(d.start("complete"), '}'))
}

func (d socketDialect) head(kind string) []byte { return append(d.start(kind), `,"payload":`...) }

func (d socketDialect) start(kind string) []byte {
	start := append(make([]byte, 0, len(d.id)+64), `{"id":`...)
	start = append(start, d.id...)
	start = append(start, `,"type":"`...)
	start = append(start, kind...)
	return append(start, '"')
}
