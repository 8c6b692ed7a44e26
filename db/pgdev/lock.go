package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errLocked is the answer of tryLock while another process holds the lock.
var errLocked = errors.New("locked by another process")

// lock keeps other processes out of the folder until the file is closed.
func (s *Server) lock(ctx context.Context) (*os.File, error) {
	for {
		f, err := s.tryLock("lock")
		if !errors.Is(err, errLocked) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the lock of %s: %w", s.cfg.Dir, ctx.Err())
		case <-time.After(joinPause):
		}
	}
}

// tryLock takes a lock of the folder if it is free.
func (s *Server) tryLock(name string) (*os.File, error) {
	path := filepath.Join(s.cfg.Dir, name)
	f, err := tryLock(path)
	if err != nil {
		return nil, err
	}
	if err := s.who.own(path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}
