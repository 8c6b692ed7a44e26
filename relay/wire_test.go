package relay

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"workflowfactory/event"
	"workflowfactory/model"
)

func entry(position int64, size int) *model.Entry {
	return &model.Entry{
		Epoch: 2, Position: position, Seq: position * 3, ID: model.NewID(model.KindEvent), At: time.Now().UTC().Truncate(time.Microsecond),
		Type: model.EventTypeTaskUpdated, Kind: model.KindTask, EntityID: model.NewID(model.KindTask), Version: 7, ActorID: model.SystemID,
		RequestID: "r", Changes: json.RawMessage(`[{"field":"<name>","after":"ü\u0001"}]`),
		Snapshot: json.RawMessage(`{"text":"` + strings.Repeat("x", size) + `"}`),
	}
}

func TestEntriesArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	gone := entry(12, 0)
	gone.Changes, gone.Snapshot = nil, nil
	b := event.Batch{State: model.LogState{Head: 20, Floor: 3, Forks: []int64{0, 5}}, Entries: []*model.Entry{entry(11, 10), gone, entry(13, 10)}}
	parts := split(b, 1<<20)
	if len(parts) != 1 || parts[0].id != "2:11" {
		t.Fatalf("%d parts", len(parts))
	}
	got, err := decode(parts[0].text)
	if err != nil {
		t.Fatal(err)
	}
	sameText := cmp.Comparer(func(a, b json.RawMessage) bool {
		return (a == nil) == (b == nil) && cmp.Equal(decoded(a), decoded(b))
	})
	if diff := cmp.Diff(b, got, sameText, cmpopts.IgnoreUnexported(model.Entry{})); diff != "" {
		t.Error(diff)
	}
}

func decoded(text json.RawMessage) (v any) {
	if err := json.Unmarshal(text, &v); text != nil && err != nil {
		return err
	}
	return v
}

func TestLargeBatchesAreSplit(t *testing.T) {
	t.Parallel()
	b := event.Batch{State: model.LogState{Head: 5, Forks: []int64{0, 0}}}
	for i := range 5 {
		b.Entries = append(b.Entries, entry(int64(i+1), 3000))
	}
	b.Entries[3] = entry(4, 20_000)
	var positions []int64
	for _, p := range split(b, 8<<10) {
		if len(p.text) > 8<<10 {
			t.Errorf("a message of %d bytes", len(p.text))
		}
		got, err := decode(p.text)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("2:%d", got.Entries[0].Position); p.id != want {
			t.Errorf("the message %s begins with %s", p.id, want)
		}
		for _, e := range got.Entries {
			positions = append(positions, e.Position)
		}
	}
	if !cmp.Equal(positions, []int64{1, 2, 3, 5}) {
		t.Errorf("there arrive %v: all but the one that is too large were to", positions)
	}
}

func TestWhatIsNoBatchIsRefused(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(event.Batch{State: model.LogState{Forks: []int64{0, 0}}, Entries: []*model.Entry{entry(1, 0), entry(3, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", "null", "{}", `{"Entries":[null]}`, string(good)} {
		if _, err := decode([]byte(text)); err == nil {
			t.Errorf("%.60q is taken for a batch", text)
		}
	}
}

func TestSecure(t *testing.T) {
	t.Parallel()
	for urls, want := range map[string]bool{
		"tls://nats.example.com": true, "nats://127.0.0.1:4222": true, "nats://u:p@localhost, tls://b": true, "nats://[::1]:4222": true, "wss://b": true,
		"nats://nats.example.com": false, "tls://a,nats://b": false, "ws://b": false, "nats.example.com:4222": false, "://": false, "": false,
	} {
		if Secure(urls) != want {
			t.Errorf("%q: %t", urls, !want)
		}
	}
}
