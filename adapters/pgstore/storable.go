package pgstore

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"gridward/app"
)

// Bounds of what the server can keep: an index entry, and one message.
const (
	nameBytes   = 1024
	appendBytes = 256 << 20
)

// checkStorable refuses what the server would: it would refuse the whole batch for it, and so other callers too.
// Whatever it finds is a fault of the program, not of a client.
func checkStorable(stream string, records []app.Record) error {
	if !isText(stream) {
		return fmt.Errorf("append to %q: not a name of at most %d bytes of UTF-8 without NUL", stream, nameBytes)
	}
	total := 0
	for i := range records {
		r := &records[i]
		if !isText(r.Type) || r.Schema > math.MaxInt32 {
			return fmt.Errorf("append to %s: record %d has the type %q and schema %d", stream, i, r.Type, r.Schema)
		}
		total += len(r.Data)
	}
	if total > appendBytes {
		return fmt.Errorf("append to %s: %d bytes, at most %d are taken at once", stream, total, appendBytes)
	}
	return nil
}

func isText(s string) bool {
	return len(s) <= nameBytes && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}
