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
	const short = 2 // bytes; a ping has no more, so that to wait for more is to miss it
	if _, err := f.in.Discard(f.held); err != nil {
		return 0, nil, err
	}
	f.held = 0
	head, err := f.in.Peek(short)
	if err != nil {
		return 0, nil, err
	}
	code, size := head[0]&0xf, int(head[1])
	start := short
	switch size {
	case 126:
		start += 2
		if head, err = f.in.Peek(start); err != nil {
			return 0, nil, err
		}
		size = int(binary.BigEndian.Uint16(head[short:]))
	case 127:
		return 0, nil, errors.New("a frame is longer than any event")
	}
	whole, err := f.in.Peek(start + size)
	if err != nil {
		return 0, nil, err
	}
	f.held = len(whole)
	return code, whole[start:], nil
}

func closeError(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("closed without a reason")
	}
	return fmt.Errorf("closed with %d %s", binary.BigEndian.Uint16(payload), payload[2:])
}
