//go:build unix

package pgdev

import (
	"errors"
	"os"
	"syscall"
)

func supported() error { return nil }

// interrupt asks a PostgreSQL for a fast shutdown; one that is gone already is no error.
func interrupt(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGINT); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func running(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// ownerOf is the user and group of a folder, as the kernel numbers them.
func ownerOf(info os.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid)
}

// switchTo runs a program in a process group of its own, as the given user if that is not ours.
func switchTo(i identity) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if i.other {
		attr.Credential = &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)}
	}
	return attr
}
