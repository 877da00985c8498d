package rest

import (
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/domain/fault"
)

// How much is taken at once. What runs beyond some hundred requests wins nothing: they wait for the same processors and
// the same writer, and hold memory meanwhile. A short queue evens a burst out; whoever would stand in it for longer is
// better told to come again (503, Retry-After), so that what is begun is finished in good time.
//
// To refuse costs a tenth of the work that is refused, and whoever is refused at once may come again at once: at three
// times the peak nothing else would be done. So the refusal itself is held back for as long as it asks to wait. That
// costs a timer, and slows down by its own connection whoever does not listen.
const (
	admittedAtOnce = 128
	admittedWaits  = 1024
	admittedWait   = 2 * time.Second
	refusedAfter   = time.Second
)

// admission bounds what is worked on at once, and what waits for its turn.
type admission struct {
	turns   chan struct{}
	waiting atomic.Int64
}

func newAdmission() *admission { return &admission{turns: make(chan struct{}, admittedAtOnce)} }

// errBusy is what is told to who came at the wrong time.
var errBusy = &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "too much is asked of the service at once: come again", RetryAfter: time.Second}

// exempt are the routes that are answered whatever the load: who looks after the service uses them, and a live feed
// would hold a turn for hours.
var exempt = map[string]bool{"getMetrics": true, "streamEvents": true}

// shed refuses at the threshold, before anything is read or written down, what could not even wait.
func (s *Server) shed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.admission.waiting.Load() < admittedWaits || !s.admitted[c.Path()] {
			return next(c)
		}
		s.metrics.shed.Inc()
		pause := time.NewTimer(refusedAfter)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-s.closing:
		case <-c.Request().Context().Done():
		}
		return errBusy
	}
}

// admit lets a request in whose body is read and well formed: a slow sender holds no turn.
func (s *Server) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		select {
		case s.admission.turns <- struct{}{}:
		default:
			if err := s.admission.await(c); err != nil {
				s.metrics.shed.Inc()
				return err
			}
		}
		defer func() { <-s.admission.turns }()
		return next(c)
	}
}

// await waits for a turn.
func (a *admission) await(c echo.Context) error {
	if a.waiting.Add(1) > admittedWaits {
		a.waiting.Add(-1)
		return errBusy
	}
	defer a.waiting.Add(-1)
	late := time.NewTimer(admittedWait)
	defer late.Stop()
	select {
	case a.turns <- struct{}{}:
		return nil
	case <-late.C:
		return errBusy
	case <-c.Request().Context().Done():
		return c.Request().Context().Err()
	}
}
