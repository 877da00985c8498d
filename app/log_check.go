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
