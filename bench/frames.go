package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// frames takes what a server writes to a socket, without a copy or an allocation.
type frames struct {
	conn *websocket.Conn
	in   *bufio.Reader
	held int // bytes of the frame given last
}

// framesOf reads as much at once as a server writes: that takes least of the core, which is the database's too.
func framesOf(conn *websocket.Conn) *frames {
	return &frames{conn: conn, in: bufio.NewReaderSize(conn.NetConn(), 32<<10)}
}

// message gives the next message, which is good until the next call. It answers pings; what closes the socket is its error.
func (f *frames) message() ([]byte, error) {
	for {
		code, payload, err := f.next()
		switch {
		case err != nil:
			return nil, err
		case code == websocket.PingMessage:
			err = f.conn.WriteControl(websocket.PongMessage, payload, time.Now().Add(time.Second))
		case code == websocket.CloseMessage:
			err = closeError(payload)
		default:
			return payload, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (f *frames) next() (code byte, payload []byte, err error) {
	if _, err := f.in.Discard(f.held); err != nil {
		return 0, nil, err
	}
	f.held = 0
	for {
		text, _ := f.in.Peek(f.in.Buffered())
		code, payload, after, err := cutFrame(text)
		if err == nil {
			f.held = len(text) - len(after)
		}
		if err != errInPart {
			return code, payload, err
		}
		if _, err := f.in.Peek(len(text) + 1); err != nil {
			return 0, nil, err
		}
	}
}

// errInPart says that a frame is not all there yet.
var errInPart = errors.New("a frame is there in part")

// cutFrame gives the frame that a text from a server begins with, and what comes after it.
func cutFrame(text []byte) (code byte, payload, after []byte, err error) {
	const short, long = 2, 4 // bytes before the payload; a ping has no more, so that to wait for more is to miss it
	if len(text) < short {
		return 0, nil, nil, errInPart
	}
	start, size := short, int(text[1])
	switch size {
	case 126:
		if len(text) < long {
			return 0, nil, nil, errInPart
		}
		start, size = long, int(binary.BigEndian.Uint16(text[short:]))
	case 127:
		return 0, nil, nil, errors.New("a frame is longer than any event")
	}
	if len(text)-start < size {
		return 0, nil, nil, errInPart
	}
	return text[0] & 0xf, text[start : start+size], text[start+size:], nil
}

func closeError(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("closed without a reason")
	}
	return fmt.Errorf("closed with %d %s", binary.BigEndian.Uint16(payload), payload[2:])
}
