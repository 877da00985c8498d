package natsbus_test

import (
	"testing"
)

func TestEveryEventReachesTheStreamInOrder(t *testing.T) {
	b, log := startBroker(t), newLog()
	write(t, log, 1000, 7)
	r, _ := carry(t, log, openPublisher(t, b.url()), t.TempDir(), 64)
	write(t, log, 500, 7)
	caughtUp(t, r, log)
	got := b.stored(t)
	inOrder(t, got, log)
	first := got[0]
	if s := first.Subject(); s != "gridward.410104.case.filed" {
		t.Errorf("the subject is %s", s)
	}
	if h := first.Headers(); h.Get("Content-Type") != "application/test+json" || h.Get("Gridward-Log") != log.ID().String() || h.Get("Gridward-Position") != "1" {
		t.Errorf("headers: %v", h)
	}
}
