//go:build !race

package db

const raceDivisor = 1
