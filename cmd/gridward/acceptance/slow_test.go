//go:build acceptance

package acceptance

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowClients is how many clients dawdle at once.
const slowClients = 2000

// TestSlowClients lets thousands of clients send the first bytes of a request and then no more; in make faults half of
// them in the middle of a body, for which the program waits a minute. Whoever works goes on working meanwhile, and the program lets the others go in the end.
func TestSlowClients(t *testing.T) {
	embeddedOnly(t)
	dir, bodies := t.TempDir(), os.Getenv("GRIDWARD_FAULT_ROUNDS") != ""
	s := start(t, dir)
	prepare(t, s)
	conns := make([]net.Conn, slowClients)
	var all sync.WaitGroup
	for i := range conns {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Minute)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
		text := "POST /api/v1/inspections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + adminToken + "\r\nContent-Type: application/json\r\n"
		if bodies && i%2 == 0 {
			text += "Content-Length: 500\r\n\r\n{\"programme\": "
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	c := s.client().as(feng)
	for range 200 {
		c.post("/inspections", object{"programme": "fire", "cell": site1, "started_at": at8("03-02 09:00"), "ended_at": at8("03-02 09:20"),
			"content": "查看消防通道", "participants": []string{"值班人员"}, "checklist": passed(checklists["fire"]...)}).ok(201)
	}
	for i, conn := range conns {
		all.Go(func() {
			if err := conn.SetReadDeadline(time.Now().Add(3 * time.Minute)); err != nil {
				t.Error(err)
				return
			}
			answer, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("client %d was never let go", i)
			}
			if len(answer) > 0 && !bytes.Contains(answer, []byte(" 40")) && !bytes.Contains(answer, []byte(" 503 ")) {
				t.Errorf("client %d was answered %.80q", i, answer)
			}
		})
	}
	all.Wait()
	s.stop()
}
