package pgdev

import (
	"errors"
	"os"
	"syscall"
)

var errWindows = errors.New("a private PostgreSQL needs Unix sockets and users: on Windows set DATABASE_URL")

// supported keeps Start from what only other systems can do. The rest of this file is never called.
func supported() error { return errWindows }

func tryLock(string) (*os.File, error) { return nil, errWindows }

func interrupt(int) error { return errWindows }

func running(int) bool { return false }

func ownerOf(os.FileInfo) (uid, gid int) { return -1, -1 }

func switchTo(identity) *syscall.SysProcAttr { return nil }
