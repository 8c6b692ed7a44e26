package pgdev

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

const nobody = 65534

// identity is the user that PostgreSQL runs as, which may not be root.
type identity struct {
	uid, gid int
	name     string
	other    bool // not the user of this process: its programs must switch
	masked   bool // this process's user under the name nobody, which is enough for PostgreSQL not to see root
}

// mask is for a user that PostgreSQL refuses and that may not become another one, such as root in a bare container.
func (i identity) mask() identity {
	return identity{uid: os.Geteuid(), gid: os.Getegid(), name: i.name, masked: true}
}

// mayNotSwitch recognises what the kernel answers to a root without the rights of root.
func (i identity) mayNotSwitch(err error) bool {
	return i.other && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL))
}

// identify chooses for an ordinary user that user, and for root the owner of an existing folder, else postgres, else
// nobody.
func identify(dir string) identity {
	if uid := os.Geteuid(); uid != 0 {
		return identity{uid: uid, gid: os.Getegid(), name: "uid " + strconv.Itoa(uid)}
	}
	if info, err := os.Stat(dir); err == nil {
		if uid, gid := ownerOf(info); uid != 0 {
			return identity{uid: uid, gid: gid, name: "uid " + strconv.Itoa(uid), other: true}
		}
	}
	for _, name := range []string{superuser, "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return identity{uid: uid, gid: gid, name: name, other: true}
		}
	}
	return identity{uid: nobody, gid: nobody, name: "nobody", other: true}
}

// command prepares a program of PostgreSQL for this user. It has its own process group, so that Ctrl-C on the terminal
// does not end the database while the server still drains; an environment in English, without the settings of psql and
// without our secrets; and a working folder that every user may enter.
// When ctx ends it is asked to shut down.
func (i identity) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return interrupt(cmd.Process.Pid) }
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	if libs, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+libs)
	}
	cmd.SysProcAttr = switchTo(i)
	if i.masked {
		asNobody(cmd)
	}
	return cmd
}

// ownFolder makes the folder, private to this user, and refuses one that belongs to somebody else.
func (i identity) ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "use", Path: dir, Err: fmt.Errorf("not a folder")}
	}
	uid, _ := ownerOf(info)
	if uid != i.uid && uid != os.Geteuid() {
		return &fs.PathError{Op: "use", Path: dir, Err: fmt.Errorf("belongs to uid %d", uid)}
	}
	if err := os.Chmod(dir, 0o700); err != nil || uid == i.uid {
		return err
	}
	return os.Chown(dir, i.uid, i.gid)
}

// own gives a file of ours to this user, who may start the next time without being root.
func (i identity) own(path string) error {
	if !i.other {
		return nil
	}
	return os.Chown(path, i.uid, i.gid)
}
