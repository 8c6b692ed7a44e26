package transport

import (
	"net"
	"sync"
	"syscall"
)

// pen is what one goroutine writes to sockets with, one after another.
type pen struct {
	frames []frame
	text   []byte
	bytes  int64 // written since whoever holds the pen set it

	once func(fd uintptr) // attempt, as a value that need not be made for each write
	sent int              // by the last attempt
	err  error            // of it
}

var pens = sync.Pool{New: func() any {
	p := &pen{}
	p.once = p.attempt
	return p
}}

// write writes what the connection takes without being waited for, and gives the rest.
func (p *pen) write(to syscall.RawConn) (rest []byte, err error) {
	if to == nil || len(p.text) == 0 {
		return p.text, nil
	}
	p.bytes += int64(len(p.text))
	p.sent, p.err = 0, nil
	if err := to.Control(p.once); err != nil { // Write would have the runtime make ready to wait, which nobody does here
		return nil, err
	}
	return p.text[p.sent:], p.err
}

// clean makes the pen ready for the next socket. It keeps no memory that only a burst or a large message needed.
func (p *pen) clean() {
	const worthKeeping = 16
	clear(p.frames)
	if cap(p.frames) > worthKeeping {
		p.frames = nil
	}
	if cap(p.text) > 2*chunk {
		p.text = nil
	}
	p.text = p.text[:0]
}

// rawConn gives a connection as the system knows it; nil for one that is more than that, such as one with TLS.
func rawConn(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil { // it has been closed, as a write will notice
		return nil
	}
	return raw
}
