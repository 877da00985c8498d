package commits

import (
	"fmt"
	"sync/atomic"

	"gridward/app"
)

// Request is one append on its way through the queue.
type Request struct {
	Stream   string
	Expected uint64
	Records  []app.Record

	// The answer, which a Commit sets.
	Got   app.Appended
	Err   error
	Wrote bool // it put records behind the stream, rather than finding them there

	json   []byte // the records' metadata, one behind the other
	ends   []int  // where each one ends
	size   int64
	state  atomic.Int32
	answer chan struct{} // holds one
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

// take makes r the append of the records. Metadata is encoded here, by the caller: the writer is the narrow place.
func (r *Request) take(stream string, expected uint64, records []app.Record) (err error) {
	r.Stream, r.Expected, r.Records = stream, expected, records
	r.json, r.ends = r.json[:0], r.ends[:0]
	r.Got, r.Err, r.Wrote, r.size = app.Appended{}, nil, false, 0
	for i := range records {
		if r.json, err = app.AppendMeta(r.json, &records[i].Meta); err != nil {
			return fmt.Errorf("append to %s: metadata of record %d: %w", stream, i, err)
		}
		r.ends = append(r.ends, len(r.json))
		r.size += int64(len(records[i].Data) + rowOverhead)
	}
	r.size += int64(len(r.json))
	r.state.Store(waiting)
	return nil
}

// Meta is the JSON of the ith record's metadata.
func (r *Request) Meta(i int) []byte {
	from := 0
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.json[from:r.ends[i]]
}
