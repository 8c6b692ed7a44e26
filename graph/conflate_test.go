package graph

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"workflowfactory/model"
)

// Whatever comes and wherever its reader stops and goes on, the last event about each noun is delivered, in order.
func TestConflatedStreamsEndAsTheLogDoes(t *testing.T) {
	t.Parallel()
	saved := 0
	for round := range 300 {
		random := rand.New(rand.NewPCG(7301, uint64(round)))
		all := randomDeliveries(random, random.IntN(3*widest))
		got := readInParts(random, all, conflated)
		if wrong := conflation(all, got); wrong != "" {
			t.Fatalf("round %d: %s", round, wrong)
		}
		saved += events(all) - len(got)
	}
	if saved == 0 {
		t.Error("no event was ever left out")
	}
}

// The control: what a stream that loses the last event about a noun would be found by.
func TestTheCheckOfConflationFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	all := randomDeliveries(random, 500)
	got := readInParts(random, all, conflated)
	if wrong := conflation(all, got); wrong != "" {
		t.Fatal(wrong)
	}
	swapped := slices.Clone(got)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for name, bad := range map[string][]Delivery{
		"the last is missing": got[:len(got)-1],
		"out of order":        swapped,
		"one comes twice":     slices.Insert(slices.Clone(got), 1, got[0]),
	} {
		if conflation(all, bad) == "" {
			t.Errorf("%s, and nothing is found", name)
		}
	}
}

func TestConflatedStreamsEndWithTheirError(t *testing.T) {
	t.Parallel()
	over := errors.New("over")
	failing := func(yield func(Delivery, error) bool) { yield(Delivery{}, over) }
	for _, err := range conflated(failing) {
		if !errors.Is(err, over) {
			t.Errorf("the stream ends with %v", err)
		}
	}
}

// randomDeliveries is a stream of n events about a few nouns, some of which its reader may not see, with heads between,
// and one at the end.
func randomDeliveries(random *rand.Rand, n int) (all []Delivery) {
	nouns := make([]model.ID, 1+random.IntN(60))
	for i := range nouns {
		nouns[i] = model.NewID(model.KindTask)
	}
	heads := random.IntN(10)
	for i := range n {
		at := model.Cursor{Epoch: 1, Position: int64(i + 1)}
		d := Delivery{At: at}
		if random.IntN(10) > 0 {
			d.Event = (&model.Entry{Kind: model.KindTask, EntityID: nouns[random.IntN(len(nouns))], Position: at.Position}).Event()
		}
		all = append(all, d)
		if random.IntN(100) < heads || i == n-1 {
			all = append(all, Delivery{At: at, head: true})
		}
	}
	return all
}

// readInParts reads a stream as a client does that leaves every now and then and resumes after the last place it knows.
func readInParts(random *rand.Rand, all []Delivery, as func(iter.Seq2[Delivery, error]) iter.Seq2[Delivery, error]) (got []Delivery) {
	for after := int64(0); ; {
		stay := 1 + random.IntN(len(all)+1)
		rest := func(yield func(Delivery, error) bool) {
			for _, d := range all {
				if d.At.Position > after && !yield(d, nil) {
					return
				}
			}
		}
		left := false
		for d := range as(rest) {
			after = d.At.Position
			if d.Event != nil {
				got = append(got, d)
			}
			if stay--; stay == 0 {
				left = true
				break
			}
		}
		if !left {
			return got
		}
	}
}

// conflation says what is wrong with a stream of which only the newest about each noun is wanted; "" for nothing.
func conflation(all, got []Delivery) string {
	last := func(of []Delivery) map[model.ID]int64 {
		newest := map[model.ID]int64{}
		for _, d := range of {
			if d.Event != nil {
				newest[d.Event.LogEntry().EntityID] = d.At.Position
			}
		}
		return newest
	}
	if !maps.Equal(last(all), last(got)) {
		return "the last events differ"
	}
	for i := 1; i < len(got); i++ {
		if got[i].At.Position <= got[i-1].At.Position {
			return fmt.Sprintf("position %d after %d", got[i].At.Position, got[i-1].At.Position)
		}
	}
	return ""
}

func events(all []Delivery) (n int) {
	for _, d := range all {
		if d.Event != nil {
			n++
		}
	}
	return n
}
