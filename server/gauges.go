package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"workflowfactory/db"
)

// gauges reads what the parts count by themselves, at the moment when somebody asks.
type gauges struct{ *api }

// gauge is one figure; total says that it only grows.
type gauge struct {
	name, help string
	value      float64
	total      bool
}

// Describe is part of prometheus.Collector. It describes nothing, which lets Collect say what there is.
func (gauges) Describe(chan<- *prometheus.Desc) {}

// Collect is part of prometheus.Collector.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	for _, one := range append(g.stream(), g.rest()...) {
		kind := prometheus.GaugeValue
		if one.total {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(one.name, one.help, nil, nil), kind, one.value)
	}
	requests, feed := g.data.PoolStats()
	collectPool(out, "requests", requests)
	collectPool(out, "stream", feed)
}

func (g gauges) stream() []gauge {
	s := g.feed.Stats()
	leading := 0.0
	if s.Leading {
		leading = 1
	}
	return []gauge{
		{"wfd_stream_epoch", "The life of the log: it grows when the database was replaced.", float64(s.Epoch), false},
		{"wfd_stream_head_position", "The last position that this process has read.", float64(s.Head), false},
		{"wfd_stream_lag_positions", "How many positions more this process has heard of.", float64(s.Lag), false},
		{"wfd_stream_floor_position", "The position before the first event that is kept.", float64(s.Floor), false},
		{"wfd_stream_leading", "1 while this process leads the sequencing.", leading, false},
		{"wfd_stream_subscribers", "Readers of the stream in this process. All who asked the same are one.", float64(s.Subscribers), false},
		{"wfd_stream_ring_events", "Events that are kept in memory.", float64(s.RingEntries), false},
		{"wfd_stream_ring_bytes", "About what they take.", float64(s.RingBytes), false},
		{"wfd_stream_sequencer_runs_total", "Runs of the sequencer.", float64(s.Sequenced), true},
		{"wfd_stream_batches_total", "Batches in which new events were read.", float64(s.Batches), true},
		{"wfd_stream_events_total", "Events in these batches.", float64(s.Tailed), true},
		{"wfd_stream_ring_reads_total", "Events given to readers from memory.", float64(s.FromRing), true},
		{"wfd_stream_page_reads_total", "Events given from the database to readers that were behind.", float64(s.FromPages), true},
		{"wfd_stream_pages_total", "Pages read for them.", float64(s.Pages), true},
		{"wfd_stream_expired_total", "Cursors and subscriptions that got CURSOR_EXPIRED.", float64(s.Expired), true},
	}
}

func (g gauges) rest() []gauge {
	claims := g.dispatcher.Stats()
	return []gauge{
		{"wfd_open_sockets", "Open WebSockets.", float64(g.Sockets.Sockets()), false},
		{"wfd_open_event_streams", "Open streams of server-sent events.", float64(g.HTTP.Streams()), false},
		{"wfd_waiting_agents", "Claims that wait for work.", float64(claims.Waiting), false},
		{"wfd_claims_total", "Claims that were answered, with tasks or with none.", float64(claims.Claims), true},
		{"wfd_claimed_tasks_total", "Tasks that they handed out.", float64(claims.Tasks), true},
	}
}

var (
	connections = prometheus.NewDesc("wfd_database_connections", "Connections to PostgreSQL, by pool and state.", []string{"pool", "state"}, nil)
	poolSize    = prometheus.NewDesc("wfd_database_connections_max", "How many there may be.", []string{"pool"}, nil)
	poolWaits   = prometheus.NewDesc("wfd_database_waits_total", "How often somebody waited for a connection.", []string{"pool"}, nil)
	poolWaited  = prometheus.NewDesc("wfd_database_wait_seconds_total", "How long, all in all.", []string{"pool"}, nil)
)

func collectPool(out chan<- prometheus.Metric, pool string, s db.PoolStats) {
	out <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(s.InUse), pool, "used")
	out <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(s.Idle), pool, "idle")
	out <- prometheus.MustNewConstMetric(poolSize, prometheus.GaugeValue, float64(s.Size), pool)
	out <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(s.Waits), pool)
	out <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, s.Waited.Seconds(), pool)
}
