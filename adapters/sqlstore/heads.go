package sqlstore

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// heads remembers how far the streams go that were read or written last, so that a load of a stream that has not
// moved, which is most of what a command loads, asks the file nothing. Only the one writer's own store may keep it.
// It is safe for concurrent use.
type heads struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, *head]
}

// head is what is known of one stream: there is nothing above the version. An unknown one is being read.
type head struct {
	version uint64
	known   bool
}

// cachedHeads is how many streams are remembered: about 4 MiB.
const cachedHeads = 32768

func newHeads() *heads {
	lru, err := simplelru.NewLRU[string, *head](cachedHeads, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &heads{lru: lru}
}

// reading begins a read of what lies above a version: unmoved says that there is nothing; otherwise the caller
// reads, and tells so with what it got here.
func (h *heads) reading(stream string, after uint64) (at *head, unmoved bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.lru.Get(stream)
	if !ok {
		at = &head{}
		h.lru.Add(stream, at)
	}
	return at, at.known && at.version <= after
}

// read ends a read that found nothing above the version. If the stream was written meanwhile, that counts.
func (h *heads) read(at *head, version uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !at.known {
		at.version, at.known = version, true
	}
}

// wrote notes that the stream goes to the version now. A read under way has begun before and is not believed.
func (h *heads) wrote(stream string, version uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lru.Add(stream, &head{version, true})
}
