//go:build race

package exectest

const raceDivisor = 5
