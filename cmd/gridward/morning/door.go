package morning

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// door is the service as its clients see it.
type door struct {
	base, token string
	http        *http.Client
}

func newDoor(base, token string, clients int) *door {
	return &door{base: base + "/api/v1", token: token,
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxIdleConns: clients}}}
}

func (d *door) close() { d.http.CloseIdleConnections() }

// answer is what came back.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration
	took       time.Duration
	err        error // there was none
}

// ok says that it was done.
func (a answer) ok() bool { return a.err == nil && a.status/100 == 2 }

// busy says that nothing was done, and to come again.
func (a answer) busy() bool {
	return a.err == nil && a.status == http.StatusServiceUnavailable && a.retryAfter > 0
}

// problem is what went wrong, in short.
func (a answer) problem() string {
	if a.err != nil {
		return a.err.Error()
	}
	text := []rune(string(a.body))
	return fmt.Sprintf("%d %s", a.status, string(text[:min(len(text), 400)]))
}

func (d *door) get(ctx context.Context, as, path string) answer {
	return d.send(ctx, http.MethodGet, path, as, nil)
}

// send asks in a person's name, "" for the administrator's own. A text is sent as CSV, anything else as JSON.
func (d *door) send(ctx context.Context, method, path, as string, body any) answer {
	var reader io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		reader, kind = strings.NewReader(b), "text/csv"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{err: err}
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, reader)
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	if reader != nil {
		req.Header.Set("Content-Type", kind)
	}
	if as != "" {
		req.Header.Set("X-Act-As", as)
	}
	began := time.Now()
	resp, err := d.http.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	a := answer{status: resp.StatusCode}
	a.body, a.err = io.ReadAll(resp.Body)
	a.took = time.Since(began)
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		a.retryAfter = time.Duration(after) * time.Second
	}
	return a
}
