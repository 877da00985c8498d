package check

import (
	"maps"
	"testing"
)

// healthy are two nodes of which the first leads, under some load: 10 commands a second, with a few in flight.
func healthy() series {
	s := series{
		`gridward_leader{job="gridward",instance="a"}`:       {1, 0},
		`gridward_leader{job="gridward",instance="b"}`:       {0, 0},
		`gridward_leader_epoch{job="gridward",instance="a"}`: {7, 0},
		`gridward_leader_epoch{job="gridward",instance="b"}`: {7, 0},
		// The views move on the node that leads only, and are never quite at the end.
		`gridward_views_lag{job="gridward",instance="a"}`:          {3, 0},
		`gridward_views_lag{job="gridward",instance="b"}`:          {3, 0},
		`gridward_views_events_total{job="gridward",instance="a"}`: {0, 300},
		`gridward_views_events_total{job="gridward",instance="b"}`: {0, 0},

		`gridward_schedule_behind_seconds{job="gridward",instance="a"}`:            {1, 0},
		`gridward_schedule_stuck{job="gridward",instance="a"}`:                     {0, 0},
		`gridward_outlet_held_up{job="gridward",instance="a",outlet="nats"}`:       {0, 0},
		`gridward_outlet_lag{job="gridward",instance="a",outlet="nats"}`:           {5, 0},
		`gridward_outlet_parked{job="gridward",instance="a",outlet="webhook-one"}`: {0, 0},
	}
	for _, node := range []string{"a", "b"} {
		of := func(name, more string) string { return name + `{job="gridward",instance="` + node + `"` + more + `}` }
		maps.Copy(s, series{
			of("up", ""):                                             {1, 0},
			of("process_resident_memory_bytes", ""):                  {300 << 20, 0},
			of("process_open_fds", ""):                               {300, 0},
			of("process_max_fds", ""):                                {65536, 0},
			of("gridward_log_failed_batches_total", ""):              {0, 0},
			of("gridward_log_queue", ""):                             {2, 0},
			of("gridward_views_stopped", ""):                         {0, 0},
			of("gridward_http_shed_total", ""):                       {0, 0},
			of("gridward_log_commit_seconds_bucket", `,le="0.0064"`): {0, 100},
			of("gridward_log_commit_seconds_bucket", `,le="+Inf"`):   {0, 100},
			of("gridward_http_request_seconds_bucket", `,method="POST",route="/api/v1/patrols",status="201",le="0.05"`): {0, 150},
			of("gridward_http_request_seconds_bucket", `,method="POST",route="/api/v1/patrols",status="201",le="+Inf"`): {0, 150},
			of("gridward_http_request_seconds_count", `,method="POST",route="/api/v1/patrols",status="201"`):            {0, 150},
			// A readiness probe of a node that is not ready is no request of a person.
			of("gridward_http_request_seconds_count", `,method="GET",route="/readyz",status="503"`): {0, 30},
		})
	}
	return s
}

const gone = -1 // a series that is not there

