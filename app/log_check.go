package app

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// CheckAppend holds what every store asks of an append before it begins: a stream, at least one record, and each
// record with an id of its own, a type and a schema. Whatever it finds is a fault of the program, not of a client.
func CheckAppend(stream string, records []Record) error {
	if stream == "" {
		return errors.New("append to a stream without a name")
	}
	if len(records) == 0 {
		return fmt.Errorf("append of no records to %s", stream)
	}
	for i := range records {
		r := &records[i]
		switch {
		case r.ID == uuid.Nil:
			return fmt.Errorf("append to %s: record %d has no id", stream, i)
		case r.Type == "":
			return fmt.Errorf("append to %s: record %d has no type", stream, i)
		case r.Schema < 1:
			return fmt.Errorf("append to %s: record %d has schema %d", stream, i, r.Schema)
		case r.Stream != "" && r.Stream != stream:
			return fmt.Errorf("append to %s: record %d is of stream %s", stream, i, r.Stream)
		}
		for j := range i {
			if records[j].ID == r.ID {
				return fmt.Errorf("append to %s: records %d and %d share an id", stream, j, i)
			}
		}
	}
	return nil
}

// CheckPlace holds what every replica asks of a record that comes behind the head, the last version of its stream and
// the last time of recording (microseconds).
func CheckPlace(r *Record, head Position, version uint64, recorded int64) error {
	switch {
	case r.Position <= head:
		return fmt.Errorf("position %s does not lie behind %s", r.Position, head)
	case r.Version != version+1:
		return fmt.Errorf("position %s: %s has version %d, the next is %d", r.Position, r.Stream, r.Version, version+1)
	case r.RecordedAt.UnixMicro() < recorded:
		return fmt.Errorf("position %s was recorded before the one before it", r.Position)
	}
	return CheckAppend(r.Stream, []Record{*r})
}

// OneAppend tells whether two neighbours of a log were appended together, as far as it can be told.
func OneAppend(a, b *Record) bool {
	return a.Stream == b.Stream && a.Meta.CommandID == b.Meta.CommandID && a.RecordedAt.Equal(b.RecordedAt)
}
