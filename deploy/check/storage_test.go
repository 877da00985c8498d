package check

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// every is how often the invented Prometheus of these tests scrapes.
const every = 15 * time.Second

// sample is one scraped value.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                                    { return s.at }
func (s sample) F() float64                                  { return s.value }
func (sample) H() *histogram.Histogram                       { return nil }
func (sample) FH() *histogram.FloatHistogram                 { return nil }
func (sample) Type() chunkenc.ValueType                      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample                         { return s }
func (series) Close() error                                  { return nil }
func (s series) Querier(_, _ int64) (storage.Querier, error) { return s, nil }

// series are time series written "name{label="value"}", each a value that begins at the first number and grows by the
// second with every scrape.
type series map[string][2]float64

// LabelValues implements storage.Querier; the engine does not ask.
func (series) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames implements storage.Querier; the engine does not ask.
func (series) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Select implements storage.Querier.
func (s series) Select(_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var out []storage.Series
	for text, values := range s {
		of, err := parser.ParseMetric(text)
		if err != nil {
			return storage.ErrSeriesSet(err)
		}
		if !matches(of, matchers) {
			continue
		}
		var samples []chunks.Sample
		for at := int64(0); at <= hints.End; at += every.Milliseconds() {
			samples = append(samples, sample{at, values[0] + values[1]*float64(at/every.Milliseconds())})
		}
		out = append(out, storage.NewListSeries(of, samples))
	}
	return &list{rest: out}
}

func matches(of labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(of.Get(m.Name)) {
			return false
		}
	}
	return true
}

// list is a storage.SeriesSet.
type list struct {
	rest []storage.Series
	now  storage.Series
}

// Next implements storage.SeriesSet.
func (l *list) Next() bool {
	if len(l.rest) == 0 {
		return false
	}
	l.now, l.rest = l.rest[0], l.rest[1:]
	return true
}

// At implements storage.SeriesSet.
func (l *list) At() storage.Series { return l.now }

// Err implements storage.SeriesSet.
func (*list) Err() error { return nil }

// Warnings implements storage.SeriesSet.
func (*list) Warnings() annotations.Annotations { return nil }

// fires says for how many label sets an alert's expression is true, two hours after the first scrape.
func fires(t *testing.T, expr string, s series) int {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, NoStepSubqueryIntervalFn: func(int64) int64 { return 30_000 }})
	defer func() { _ = engine.Close() }()
	q, err := engine.NewInstantQuery(t.Context(), s, nil, expr, time.Unix(0, 0).Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	got, err := q.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return len(got)
}
