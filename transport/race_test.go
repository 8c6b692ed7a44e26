//go:build race

package transport_test

func init() { slowdown = 15 }
