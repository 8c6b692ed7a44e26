package event_test

import (
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
)

// E9: replicas, among them the one that sequences, and PostgreSQL itself are killed with kill -9 while writers write,
// and the history is as exact as without.
func TestNothingIsLostByKillNine(t *testing.T) {
	t.Parallel()
	killAll(t, "")
}

// E9 with events relayed between the replicas.
func TestNothingIsLostByKillNineBesideNATS(t *testing.T) {
	t.Parallel()
	killAll(t, startBroker(t).url())
}

func killAll(t *testing.T, nats string) {
	t.Helper()
	cluster := dbtest.NewCluster(t)
	w := worldAt(t, cluster.URL())
	writers, roamers, outages := 4, 5, 1
	if *soak >= time.Minute {
		writers, roamers, outages = 16, 150, 3
	}
	replicas := []*process{startReplica(t, cluster.URL(), nats, roamers), startReplica(t, cluster.URL(), nats, roamers)}
	c := w.startCrew(writers, func() {})
	began, down := time.Now(), 0
	for round := 0; round < 4 || time.Since(began) < *soak; round++ {
		time.Sleep(min(*soak/4, time.Second))
		replicas[round%2].kill()
		replicas[round%2].start()
		if down < outages && time.Since(began) > *soak*time.Duration(down+1)/time.Duration(outages+1) {
			cluster.Kill9()
			cluster.Start()
			down++
		}
	}
	c.stop()

	d, err := db.Open(t.Context(), cluster.URL(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	head, err := d.Events().Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for _, p := range replicas {
		for end := time.Now().Add(time.Minute); p.reached() < head; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("a replica has %d of %d events", p.reached(), head)
			}
		}
		p.kill()
		kills += p.kills
		for _, wrong := range p.wrong {
			t.Errorf("a subscriber: %s", wrong)
		}
	}
	for property, example := range violations(c.ledger, replicas[0].stream, replicas[1].stream) {
		t.Errorf("%s: %s", property, example)
	}
	t.Logf("%d events of %d transactions, %d in doubt; %d replicas and PostgreSQL %d times killed", head, len(c.commits), c.doubtful, kills, down)
}
