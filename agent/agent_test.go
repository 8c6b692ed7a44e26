package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"workflowfactory/agent"
)

func Example() {
	server := newFake(nil) // elsewhere: wfd serve
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background()) // elsewhere: signal.NotifyContext
	err := agent.Run(ctx, agent.Options{URL: server.URL, Key: "wfk_…", Name: "Greeter", Capabilities: []string{"greet"}, Grace: time.Minute},
		func(ctx context.Context, task *agent.Task) (any, error) {
			defer stop() // one is enough for an example
			var input struct{ Name string }
			if err := json.Unmarshal(task.Input, &input); err != nil {
				return nil, &agent.Failure{Code: "BAD_INPUT", Message: err.Error(), Permanent: true}
			}
			task.Progress(50, "thinking of something nice")
			return map[string]string{"greeting": "Hello, " + input.Name}, nil
		})
	fmt.Println(server.of("completeTask")[0].Input["result"], err)
	// Output: map[greeting:Hello, Ada] <nil>
}

func ExampleTask_Ask() {
	server := newFake(nil) // where somebody approves, with changes
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	err := agent.Run(ctx, agent.Options{URL: server.URL, Name: "Greeter", Grace: time.Minute},
		func(ctx context.Context, task *agent.Task) (any, error) {
			decision, err := task.Ask(ctx, agent.Suggestion{
				Action: "wave", Reasoning: "It is kind.", Confidence: 0.9, Data: map[string]string{"hand": "right"},
			})
			if err != nil {
				return nil, err // the first time: the task waits, and this function is called again with the decision
			}
			defer stop()
			if !decision.Approved() {
				return "did nothing", nil
			}
			return "acted on " + string(decision.ApprovedData), nil
		})
	fmt.Println(server.of("completeTask")[0].Input["result"], err)
	// Output: acted on {"hand": "left"} <nil>
}

func ExampleTask_Suggest() {
	server := newFake(nil)
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	err := agent.Run(ctx, agent.Options{URL: server.URL, Name: "Greeter", Heartbeat: time.Second, Grace: time.Minute},
		func(ctx context.Context, task *agent.Task) (any, error) {
			defer stop()
			wave, err := task.Suggest(ctx, agent.Suggestion{Action: "wave", Reasoning: "It is kind.", Confidence: 0.9})
			if err != nil {
				return nil, err
			}
			task.Progress(50, "writing, while somebody may decide") // what needs no leave goes on
			decision, err := wave.Wait(ctx)
			if err != nil {
				return nil, err
			}
			return decision.Status, nil
		})
	fmt.Println(server.of("completeTask")[0].Input["result"], err)
	// Output: APPROVED <nil>
}

// work runs an agent until the server heard of that verb, and gives the requests of it.
func work(t *testing.T, f *fake, until string, handle agent.Handler) []request {
	t.Helper()
	defer f.Close()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- agent.Run(ctx, agent.Options{URL: f.URL, Name: "a", Heartbeat: time.Second, Grace: 10 * time.Second}, handle)
	}()
	for len(f.of(until)) == 0 && ctx.Err() == nil {
		select {
		case <-time.After(5 * time.Millisecond): // between two looks
		case err := <-done:
			t.Fatal("the agent ended: ", err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	found := f.of(until)
	if len(found) == 0 {
		t.Fatalf("the server never heard %s", until)
	}
	return found
}

func TestALostAnswerLosesNothing(t *testing.T) {
	t.Parallel()
	f := newFake(map[string]int{"registerAgent": 1, "claimTasks": 2, "completeTask": 2, "heartbeat": 1})
	calls := 0
	completed := work(t, f, "completeTask", func(context.Context, *agent.Task) (any, error) { calls++; return calls, nil })
	if calls != 1 || len(completed) != 3 {
		t.Errorf("the handler was called %d times and completed in %d requests, want 1 and 3", calls, len(completed))
	}
	for _, q := range completed {
		if q.Input["leaseToken"] != "token" || q.Input["result"] != 1.0 {
			t.Errorf("completed with %v", q.Input)
		}
	}
	claims := f.of("claimTasks")
	if key := claims[0].Input["idempotencyKey"]; key != claims[1].Input["idempotencyKey"] || key != claims[2].Input["idempotencyKey"] {
		t.Error("a claim is tried again with another key")
	}
	if len(claims) > 3 && claims[3].Input["idempotencyKey"] == claims[0].Input["idempotencyKey"] {
		t.Error("the next claim has the key of the one before")
	}
}

func TestHowAnAttemptFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle    agent.Handler
		code      any
		message   string
		retryable bool
	}{
		"an error": {func(context.Context, *agent.Task) (any, error) { return nil, errors.New("no") }, nil, "no", true},
		"a failure": {func(context.Context, *agent.Task) (any, error) {
			return nil, &agent.Failure{Code: "X", Message: "no", Permanent: true}
		}, "X", "no", false},
		"a wrapped failure": {func(context.Context, *agent.Task) (any, error) {
			return nil, fmt.Errorf("greet: %w", &agent.Failure{Code: "X", Message: "no"})
		}, "X", "no", true},
		"a panic":  {func(context.Context, *agent.Task) (any, error) { panic("ouch") }, "PANIC", "ouch", true},
		"nonsense": {func(context.Context, *agent.Task) (any, error) { return func() {}, nil }, "BAD_RESULT", "json: unsupported type: func()", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := work(t, newFake(nil), "failTask", c.handle)[0].Input
			why := got["error"].(map[string]any)
			if why["code"] != c.code || why["message"] != c.message || got["retryable"] != c.retryable {
				t.Errorf("failed with %v", got)
			}
		})
	}
}

func TestATaskCalledOffEndsItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	defer f.Close()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	var cause error
	err := agent.Run(ctx, agent.Options{URL: f.URL, Name: "a", Heartbeat: time.Second, Grace: time.Minute}, func(ctx context.Context, task *agent.Task) (any, error) {
		defer stop()
		f.callOff()
		task.Progress(1, "so that the heartbeat comes soon")
		<-ctx.Done()
		cause = context.Cause(ctx)
		return nil, ctx.Err()
	})
	if err != nil || cause != agent.ErrCancelled {
		t.Errorf("%v; the context ended with %v", err, cause)
	}
	if n := len(f.of("releaseTask")) + len(f.of("failTask")); n > 0 {
		t.Errorf("%d requests about a task that was called off", n)
	}
}

func TestADecisionComesWithTheNextAttempt(t *testing.T) {
	t.Parallel()
	f := newFake(map[string]int{"createSuggestion": 1})
	completed := work(t, f, "completeTask", func(ctx context.Context, task *agent.Task) (any, error) {
		d, err := task.Ask(ctx, agent.Suggestion{Action: "wave", Reasoning: "It is kind.", Confidence: 1, Data: map[string]string{"hand": "right"}})
		if err != nil {
			return nil, err
		}
		return d.ApprovedData, nil
	})
	asked := f.of("createSuggestion")
	if len(asked) != 2 || asked[0].Input["idempotencyKey"] != asked[1].Input["idempotencyKey"] {
		t.Errorf("asked %v", asked)
	}
	if got := fmt.Sprint(completed[0].Input["result"]); got != "map[hand:left]" {
		t.Errorf("acted on %s", got)
	}
	if n := len(f.of("task")); n != 1 {
		t.Errorf("asked %d times for decisions, of two attempts", n)
	}
	if len(f.of("failTask"))+len(f.of("releaseTask")) > 0 {
		t.Error("the suspended attempt was ended by the agent too")
	}
}

func TestWhatAPolicyDecidesSuspendsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	f.clear = true
	completed := work(t, f, "completeTask", func(ctx context.Context, task *agent.Task) (any, error) {
		d, err := task.Ask(ctx, agent.Suggestion{Action: "wave"})
		if err != nil || !d.Approved() {
			return nil, fmt.Errorf("%+v: %w", d, err)
		}
		p, err := task.Suggest(ctx, agent.Suggestion{Action: "wave"})
		if err != nil {
			return nil, err
		}
		d, err = p.Wait(ctx)
		return d.Status, err
	})
	if got := completed[0].Input["result"]; got != "APPROVED" || len(f.of("failTask")) > 0 {
		t.Errorf("completed with %v, failed %v", got, f.of("failTask"))
	}
}

func TestADecisionWhoseAnswerIsLostIsAskedFor(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	f.mute = 2
	work(t, f, "completeTask", func(ctx context.Context, task *agent.Task) (any, error) {
		p, err := task.Suggest(ctx, agent.Suggestion{Action: "wave"})
		if err != nil {
			return nil, err
		}
		again, err := task.Suggest(ctx, agent.Suggestion{Action: "wave"})
		if again != p {
			t.Error("the same suggestion was made twice")
		}
		d, _ := p.Wait(ctx)
		return d.Status, err
	})
	if len(f.of("createSuggestion")) != 1 || len(f.of("task")) != 1 {
		t.Errorf("made %d suggestions and asked %d times what became of them", len(f.of("createSuggestion")), len(f.of("task")))
	}
}

func TestWhatIsNotFinishedInTimeIsGivenBack(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	defer f.Close()
	ctx, stop := context.WithCancel(t.Context())
	var cause error
	err := agent.Run(ctx, agent.Options{URL: f.URL, Name: "a", Grace: time.Millisecond}, func(ctx context.Context, _ *agent.Task) (any, error) {
		stop()
		<-ctx.Done()
		cause = context.Cause(ctx)
		return nil, ctx.Err()
	})
	if err != nil || cause != agent.ErrDraining || len(f.of("releaseTask")) != 1 || len(f.of("failTask")) != 0 {
		t.Errorf("%v; the context ended with %v; released %d times", err, cause, len(f.of("releaseTask")))
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, o := range []agent.Options{
		{Name: "a"},
		{URL: "localhost:8000", Name: "a"},
		{URL: "http://127.0.0.1:1"},
		{URL: "http://127.0.0.1:1", Name: "a", Concurrency: 1001},
		{URL: "http://127.0.0.1:1", Name: "a", Lease: time.Second},
		{URL: "http://127.0.0.1:1", Name: "a", Wait: time.Minute},
	} {
		if err := agent.Run(t.Context(), o, nil); err == nil {
			t.Errorf("%+v fit", o)
		}
	}
}
