//go:build !linux

package pgdev

import "os/exec"

// endWithParent does nothing here: PostgreSQL outlives a killed owner, and the next process that asks for the folder
// becomes its owner.
func endWithParent(*exec.Cmd) {}

// asNobody does nothing here: only Linux lets a user appear as another.
func asNobody(*exec.Cmd) {}

// strangerInPidFile has no way to tell here whose process number it is.
func strangerInPidFile(string) []string { return nil }
