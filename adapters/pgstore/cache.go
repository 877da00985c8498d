package pgstore

import (
	"math"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// stream is what the writer knows of a stream: its number and where each of its records is. Its version is the number
// of its records, which has no gap.
type stream struct {
	id       int64 // 0: there is none
	versions map[uuid.UUID]int64
}

// cache keeps the streams that were written last, so that the usual append asks the server nothing before it writes.
// What is in it is true of the log up to the session's position, and so is proven by every commit right behind that
// (see session); it is never believed otherwise. It is bounded by streams and by the ids in all of them: 16 MiB,
// roughly, and trimmed between batches only.
type cache struct {
	lru *simplelru.LRU[string, *stream]
	ids int
}

const (
	cachedStreams = 16384
	cachedIDs     = 262144
)

func newCache() *cache {
	c := &cache{}
	lru, err := simplelru.NewLRU(math.MaxInt, func(_ string, s *stream) { c.ids -= len(s.versions) })
	if err != nil {
		panic(err) // only for a size below one
	}
	c.lru = lru
	return c
}

func (c *cache) get(name string) (*stream, bool) { return c.lru.Get(name) }

func (c *cache) has(name string) bool { return c.lru.Contains(name) }

func (c *cache) put(name string, s *stream) {
	c.lru.Remove(name)
	c.lru.Add(name, s)
	c.ids += len(s.versions)
}

// add notes that the record is at the version of the stream, if it is not known yet.
func (c *cache) add(s *stream, id uuid.UUID, version int64) {
	if _, known := s.versions[id]; !known {
		s.versions[id] = version
		c.ids++
	}
}

// take undoes add.
func (c *cache) take(s *stream, id uuid.UUID) {
	if _, known := s.versions[id]; known {
		delete(s.versions, id)
		c.ids--
	}
}

func (c *cache) drop(name string) { c.lru.Remove(name) }

// trim drops the streams that were not written for longest until the rest is within bounds.
func (c *cache) trim(streams, ids int) {
	for c.lru.Len() > streams || c.ids > ids {
		c.lru.RemoveOldest()
	}
}

func (c *cache) clear() {
	c.lru.Purge()
	c.ids = 0
}
