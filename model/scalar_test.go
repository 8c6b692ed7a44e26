package model

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDateTimeIsWrittenAsByItsLayout(t *testing.T) {
	t.Parallel()
	seconds := func(year int) int64 { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix() }
	from, to := seconds(-20), seconds(10_020)
	for range 100_000 {
		at := time.Unix(from+rand.Int64N(to-from), rand.Int64N(1e9)).In(time.FixedZone("", rand.IntN(36000)-18000))
		if got, want := string(AppendDateTime(nil, at)), at.UTC().Format(dateTimeLayout); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func BenchmarkAppendDateTime(b *testing.B) {
	at := time.Now()
	for buffer := make([]byte, 0, 64); b.Loop(); {
		AppendDateTime(buffer, at)
	}
}

func BenchmarkID(b *testing.B) {
	id := NewID(KindWorkflow)
	for buffer := make([]byte, 0, 64); b.Loop(); {
		id.AppendGQL(buffer)
	}
}
