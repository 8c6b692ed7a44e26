package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// ears hear what comes on many sockets, in one goroutine that looks at all of them and then rests. Clients are elsewhere
// as a rule: what it costs to read is to keep neither the server nor PostgreSQL from the processor, nor is a server to
// pay for waking, message by message, a reader on the same machine. It is the same for all contenders.
type ears struct {
	heard func(events int, arrived time.Time) // so many have come on a socket

	poll    int // an epoll
	sockets []ear
	text    []byte // what is being read
	stamp   []byte // when that arrived, as the kernel tells it
	over    atomic.Bool
	done    sync.WaitGroup
}

// ear is one of the sockets.
type ear struct {
	fd   int
	rest []byte // the beginning of a frame
}

const (
	restOfEars = 500 * time.Microsecond
	turnOfEars = 50 * time.Millisecond // how soon they notice that they are to stop
	readSize   = 256 << 10

	sizeOfStamp = 16 // bytes of a time, in seconds and nanoseconds

	// shortest is less than any event takes; what is shorter, such as connection_ack, is not counted.
	shortest = 126
)

func newEars(heard func(events int, arrived time.Time)) (*ears, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &ears{heard: heard, poll: poll, text: make([]byte, readSize), stamp: make([]byte, unix.CmsgSpace(sizeOfStamp))}, err
}

// add has one more socket heard, which the ears then own. It is too late for that once they listen.
func (e *ears) add(conn *websocket.Conn) (err error) {
	defer conn.Close() // the runtime would be woken, too, for what comes on it
	raw, err := conn.NetConn().(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	fd := 0
	duplicate := func(of uintptr) { fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0) }
	if controlErr := raw.Control(duplicate); controlErr != nil {
		return controlErr
	}
	if err != nil {
		return err
	}
	e.sockets = append(e.sockets, ear{fd: fd})
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	return unix.EpollCtl(e.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(e.sockets) - 1)})
}

// listen begins to hear. The first error ends it, and is told.
func (e *ears) listen(failed func(error)) {
	e.done.Go(func() {
		ready := make([]unix.EpollEvent, len(e.sockets))
		for !e.over.Load() {
			n, err := unix.EpollWait(e.poll, ready, int(turnOfEars.Milliseconds()))
			if err != nil && err != unix.EINTR {
				failed(err)
				return
			}
			for i := range max(n, 0) {
				if err := e.hear(&e.sockets[ready[i].Fd]); err != nil {
					failed(err)
					return
				}
			}
			if n > 0 {
				time.Sleep(restOfEars)
			}
		}
	})
}

func (e *ears) close() {
	e.over.Store(true)
	e.done.Wait()
	for _, s := range e.sockets {
		unix.Close(s.fd)
	}
	unix.Close(e.poll)
}

// hear takes what has come on a socket.
func (e *ears) hear(s *ear) error {
	held := copy(e.text, s.rest)
	n, stamped, _, _, err := unix.Recvmsg(s.fd, e.text[held:], e.stamp, 0)
	if err == unix.EAGAIN || err == unix.EINTR {
		return nil
	}
	if err != nil || n == 0 {
		return fmt.Errorf("the connection ended: %w", err)
	}
	events, text := 0, e.text[:held+n]
	for {
		code, payload, after, err := cutFrame(text)
		if err == errInPart {
			break
		}
		if err != nil {
			return err
		}
		text = after
		switch {
		case code == websocket.PingMessage:
			_, err = unix.Write(s.fd, []byte{0x80 | websocket.PongMessage, 0x80, 0, 0, 0, 0}) // masked, and as empty as the ping
		case code == websocket.CloseMessage:
			err = closeError(payload)
		case len(payload) > shortest:
			events++
		}
		if err != nil {
			return err
		}
	}
	s.rest = append(s.rest[:0], text...)
	if events > 0 {
		e.heard(events, arrival(e.stamp[:stamped]))
	}
	return nil
}

// arrival is when the kernel had what was read last: how far behind it the reader is does not count.
func arrival(stamp []byte) time.Time {
	if len(stamp) < unix.CmsgLen(sizeOfStamp) {
		return time.Now()
	}
	seconds, nanoseconds := stamp[unix.CmsgLen(0):], stamp[unix.CmsgLen(sizeOfStamp/2):]
	return time.Unix(int64(binary.NativeEndian.Uint64(seconds)), int64(binary.NativeEndian.Uint64(nanoseconds)))
}
