package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pin keeps a process, with all threads that it has and will have, on one core.
func pin(pid, core int) error {
	var only unix.CPUSet
	only.Set(core)
	threads, err := threadsOf(pid)
	if err != nil {
		return err
	}
	for _, thread := range threads {
		tid, _ := strconv.Atoi(filepath.Base(thread))
		if err := unix.SchedSetaffinity(tid, &only); err != nil {
			return err
		}
	}
	return nil
}

// prefer lets the session of a process go before others, as far as this user may: what else the machine does is not to
// be measured. Again with 0 it is as any other.
func prefer(pid, niceness int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte(strconv.Itoa(niceness)), 0)
}

// allowFiles lets this process, and those that it starts, have so many files open.
func allowFiles(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur, limit.Max = max(limit.Cur, uint64(n)), max(limit.Max, uint64(n))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, (*syscall.Rlimit)(&limit)); err != nil { // not unix's: children would get the former back
		return fmt.Errorf("have %d files open: %w", n, err)
	}
	return nil
}

func threadsOf(pid int) ([]string, error) {
	return filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
}

// usage is what the kernel accounts for some processes.
type usage struct {
	ran    time.Duration // on a core, for themselves and in the kernel
	waited time.Duration // ready to run, for a core that others had
}

func (u usage) sub(before usage) usage { return usage{u.ran - before.ran, u.waited - before.waited} }

// usageOf adds up the threads of processes: schedstat counts nanoseconds, where stat has hundredths of a second.
func usageOf(pids ...int) (u usage, err error) {
	for _, pid := range pids {
		threads, err := threadsOf(pid)
		if err != nil {
			return u, err
		}
		for _, thread := range threads {
			text, err := os.ReadFile(thread + "/schedstat")
			if err != nil {
				return u, err
			}
			var ran, waited int64
			if _, err := fmt.Sscan(string(text), &ran, &waited); err != nil {
				return u, fmt.Errorf("read %s: %w", thread, err)
			}
			u.ran += time.Duration(ran)
			u.waited += time.Duration(waited)
		}
	}
	return u, nil
}

// describeMachine says where and how the figures came about.
func describeMachine(out io.Writer, o options) {
	load, _ := os.ReadFile("/proc/loadavg")
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	fmt.Fprintf(out, "%s, %d cores, Linux %s, %s, load average %s\n", processor(), runtime.NumCPU(),
		strings.TrimSpace(string(release)), runtime.Version(), strings.Join(strings.Fields(string(load))[:3], " "))
	fmt.Fprintf(out, "servers on core %d with GOMAXPROCS=1, load and PostgreSQL on core %d; medians of %d rounds of %v\n",
		serverCore, loadCore, o.rounds, o.round)
}

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
