package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gridward/app/commits"
	"gridward/domain/fault"
)

// maxRaces is how often a batch is decided anew because somebody wrote who does not wait for the lock.
const maxRaces = 20

// Pauses between the attempts to reach a server that is gone in the middle of a batch.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// settle commits the batch, in as many transactions as that takes, and gives the number of rows written. It returns
// an error only when nothing of the batch is in the log - or, of no kind, when Close cut it off before that was known.
//
// When the connection breaks while the rows are on their way nobody knows whether they are in the log. Then the
// batch is decided anew on a new connection, against what is there: an append whose ids are in its stream is
// acknowledged where they are, any other is written now. The first copy cannot come late: it would need the very
// positions that are taken by then. So from then on the only answers are those of a commit; while the server does not
// come back, the callers of the batch wait, and nobody else is taken in.
func (w *writer) settle(batch []*commits.Request) (rows, tries int, err error) {
	unknown := false
	pause := firstPause
	for {
		tries++
		rows, err := w.attempt(batch)
		lost := (*errLost)(nil)
		isLost := errors.As(err, &lost)
		unknown = unknown || isLost && lost.sent
		switch {
		case err == nil:
			w.queue.Accept()
			return rows, tries, nil
		case !unknown && isLost && tries == 1: // the server may have been restarted since the last batch
		case !unknown && isLost:
			return 0, tries, unreachable(lost)
		case errors.Is(err, errRaced) && (unknown || tries < maxRaces):
		case !unknown:
			return 0, tries, unwritten(err)
		default:
			if lost == nil {
				lost = &errLost{cause: err}
			}
			if tries > 1 { // the first new connection is made at once
				w.wait(lost, pause)
				pause = min(2*pause, lastPause)
			}
			if w.ctx.Err() != nil {
				return 0, tries, fmt.Errorf("the append was begun, its outcome is not known, the log was closed: %w", lost)
			}
		}
	}
}

// attempt is one transaction, within the time that one may take.
func (w *writer) attempt(batch []*commits.Request) (int, error) {
	ctx, cancel := context.WithTimeout(w.ctx, w.o.LockWait+writeTimeout)
	defer cancel()
	return w.session.commit(ctx, batch)
}

// wait lets time pass while the server is gone. Whoever is in the queue or comes into it is told at once: nothing of
// theirs was written.
func (w *writer) wait(lost *errLost, pause time.Duration) {
	w.queue.Refuse(unreachable(lost))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done():
	}
}

// unreachable is the answer to whoever could not be taken in because the server is gone.
func unreachable(lost *errLost) error {
	e := fault.New(fault.Unavailable, "log_unreachable", "nothing was written: the log's server cannot be reached")
	e.RetryAfter, e.Cause = lostRetry, lost
	return e
}

// unwritten is the answer to everyone in a batch that the server refused.
func unwritten(cause error) error {
	if errors.Is(cause, errRaced) {
		return commits.Busy("nothing was written: others write the log without waiting for their turn", cause)
	}
	if state(cause) == stateLockWait {
		return commits.Busy("nothing was written: another session holds the log", bare(cause))
	}
	e := fault.New(fault.Unavailable, "log_unwritable", "nothing was written: %s", reason(cause))
	e.RetryAfter, e.Cause = lostRetry, bare(cause)
	return e
}

// reason says for people why the server refused a batch.
func reason(err error) string {
	switch {
	case errors.Is(err, errOtherLog):
		return errOtherLog.Error()
	case state(err) == stateDiskFull:
		return "the server's disk is full"
	case state(err) == stateReadOnly:
		return "the server takes no writes"
	case state(err) == stateNoRights:
		return "the log's user has lost its rights"
	default:
		return "the server refused it"
	}
}
