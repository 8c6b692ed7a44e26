//go:build unix

package transport

import (
	"errors"
	"syscall"
)

// attempt writes as much as fits into the connection's buffer now.
func (p *pen) attempt(fd uintptr) {
	n, err := syscall.Write(int(fd), p.text)
	for errors.Is(err, syscall.EINTR) {
		n, err = syscall.Write(int(fd), p.text)
	}
	p.sent = max(n, 0)
	if !errors.Is(err, syscall.EAGAIN) {
		p.err = err
	}
}
