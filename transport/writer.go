package transport

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// write is the one place that writes to a socket. It puts everything that is queued into as few writes as it can, pings,
// and ends with the close frame.
func (s *socket) write() {
	defer s.out.close()
	ping := time.NewTicker(s.config.Limits.KeepAlive)
	defer ping.Stop()
	write := s.writeChunk
	var frames []frame
	for {
		select {
		case <-s.out.wake:
		case <-ping.C:
			s.out.put(frame{bytes: appendFrame(nil, websocket.PingMessage, nil)})
		}
		closing := s.closeFrame()
		frames = s.out.take(frames)
		if err := writeFrames(frames, closing, write); err != nil {
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

// writeChunk goes around gorilla's writer, which would copy and lock for each frame. Gorilla itself writes only when the
// client breaks the WebSocket protocol, after which nothing else matters.
func (s *socket) writeChunk(b []byte) error {
	conn := s.conn.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(s.config.Limits.Write))
	_, err := conn.Write(b)
	return err
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
	id     []byte // as JSON
	before []byte // what stands before the payload of a `next`
}

func newSocketDialect(id string) socketDialect {
	encoded, _ := json.Marshal(id) // a string always can be
	d := socketDialect{id: encoded}
	d.before = append(d.start("next"), payloadFollows...)
	return d
}

const payloadFollows = `,"payload":`

func (d socketDialect) next(w *chunkWriter, payload []byte, _ string) {
	var head [10]byte
	w.add(appendFrameHead(head[:0], websocket.TextMessage, len(d.before)+len(payload)+1))
	w.add(d.before)
	w.add(payload)
	w.add(closingBrace)
}

var closingBrace = []byte{'}'}

func (d socketDialect) fail(response *graphql.Response) []byte {
	message := append(d.start("error"), payloadFollows...)
	message = append(message, marshalErrors(response.Errors)...)
	return appendFrame(nil, websocket.TextMessage, append(message, '}'))
}

func (d socketDialect) complete() []byte {
	return appendFrame(nil, websocket.TextMessage, append(d.start("complete"), '}'))
}

func (d socketDialect) start(kind string) []byte {
	start := append(make([]byte, 0, len(d.id)+40), `{"id":`...)
	start = append(start, d.id...)
	start = append(start, `,"type":"`...)
	start = append(start, kind...)
	return append(start, '"')
}
