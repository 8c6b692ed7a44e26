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
		f, err := tryLock(filepath.Join(s.cfg.Dir, "lock"))
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

func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}
