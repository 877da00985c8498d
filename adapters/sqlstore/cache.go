package sqlstore

import (
	"math"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// stream is what the writer knows of a stream: its interned id and where each of its records is. Its version is the
// number of its records, which has no gap.
type stream struct {
	id       int64
	versions map[uuid.UUID]int64
}

// cache keeps the streams that were written last, so that the usual append asks the file nothing. It is bounded by
// streams and by the ids in all of them: 16 MiB, roughly. It is trimmed between batches only: within one the file
// does not yet have what the cache has.
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

func (c *cache) put(name string, s *stream) {
	c.lru.Add(name, s)
	c.ids += len(s.versions)
}

// grown notes ids that were added to a stream of the cache.
func (c *cache) grown(n int) { c.ids += n }

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
