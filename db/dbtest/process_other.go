//go:build !linux

package dbtest

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

var errGone = errors.New("the process is gone")

// startTime tells a process from a later one with its number; a zombie counts as gone.
func startTime(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 || fields[0][0] == 'Z' {
		return "", errGone
	}
	return strings.NewReplacer(":", "").Replace(strings.Join(fields[1:], "")), nil
}
