//go:build race

package exec

// slow is by how much the race detector slows down what allocates a lot.
const slow = 10
