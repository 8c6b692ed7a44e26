//go:build !race

package exec

const slow = 1
