package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gridward/domain/hazard"
	"gridward/domain/notice"
)

func noticesStream(person string, month time.Time) Stream[notice.Digests, notice.Event] {
	return Stream[notice.Digests, notice.Event]{"notices-" + person + "-" + month.Format("200601"), notice.Evolve}
}

// telling is the stored names of the events that tell somebody something.
func telling(codec Codec) (map[string]bool, error) {
	return storedNames(codec, hazard.CardGiven{}, hazard.Escalated{}, hazard.Supervised{})
}

// Notify sees to it that whoever a record tells something has a digest on the local day on which the log took it.
// Repeated, it does nothing; a record that tells nobody anything is passed over.
func (a *App) Notify(ctx context.Context, r Record, zone *time.Location) error {
	if !a.telling[r.Type] {
		return nil
	}
	n, ok, err := a.noticeIn(ctx, r)
	if err != nil || !ok {
		return err
	}
	day := r.RecordedAt.In(zone)
	for _, person := range n.Told {
		st, name := noticesStream(person, day), day.Format(time.DateOnly)
		by := By{Actor: hazard.System, ReceivedAt: r.RecordedAt, Cause: r.ID, Origin: r.Meta.Correlation,
			CommandID: uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceOID, []byte("digest/"+person)), []byte(name))}
		_, err := execute(ctx, a, by, st, false, name, func(d notice.Digests) (Decision[notice.Event], error) {
			return Decision[notice.Event]{Events: notice.DecideOpen(d, person, name, r.RecordedAt)}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// noticeIn is the notice a record gives. Only what a person ordered needs the case: to know who had it then.
func (a *App) noticeIn(ctx context.Context, r Record) (n notice.Notice, ok bool, err error) {
	e, err := decode[hazard.Event](a, r)
	if err != nil {
		return n, false, err
	}
	if n, ok = notice.Of(e); !ok || !n.ByHand {
		return n, ok, nil
	}
	c, err := stateAt(ctx, a, Stream[hazard.Case, hazard.Event]{r.Stream, hazard.Evolve}, r.Version)
	n.Tell(notice.HolderOf(c))
	return n, true, err
}
