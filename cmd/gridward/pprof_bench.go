//go:build bench

package main

import (
	"net/http"
	_ "net/http/pprof" // its handlers, on the default mux
	"os"
)

// A program built for the benchmarks shows its profiles on the address in GRIDWARD_PPROF. The released program has
// nothing of this.
func init() {
	if address, set := os.LookupEnv("GRIDWARD_PPROF"); set {
		go func() { panic(http.ListenAndServe(address, nil)) }()
	}
}
