package sqlstore

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"gridward/adapters/storetest"
	"gridward/app"
	"gridward/domain/fault"
)

func TestReplicaContract(t *testing.T) {
	storetest.RunReplica(t, func(t *testing.T) storetest.ReplicaHarness {
		dir := t.TempDir()
		return storetest.ReplicaHarness{
			Open: func(t *testing.T, id uuid.UUID) (app.Replica, error) {
				r, err := OpenReplica(t.Context(), dir, id)
				if err != nil {
					return nil, err
				}
				return r, nil
			},
			Log: func(t *testing.T) app.Log { return open(t, dir, Options{}) },
		}
	})
}

// A directory that is in use is not filled beside its writer.
func TestAReplicaHoldsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if _, err := OpenReplica(t.Context(), dir, s.ID()); !errors.Is(err, fault.New(fault.Unavailable, "data_dir_locked", "")) {
		t.Errorf("got %v", err)
	}
}
