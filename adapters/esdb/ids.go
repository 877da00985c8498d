package esdb

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"gridward/app"
)

// cachedStreams is how many streams' ids are remembered: some hundred bytes each.
const cachedStreams = 16_384

// ids remembers the ids in streams, from the first version on, as far as they were seen. An id never leaves its place
// in a stream, so that what is remembered may be short but not wrong. The server itself would take the same id twice
// where the expected version is the current one.
type ids struct {
	mu      sync.Mutex
	streams *lru.Cache[string, [][16]byte]
}

func newIDs() (*ids, error) {
	c, err := lru.New[string, [][16]byte](cachedStreams)
	return &ids{streams: c}, err
}

// of gives the ids by version-1. They are not to be changed.
func (m *ids) of(stream string) [][16]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, _ := m.streams.Get(stream)
	return known
}

// learn takes the records that are behind version after of the stream.
func (m *ids) learn(stream string, after uint64, records []app.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, _ := m.streams.Get(stream)
	n := uint64(len(known))
	if n < after || after+uint64(len(records)) <= n {
		return
	}
	for _, r := range records[n-after:] {
		known = append(known, r.ID) // those who hold a shorter one do not look behind its end
	}
	m.streams.Add(stream, known)
}
