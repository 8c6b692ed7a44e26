package db

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// together starts calls at the same time and gives what came of them, in their order.
func together(g *gather[int, int], ctx context.Context, ins ...int) (outs []int, errs []error) {
	outs, errs = make([]int, len(ins)), make([]error, len(ins))
	var wg sync.WaitGroup
	for i, in := range ins {
		wg.Go(func() { outs[i], errs[i] = g.call(ctx, in) })
	}
	wg.Wait()
	return outs, errs
}

func TestCallsThatComeMeanwhileAreTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		first := make(chan struct{})
		g := &gather[int, int]{do: func(_ context.Context, b *batch[int, int]) error {
			if sizes = append(sizes, len(b.calls)); len(sizes) == 1 {
				<-first
			}
			for _, c := range b.calls {
				c.answer(2*c.in, nil)
			}
			return nil
		}}
		go g.call(t.Context(), 0)
		synctest.Wait()
		left, leave := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := g.call(left, 7)
			gone <- err
		}()
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("one who left got %v", err)
		}
		go func() { synctest.Wait(); close(first) }()
		outs, errs := together(g, t.Context(), 1, 2, 3)
		if !slices.Equal(outs, []int{2, 4, 6}) || errors.Join(errs...) != nil {
			t.Errorf("got %v, %v", outs, errs)
		}
		if !slices.Equal(sizes, []int{1, 3}) {
			t.Errorf("batches of %v, want the first at once and the others together", sizes)
		}
	})
}

func TestOneCallSpoilsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		first := make(chan struct{})
		g := &gather[int, int]{do: func(_ context.Context, b *batch[int, int]) error {
			if b.calls[0].in == 0 {
				<-first
			}
			for _, c := range b.calls {
				if c.in == 2 {
					return bad
				}
			}
			for _, c := range b.calls {
				c.answer(c.in, nil)
			}
			return nil
		}}
		go g.call(t.Context(), 0)
		synctest.Wait()
		go func() { synctest.Wait(); close(first) }()
		outs, errs := together(g, t.Context(), 1, 2, 3)
		if outs[0] != 1 || errs[0] != nil || !errors.Is(errs[1], bad) || outs[2] != 3 || errs[2] != nil {
			t.Errorf("got %v, %v", outs, errs)
		}
	})
}

func TestWhatHasToWaitHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		g := &gather[int, int]{do: func(_ context.Context, b *batch[int, int]) error {
			for _, c := range b.calls {
				if c.in == 2 && !b.waits {
					b.setApart(c, "what is locked")
					continue
				}
				if c.in == 2 {
					<-held
				}
				c.answer(c.in, nil)
			}
			return nil
		}}
		waiting := make(chan int)
		go func() {
			out, _ := g.call(t.Context(), 2)
			waiting <- out
		}()
		synctest.Wait()
		if outs, errs := together(g, t.Context(), 1, 3); !slices.Equal(outs, []int{1, 3}) || errors.Join(errs...) != nil {
			t.Errorf("got %v, %v", outs, errs)
		}
		close(held)
		if out := <-waiting; out != 2 {
			t.Errorf("the one that waited got %d", out)
		}
	})
}

func TestASlowBatchIsOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		g := &gather[int, int]{do: func(_ context.Context, b *batch[int, int]) error {
			if b.calls[0].in == 0 {
				<-slow
			}
			b.calls[0].answer(b.calls[0].in, nil)
			return nil
		}}
		go g.call(t.Context(), 0)
		synctest.Wait()
		began := time.Now()
		if out, err := g.call(t.Context(), 1); out != 1 || err != nil || time.Since(began) != patience {
			t.Errorf("got %d, %v after %v, want it after %v", out, err, time.Since(began), patience)
		}
		close(slow)
	})
}
