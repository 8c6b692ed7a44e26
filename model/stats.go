package model

import (
	"math"
	"time"
)

// StatsSpan is the time that figures are asked for, in whole buckets.
type StatsSpan struct {
	From, To time.Time
	Bucket   time.Duration
}

// The bounds of figures by time.
const (
	maxBuckets    = 500
	minuteHistory = 31 * 24 * time.Hour
	hourHistory   = 400 * 24 * time.Hour
)

// NewStatsSpan reads what was asked for: the last 24 hours by the hour when nothing was said.
func NewStatsSpan(r *TimeRange, bucketSeconds *int, now time.Time) (StatsSpan, error) {
	s := StatsSpan{To: now, Bucket: time.Hour}
	if bucketSeconds != nil {
		s.Bucket = time.Duration(*bucketSeconds) * time.Second
	}
	if s.Bucket < time.Minute || s.Bucket%time.Minute != 0 || s.Bucket > hourHistory {
		return s, BadInput("bucketSeconds", "bucketSeconds must be whole minutes: 60, 120, … up to 400 days")
	}
	if r != nil && r.To != nil {
		s.To = *r.To
	}
	s.From = s.To.Add(-24 * time.Hour)
	if r != nil && r.From != nil {
		s.From = *r.From
	}
	if !s.From.Before(s.To) {
		return s, BadInput("range.from", "range must begin before it ends")
	}
	s.From = s.bucketOf(s.From)
	return s, s.checkSize(now)
}

// bucketOf gives the beginning of the bucket that t is in. Buckets are counted from 1970, as date_bin does.
func (s StatsSpan) bucketOf(t time.Time) time.Time {
	width := int64(s.Bucket / time.Second)
	seconds := t.Unix()
	if seconds %= width; seconds < 0 {
		seconds += width
	}
	return time.Unix(t.Unix()-seconds, 0).UTC()
}

func (s StatsSpan) checkSize(now time.Time) error {
	switch width := s.Width(); {
	case s.To.Sub(s.From) > maxBuckets*s.Bucket:
		return BadInput("bucketSeconds", "the range has more than %d buckets; ask for longer ones, or for less time", maxBuckets)
	case width == time.Minute && s.From.Before(now.Add(-minuteHistory)):
		return BadInput("bucketSeconds", "further back than 31 days only whole hours are kept")
	case width == time.Hour && s.From.Before(now.Add(-hourHistory)):
		return BadInput("bucketSeconds", "further back than 400 days only whole days are kept")
	}
	return nil
}

// Width is the longest of the stretches that figures are kept for (a minute, an hour, a day) of which a bucket consists.
func (s StatsSpan) Width() time.Duration {
	for _, width := range []time.Duration{24 * time.Hour, time.Hour} {
		if s.Bucket%width == 0 {
			return width
		}
	}
	return time.Minute
}

// Buckets gives the empty buckets of the span, oldest first.
func (s StatsSpan) Buckets() []*TimeBucket {
	buckets := make([]*TimeBucket, 0, maxBuckets)
	for at := s.From; at.Before(s.To); at = at.Add(s.Bucket) {
		buckets = append(buckets, &TimeBucket{At: at})
	}
	return buckets
}

// Index is the place of the bucket that begins at that moment.
func (s StatsSpan) Index(at time.Time) int { return int(at.Sub(s.From) / s.Bucket) }

// Histogram counts how long something took, by [HistogramBin].
type Histogram struct {
	bins  []histogramBin
	total int
}

type histogramBin struct{ bin, n int }

// histogramBase is how much longer the times of one bin are than those of the one before.
const histogramBase = 1.1

// Add counts n more in a bin. Bins must come in ascending order.
func (h *Histogram) Add(bin, n int) {
	h.bins = append(h.bins, histogramBin{bin, n})
	h.total += n
}

// Percentile gives the time in milliseconds that a share of all stayed within, right to within 5 %; nil for none.
func (h *Histogram) Percentile(share float64) *int {
	rank := max(1, int(math.Ceil(share*float64(h.total))))
	for _, b := range h.bins {
		if rank -= b.n; rank <= 0 {
			return new(binMilliseconds(b.bin))
		}
	}
	return nil
}

// binMilliseconds is the middle of the times in a bin: bin b has those from 1.1^(b-1) to 1.1^b milliseconds, 0 what is
// shorter than one.
func binMilliseconds(bin int) int {
	if bin == 0 {
		return 0
	}
	return int(math.Round(math.Pow(histogramBase, float64(bin)-0.5)))
}

// Percentiles gives the usual two.
func (h *Histogram) Percentiles() *Percentiles {
	return &Percentiles{P50Ms: h.Percentile(0.5), P95Ms: h.Percentile(0.95)}
}

// Share is a part of a whole, 0 to 1; nil of nothing.
func Share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}

// CalibrationBins is how many steps of confidence there are.
const CalibrationBins = 10

// Judge adds what people decided about suggestions of one step of confidence.
func (o *AgentOversight) Judge(bin, approved, rejected int) {
	o.Calibration = append(o.Calibration, &CalibrationBin{
		From: float64(bin) / CalibrationBins, To: float64(bin+1) / CalibrationBins, Decided: approved + rejected, Approved: approved,
	})
	o.Decided += approved + rejected
	o.Approved += approved
	o.ApprovalRate = Share(o.Approved, o.Decided)
}
