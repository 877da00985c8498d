package bus

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"gridward/app"
)

// Page is how many records a receiver that takes many at once is given: enough that the wait for its acknowledgement
// costs little, and few to send again.
const Page = 512

// page is what a receiver is given at once.
type page struct {
	records   []app.Record // those it wants
	messages  []*message.Message
	to        app.Position // of the last record, wanted or not
	unread    error        // why the log could not be read; nothing else counts then
	unwritten error        // why the records could not be written out as messages
}

// read turns the log's records behind the position into pages until ctx ends or the log cannot be read.
func (r *Relay) read(ctx context.Context, at app.Position, out chan<- page) {
	for {
		err := r.Log.Wait(ctx, at)
		var records []app.Record
		if err == nil {
			records, err = r.Log.Read(ctx, at, max(readAtOnce, r.Page))
		}
		if err != nil {
			give(ctx, out, page{unread: err})
			return
		}
		for len(records) > 0 {
			var p page
			if p, records = r.cut(records); !give(ctx, out, r.write(ctx, p)) {
				return
			}
			at = p.to
		}
	}
}

func give(ctx context.Context, out chan<- page, p page) bool {
	select {
	case out <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut takes the next page off the records: as far as it is full, or there are no more.
func (r *Relay) cut(records []app.Record) (p page, rest []app.Record) {
	for len(records) > 0 && len(p.records) < r.Page {
		if r.Wants(records[0]) {
			p.records = append(p.records, records[0])
		}
		p.to, records = records[0].Position, records[1:]
	}
	return p, records
}

// write makes the page's messages; a panic counts as a failure.
func (r *Relay) write(ctx context.Context, p page) (out page) {
	defer func() {
		if v := recover(); v != nil {
			out = p
			out.unwritten = fmt.Errorf("panic: %v", v)
		}
	}()
	log := r.Log.ID().String()
	p.messages = make([]*message.Message, len(p.records))
	for i, rec := range p.records {
		payload, err := r.Payload(rec)
		if err != nil {
			p.unwritten = err
			return p
		}
		m := message.NewMessageWithContext(ctx, rec.ID.String(), payload)
		m.Metadata = message.Metadata{MetaLog: log, MetaPosition: rec.Position.String(), MetaStream: rec.Stream, MetaType: rec.Type, MetaCell: rec.Meta.Cell}
		p.messages[i] = m
	}
	return p
}