// troubles are, for each alert, what changes when it has to fire, and for how many label sets.
var troubles = map[string]struct {
	changed series
	times   int
}{
	"GridwardNodeDown":           {series{`up{job="gridward",instance="b"}`: {0, 0}}, 1},
	"GridwardAbsent":             {series{`up{job="gridward",instance="a"}`: {gone}, `up{job="gridward",instance="b"}`: {gone}}, 1},
	"GridwardNoLeader":           {series{`gridward_leader{job="gridward",instance="a"}`: {0, 0}}, 1},
	"GridwardTwoLeaders":         {series{`gridward_leader{job="gridward",instance="b"}`: {1, 0}}, 1},
	"GridwardLeaderChangesOften": {series{`gridward_leader_epoch{job="gridward",instance="a"}`: {7, 0.1}}, 1},
	"GridwardMemoryHigh":         {series{`process_resident_memory_bytes{job="gridward",instance="a"}`: {800 << 20, 0}}, 1},
	"GridwardFilesShort":         {series{`process_open_fds{job="gridward",instance="a"}`: {60000, 0}}, 1},
	"GridwardLogUnwritable":      {series{`gridward_log_failed_batches_total{job="gridward",instance="a"}`: {0, 1}}, 1},
	"GridwardReadOnly":           {series{`gridward_log_queue{job="gridward",instance="b"}`: {gone}}, 1},
	"GridwardQueueFilling":       {series{`gridward_log_queue{job="gridward",instance="a"}`: {4000, 0}}, 1},
	"GridwardCommitsSlow":        {series{`gridward_log_commit_seconds_bucket{job="gridward",instance="a",le="0.8192"}`: {0, 100}, `gridward_log_commit_seconds_bucket{job="gridward",instance="a",le="0.0064"}`: {0, 0}}, 1},
	"GridwardViewsStopped":       {series{`gridward_views_stopped{job="gridward",instance="a"}`: {1, 0}}, 1},
	"GridwardViewsStandStill":    {series{`gridward_views_events_total{job="gridward",instance="a"}`: {900, 0}}, 1},
	"GridwardViewsLag":           {series{`gridward_views_lag{job="gridward",instance="a"}`: {20000, 0}}, 1},
	"GridwardScheduleLate":       {series{`gridward_schedule_behind_seconds{job="gridward",instance="a"}`: {900, 0}}, 1},
	"GridwardScheduleStuck":      {series{`gridward_schedule_stuck{job="gridward",instance="a"}`: {2, 0}}, 1},
	"GridwardOutletHeldUp":       {series{`gridward_outlet_held_up{job="gridward",instance="a",outlet="nats"}`: {1, 0}}, 1},
	"GridwardOutletLag":          {series{`gridward_outlet_lag{job="gridward",instance="a",outlet="nats"}`: {20000, 0}}, 1},
	"GridwardParked":             {series{`gridward_outlet_parked{job="gridward",instance="a",outlet="webhook-one"}`: {1, 0}}, 1},
	"GridwardServerErrors":       {series{`gridward_http_request_seconds_count{job="gridward",instance="a",method="GET",route="/api/v1/cases",status="500"}`: {0, 15}}, 1},
	"GridwardUnavailable":        {series{`gridward_http_request_seconds_count{job="gridward",instance="a",method="POST",route="/api/v1/patrols",status="503"}`: {0, 30}}, 1},
	"GridwardOverloaded":         {series{`gridward_http_shed_total{job="gridward",instance="a"}`: {0, 150}}, 1},
	"GridwardCommandsSlow":       {series{`gridward_http_request_seconds_bucket{job="gridward",instance="a",method="POST",route="/api/v1/patrols",status="201",le="4.8"}`: {0, 150}, `gridward_http_request_seconds_bucket{job="gridward",instance="a",method="POST",route="/api/v1/patrols",status="201",le="0.05"}`: {0, 0}}, 1},
}

func TestAnAlertFiresInItsTroubleAndNotInHealth(t *testing.T) {
	for _, r := range rules(t) {
		t.Run(r.Alert, func(t *testing.T) {
			if n := fires(t, r.Expr, healthy()); n != 0 {
				t.Errorf("it fires %d times although all is well", n)
			}
			trouble, ok := troubles[r.Alert]
			if !ok {
				t.Fatal("nothing says when it has to fire")
			}
			s := healthy()
			for name, values := range trouble.changed {
				if s[name] = values; values[0] == gone {
					delete(s, name)
				}
			}
			if n := fires(t, r.Expr, s); n != trouble.times {
				t.Errorf("it fires %d times in its trouble, wanted %d", n, trouble.times)
			}
		})
	}
}

// A single node on SQLite has no leader to look for.
func TestOneNodeAloneNeedsNoLeader(t *testing.T) {
	s := healthy()
	for name := range s {
		if len(name) > 15 && name[:15] == "gridward_leader" {
			delete(s, name)
		}
	}
	for _, r := range rules(t) {
		if n := fires(t, r.Expr, s); n != 0 {
			t.Errorf("%s fires", r.Alert)
		}
	}
}
