package pgdev

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// endWithParent makes the kernel shut PostgreSQL down when we die, even by kill -9.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
}

// asNobody makes the command see itself as the user nobody, in a user namespace where nobody stands for us. Its files
// remain ours. Many containers forbid it.
func asNobody(cmd *exec.Cmd) {
	cmd.SysProcAttr.Credential = nil
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Geteuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getegid(), Size: 1}}
}

// strangerInPidFile is the environment that makes PostgreSQL ignore a postmaster.pid whose process number now belongs
// to some other program, as happens when a container restarts and counts its processes anew. PostgreSQL ignores its
// parents' numbers by itself; this names the stranger as one of them. Removing the file would be wrong: it also names
// the shared memory by which PostgreSQL finds sessions that outlived a killed server.
func strangerInPidFile(data string) []string {
	pm, err := readPostmaster(data)
	if err != nil {
		return nil
	}
	pid := strconv.Itoa(pm.pid)
	exe, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
	if err != nil || strings.HasPrefix(string(exe), "postgres") {
		return nil
	}
	return []string{"PG_GRANDPARENT_PID=" + pid}
}
