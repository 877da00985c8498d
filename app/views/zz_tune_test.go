package views_test

import (
	"database/sql"
	"fmt"
	"gridward/app"
	"gridward/app/views"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		t.Skip()
	}
	w := newWorld(t)
	m := newMix(w, 7)
	m.settle(20)
	for head := app.Position(0); head < 60000; {
		m.step()
		head, _ = w.log.Head(ctx())
	}
	for round := 0; round < 1; round++ {
		for _, size := range []int{1000, 4000, 16000} {
			for _, cache := range []int{8192, 65536} {
				db, err := sql.Open("sqlite", fmt.Sprintf("file:%s/v.db?_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=cache_size(-%d)&_pragma=mmap_size(67108864)&_pragma=wal_autocheckpoint(4096)&_pragma=temp_store(memory)", t.TempDir(), cache))
				if err != nil {
					t.Fatal(err)
				}
				views.TestSize = size
				s := time.Now()
				c0 := cpu()
				c, err := views.Tape(ctx(), w.log, w.codec, db, shanghai, nil)
				if err != nil {
					t.Fatal(err)
				}
				d := time.Since(s)
				var u [2]int64
				db.QueryRow("select page_count*page_size/1000000 from pragma_page_count, pragma_page_size").Scan(&u[0])
				fmt.Printf("size %d cpu %.1fus/ev  cache %d: %.0f/s stmts %d rows %d db %dMB\n", size, float64(cpu()-c0)/60000, cache, 60000/d.Seconds(), c.Statements, c.Rows, u[0])
				db.Close()
			}
		}
	}
}

var _ = filepath.Join

func cpu() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(0, &u)
	return (u.Utime.Sec+u.Stime.Sec)*1e6 + u.Utime.Usec + u.Stime.Usec
}
