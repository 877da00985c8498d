package memstore_test

import (
	"testing"
	"time"

	"gridward/adapters/memstore"
	"gridward/adapters/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		log := memstore.New(now)
		return storetest.Harness{Log: log, Close: func(t *testing.T) {
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
		}}
	})
}
