package dbtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

var errGone = errors.New("the process is gone")

// startTime tells a process from a later one with its number; a zombie counts as gone.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field is the program's name in brackets and may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19
	if len(fields) <= start || fields[state][0] == 'Z' || fields[state][0] == 'X' {
		return "", errGone
	}
	return string(fields[start]), nil
}
