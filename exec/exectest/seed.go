package exectest

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// Seed is a fresh number for each run, which the test logs, or EXEC_SEED from the environment, to
// make the same documents again.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	seed, err := strconv.ParseUint(os.Getenv("EXEC_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	tb.Logf("EXEC_SEED=%d", seed)
	return seed
}

// Documents is how many documents a test should compare: EXEC_DOCUMENTS from the environment, or the
// number given. Under the race detector, which looks at what runs beside what and is slow, it is a
// fifth of that number: what is answered is compared without it.
func Documents(otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv("EXEC_DOCUMENTS")); err == nil {
		return n
	}
	return otherwise / raceDivisor
}

// Compare runs a document on both runners and tells how the answers differ, or gives "".
func Compare(tb testing.TB, oracle, subject *Runner, doc Document, known ...Deviation) string {
	return Diff(oracle.Run(tb.Context(), doc), subject.Run(tb.Context(), doc), known...)
}
