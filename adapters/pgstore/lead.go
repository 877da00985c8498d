package pgstore

import (
	"context"
	"errors"
	"time"

	"gridward/domain/fault"
)

// Terms is how a lease is kept. Whoever leads renews it at every Look and stops to lead when that has not worked for
// Term less Margin; the others take it when it is over, which they look for at every Look. So a node that has died is
// replaced after Term and Look at the latest, and one that was held still has stopped before anybody else begins, but for
// what the margin does not cover: that the fences keep out.
type Terms struct{ Term, Look, Margin time.Duration }

// DefaultTerms replace a dead leader within six seconds, before the time that starting takes.
var DefaultTerms = Terms{Term: 5 * time.Second, Look: time.Second, Margin: time.Second}

// Candidate is a process that would lead.
type Candidate struct {
	Holder string

	// May is asked before the lease is taken, and says why this process could not lead now. nil: it always could.
	May func(ctx context.Context) error

	// Lead runs while the process leads. Its context ends when the lease may become another's; it has to return soon
	// then. If it returns before, another one is let lead.
	Lead func(ctx context.Context, epoch int64)

	// Waiting is told now and then why the process does not lead, nil where another one simply does.
	Waiting func(error)
}

// Lead has the candidate lead whenever it has the lease, until ctx ends; then the lease is released.
func (n *Nodes) Lead(ctx context.Context, t Terms, c Candidate) {
	look := time.NewTicker(t.Look)
	defer look.Stop()
	passes := 0 // looks at which it does not take the lease
	for ctx.Err() == nil {
		err := c.may(ctx, t)
		if passes > 0 {
			passes--
		} else if err == nil {
			asked, epoch, mine := time.Now(), int64(0), false
			within, cancel := context.WithTimeout(ctx, t.Term-t.Margin)
			epoch, mine, err = n.take(within, c.Holder, t.Term)
			cancel()
			if mine {
				if n.hold(ctx, c.Holder, epoch, t, asked, c.Lead) {
					passes = 2
				}
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		c.Waiting(err)
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// may asks the candidate whether it could lead now.
func (c Candidate) may(ctx context.Context, t Terms) error {
	if c.May == nil {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, t.Term-t.Margin)
	defer cancel()
	return c.May(within)
}

// hold has lead run and renews the lease meanwhile. It says whether lead has given up by itself.
func (n *Nodes) hold(ctx context.Context, holder string, epoch int64, t Terms, asked time.Time, lead func(ctx context.Context, epoch int64)) (gaveUp bool) {
	leading, stop := context.WithCancel(ctx)
	defer stop()
	left := func() time.Duration { return t.Term - t.Margin - time.Since(asked) }
	over := time.AfterFunc(left(), stop)
	defer over.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		lead(leading, epoch)
	}()
	look := time.NewTicker(t.Look)
	defer look.Stop()
	for leading.Err() == nil {
		select {
		case <-look.C:
		case <-leading.Done():
			continue
		case <-done:
			gaveUp = true
			stop()
			continue
		}
		now := time.Now()
		within, cancel := context.WithTimeout(leading, max(left(), time.Millisecond))
		mine, err := n.renew(within, holder, epoch, t.Term)
		cancel()
		switch {
		case err != nil: // tried again at the next look, until over
		case !mine:
			stop()
		case over.Stop():
			asked = now
			over.Reset(left())
		}
	}
	<-done
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Look)
	defer cancel()
	_ = n.release(releasing, holder, epoch) // else it ends by itself
	return gaveUp
}

// Keep takes the lease for a process that works on the log alone, and keeps it until release; lost while the server was
// away, it is taken again. taken is told each epoch, the first before Keep returns. Where another process has the lease
// the error is Unavailable with code log_in_use.
func (n *Nodes) Keep(ctx context.Context, holder string, t Terms, taken func(epoch int64)) (release func() error, err error) {
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // release calls it
	first, done := make(chan error, 1), make(chan struct{})
	tell := func(err error) {
		select {
		case first <- err:
		default: // only the first counts
		}
	}
	go func() {
		defer close(done)
		n.Lead(keeping, t, Candidate{
			Holder: holder,
			Lead: func(leading context.Context, epoch int64) {
				taken(epoch)
				tell(nil)
				<-leading.Done()
			},
			Waiting: func(err error) {
				if err == nil {
					err = n.inUse()
				}
				tell(unopened(n.c, err))
			},
		})
	}()
	release = func() error {
		stop()
		<-done
		return nil
	}
	if err := <-first; err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

func (n *Nodes) inUse() error {
	return fault.New(fault.Unavailable, "log_in_use", "the log in the database %s at %s is in use by another gridward", n.c.conn.Database, n.c.where())
}
