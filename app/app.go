// Package app is what the program does: it loads the few streams a command relies on, lets the rules decide, and
// appends what they say. One file per family of commands; execute.go is the way of every one of them.
package app

import (
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
)

// App takes commands. Its methods are safe for concurrent use.
type App struct {
	log   Log
	codec Codec
	cache *lru.Cache[string, loaded]

	inflight  *inflight
	spreading map[string]bool // see complete.go
	restating map[string]bool // see patrols.go
	telling   map[string]bool // see notices.go
}

// New makes the house around a log. cacheSize is how many folded streams it keeps in memory.
func New(log Log, codec Codec, cacheSize int) (*App, error) {
	cache, err := lru.New[string, loaded](cacheSize)
	if err != nil {
		return nil, fmt.Errorf("stream cache: %w", err)
	}
	inflight, err := newInflight()
	if err != nil {
		return nil, fmt.Errorf("commands under way: %w", err)
	}
	spreading, err := spreading(codec)
	if err != nil {
		return nil, err
	}
	restating, err := restating(codec)
	if err != nil {
		return nil, err
	}
	telling, err := telling(codec)
	if err != nil {
		return nil, err
	}
	return &App{log: log, codec: codec, cache: cache, inflight: inflight, spreading: spreading, restating: restating, telling: telling}, nil
}
