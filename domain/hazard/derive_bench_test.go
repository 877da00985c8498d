package hazard_test

import (
	"testing"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/hazard"
)

// BenchmarkDeadlineDerivation derives deadlines of full stages: fifteen working days over five weeks, with a rework, a
// suspension and an extension, beginning at a thousand different hours.
func BenchmarkDeadlineDerivation(b *testing.B) {
	full := extended(paused(clock("15 working_day", "03-11 15:30/03-17 10:00", "03-18 09:00/"), "03-19 10:00/03-24 15:00"), "3 working_day")
	if at, ok := full.Deadline(council); !ok || !at.Equal(local("04-13 17:30")) { // 40.5 hours until the suspension ended its first afternoon, 103.5 more
		b.Fatalf("due at %s (%t)", at, ok)
	}
	stages := make([]hazard.Stage, 1000)
	for i := range stages {
		stages[i] = shifted(full, time.Duration(i)*time.Hour)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, ok := stages[n%len(stages)].Deadline(council); !ok {
			b.Fatal("a stage without a deadline")
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "derivations/s")
}

func shifted(s hazard.Stage, by time.Duration) hazard.Stage {
	runs, pauses := s.Runs, s.Pauses
	s.Runs, s.Pauses = nil, nil
	for _, r := range runs {
		r.From = r.From.Add(by)
		if !r.To.IsZero() {
			r.To = r.To.Add(by)
		}
		s.Runs = append(s.Runs, r)
	}
	for _, p := range pauses {
		s.Pauses = append(s.Pauses, calendar.Span{From: p.From.Add(by), To: p.To.Add(by)})
	}
	return s
}
