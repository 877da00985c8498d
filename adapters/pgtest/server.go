package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser and password are those of every server the harness starts.
const (
	superuser = "postgres"
	password  = "gridward-test"
)

// patience bounds the start and the end of a server.
const patience = time.Minute

// Server is one PostgreSQL server of the harness: on 127.0.0.1 with a password, forcing commits onto the disk.
type Server struct {
	bin, dir string
	port     int
	account  *account
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the process has ended
}

// account is whom the server runs as; nil: as the tests do. A server refuses to run as root.
type account struct{ uid, gid int }

// start makes a data directory and starts a server on it.
func start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.account, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "gridward-pg-"); err != nil {
		return nil, err
	}
	if err = s.initialise(); err == nil {
		for range 5 { // somebody else may take the port meanwhile
			if s.port, err = freePort(); err == nil {
				err = s.run()
			}
			if err == nil {
				return s, nil
			}
		}
	}
	return nil, errors.Join(err, os.RemoveAll(s.dir))
}

func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return &account{uid, gid}, errors.Join(err, err2)
	}
	return nil, errors.New("root cannot run PostgreSQL, and there is neither an account postgres nor nobody")
}

func (s *Server) initialise() error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if a := s.account; a != nil {
		if err := errors.Join(os.Chown(s.dir, a.uid, a.gid), os.Chown(secret, a.uid, a.gid)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", superuser, "--pwfile", secret, //nolint:gosec // a program the machine has
		"-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "-N", "--no-instructions")
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes(s.account)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logPath() string { return filepath.Join(s.dir, "server.log") }

// run starts the process and returns when it answers.
func (s *Server) run() error {
	out, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port), //nolint:gosec,noctx // a program the machine has; stop ends it
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+s.dir, "-c", "max_connections=300")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = s.dir, out, out, attributes(s.account)
	s.cmd, s.ended = cmd, make(chan struct{})
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // the server ends with the thread that started it (Pdeathsig): this one stays
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		began <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
		_ = out.Close()
		close(s.ended)
	}()
	if err := <-began; err != nil {
		return err
	}
	if err := s.answers(); err != nil {
		said, _ := os.ReadFile(s.logPath())
		return errors.Join(fmt.Errorf("%w: %s", err, bytes.TrimSpace(said)), s.stop(syscall.SIGQUIT))
	}
	return nil
}

// answers waits until the server does.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return errors.New("the server ended as it began")
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL is that of a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, password), Host: s.Addr(), Path: "/" + database}
	return u.String()
}

// Addr is where the server listens: host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Database makes an empty database for the test and gives its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := newDatabase(t, s.URL("postgres"))
	return s.URL(name)
}

// Kill ends the server as a crash does: no connection is told, nothing is written that was not. Run again it recovers.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.stop(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
}

// Shutdown ends the server in order: open transactions are rolled back and their connections told so.
func (s *Server) Shutdown(t testing.TB) {
	t.Helper()
	if err := s.stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// Run starts the server again, on the port and with the data it had.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	var err error
	for range 20 {
		if err = s.run(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond) // the port may not be free again at once
	}
	t.Fatal(err)
}

func (s *Server) stop(signal syscall.Signal) error {
	select {
	case <-s.ended:
		return nil
	default:
	}
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return errors.New("the server does not end")
	}
}

// end stops the server for good.
func (s *Server) end() error {
	return errors.Join(s.stop(syscall.SIGQUIT), os.RemoveAll(s.dir))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
