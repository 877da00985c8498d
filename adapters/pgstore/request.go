package pgstore

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"gridward/app"
)

// request is one append on its way through the writer.
type request struct {
	stream   string
	expected uint64
	records  []app.Record
	json     []byte // the records' metadata, one behind the other
	ends     []int  // where each one ends
	size     int64
	state    atomic.Int32
	answer   chan struct{} // holds one

	// Set by the writer before it answers.
	got   app.Appended
	err   error
	wrote bool // it put records behind the stream, rather than finding them there
}

// The states of a request. Whoever moves it out of waiting, the caller who gives up or the writer, decides.
const (
	waiting int32 = iota
	taken
	abandoned
)

// pooledJSON bounds the metadata buffer a request keeps for its next use, in bytes.
const pooledJSON = 64 << 10

// rowOverhead is what a record costs beside its data and metadata, in bytes, roughly.
const rowOverhead = 64

// take makes r the append of the records.
func (r *request) take(stream string, expected uint64, records []app.Record) error {
	r.stream, r.expected, r.records = stream, expected, records
	r.json, r.ends = r.json[:0], r.ends[:0]
	r.size = 0
	r.got, r.err, r.wrote = app.Appended{}, nil, false
	for i := range records {
		meta, err := json.Marshal(&records[i].Meta)
		if err != nil {
			return fmt.Errorf("append to %s: metadata of record %d: %w", stream, i, err)
		}
		r.json = append(r.json, meta...)
		r.ends = append(r.ends, len(r.json))
		r.size += int64(len(records[i].Data) + rowOverhead)
	}
	r.size += int64(len(r.json))
	r.state.Store(waiting)
	return nil
}

// meta is the JSON of the ith record's metadata.
func (r *request) meta(i int) []byte {
	from := 0
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.json[from:r.ends[i]]
}

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
