package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// startsWithin is how long the server of a benchmark may take until it is ready.
const startsWithin = time.Minute

// benchServer is the program serving in another process, so that heaps and limits are its own.
type benchServer struct {
	url, token string
	cmd        *exec.Cmd
	log        *os.File // its standard error, every request included
	ask        func()   // asks it to stop
}

// startServer starts it and returns when it is ready. When ctx ends it is asked to stop at once.
func startServer(ctx context.Context, at storage) (_ *benchServer, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &benchServer{token: rand.Text()}
	if s.log, err = os.CreateTemp("", "gridward-morning-*.log"); err != nil {
		return nil, err
	}
	ctx, s.ask = context.WithCancel(ctx)
	s.cmd = exec.CommandContext(ctx, program, "serve", "--data", at.Data, "--listen", "127.0.0.1:0") //nolint:gosec // itself
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 2 * drain // then it is killed
	s.cmd.Env = append(foreign(os.Environ()), tokenVariable+"="+s.token, "GRIDWARD_LOG="+at.Log, "GRIDWARD_VIEWS="+at.Views)
	s.cmd.Stderr = s.log
	said, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.ask()
		return nil, errors.Join(err, s.forget())
	}
	if err := s.awaitReady(ctx, bufio.NewReader(said)); err != nil {
		words := s.words()
		return nil, errors.Join(fmt.Errorf("the server did not start: %w\n%s", err, words), s.stop(), s.forget())
	}
	return s, nil
}

// foreign leaves out what is set for this program itself.
func foreign(environ []string) []string {
	var some []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "GRIDWARD_") {
			some = append(some, pair)
		}
	}
	return some
}

// awaitReady waits until the server has said where it listens and is ready.
func (s *benchServer) awaitReady(ctx context.Context, said *bufio.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	first, err := said.ReadString('\n')
	if err != nil {
		return errors.New("it ended before it listened")
	}
	_, address, _ := strings.Cut(strings.TrimSpace(first), "http://")
	s.url = "http://" + address
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close() // the status says it
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop asks it to stop and waits until it has. That it was asked is no fault.
func (s *benchServer) stop() error {
	s.ask()
	err := s.cmd.Wait()
	if s.cmd.ProcessState != nil && s.cmd.ProcessState.Success() {
		return nil
	}
	return err
}

// words are the last of what it wrote.
func (s *benchServer) words() string {
	const most = 2000
	raw, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-most):])
}

// forget removes what it wrote.
func (s *benchServer) forget() error { return errors.Join(s.log.Close(), os.Remove(s.log.Name())) }
