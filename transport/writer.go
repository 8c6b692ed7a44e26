package transport

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// write writes a chunk of what is queued, without waiting for the client, and gives whether there is more to write now.
// It is the one place that writes to a socket: what the client does not take at once is left to a goroutine that waits
// for it, and nothing else is written meanwhile. The last thing written is the close frame.
func (s *socket) write(p *pen) (more bool) {
	defer p.clean()
	var last []byte // the close frame
	p.frames, last = s.out.take(p.frames)
	p.text = append(appendFrames(p.text, p.frames), last...)
	rest, err := p.write(s.raw)
	switch {
	case err != nil || len(rest) == 0 && last != nil:
		s.wrote(err)
	case len(rest) > 0:
		go s.writeSlowly(slices.Clone(rest), last != nil)
	default:
		return !s.out.sleep()
	}
	return false
}

// writeSlowly writes what the client did not take at once, and then lets the socket write on.
func (s *socket) writeSlowly(rest []byte, last bool) {
	conn := s.conn.NetConn()
	for len(rest) > 0 {
		_ = conn.SetWriteDeadline(time.Now().Add(s.config.Limits.Write))
		n, err := conn.Write(rest[:min(chunk, len(rest))])
		if err != nil {
			s.wrote(err)
			return
		}
		rest = rest[n:]
	}
	_ = conn.SetWriteDeadline(time.Time{}) // or it would pass some time, and nothing could be written after that
	if last {
		s.wrote(nil)
		return
	}
	s.writeOn()
}

// writeOn lets the writers sleep as far as this socket is concerned, or has them go on.
func (s *socket) writeOn() {
	if !s.out.sleep() {
		s.transport.writers.add(s)
	}
}

// wrote ends the writing: with the close frame, or because the client cannot be reached.
func (s *socket) wrote(err error) {
	if err != nil {
		_ = s.conn.Close() // the reader will notice
	} else {
		_ = s.conn.SetReadDeadline(time.Now().Add(linger))
	}
	s.out.close()
	close(s.written)
}

// ping asks the client for a sign of life, again and again until the socket is closing.
func (s *socket) ping() {
	s.out.put(frame{bytes: appendFrame(nil, websocket.PingMessage, nil)})
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.pinging.Reset(s.config.Limits.KeepAlive)
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

func (d socketDialect) next(to []byte, payload []byte, _ string) []byte {
	to = appendFrameHead(to, websocket.TextMessage, len(d.before)+len(payload)+1)
	to = append(to, d.before...)
	to = append(to, payload...)
	return append(to, '}')
}

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
