package transport

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestOperationsTakeTurns of a second each, by one timer, which ends what the server has made of the connection's context.
func TestOperationsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connection := PerConnection(context.Background(), nil)
		request, cancel := context.WithCancel(connection)
		defer cancel()
		all := turnsOf(request)
		for range 5 {
			all.begin(time.Second)
			time.Sleep(900 * time.Millisecond)
			all.done()
			if !all.done() { // which may be said again
				t.Fatal("the connection has ended")
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if err := request.Err(); err != nil {
			t.Fatal(err)
		}
		called := make(chan string, 3)
		defer context.AfterFunc(connection, func() { called <- "before" })()
		if stop := context.AfterFunc(connection, func() { called <- "stopped" }); !stop() || stop() {
			t.Error("it is not stopped once")
		}
		all.begin(time.Second)
		<-request.Done()
		if err := request.Err(); err != context.DeadlineExceeded || !errors.Is(context.Cause(request), err) || all.done() {
			t.Errorf("the request ended with %v", err)
		}
		stop := context.AfterFunc(connection, func() { called <- "after" })
		synctest.Wait()
		if one, other := <-called, <-called; stop() || len(called) > 0 || one+other != "beforeafter" && one+other != "afterbefore" {
			t.Errorf("%s and %s were called", one, other)
		}
	})
}

// A server whose context may end has contexts of their own for its operations, which end with it.
func TestNoTurnsWhereTheServerEnds(t *testing.T) {
	t.Parallel()
	if ctx := PerConnection(t.Context(), nil); turnsOf(ctx) != nil || ctx != t.Context() {
		t.Error("it would not end with the server")
	}
}
