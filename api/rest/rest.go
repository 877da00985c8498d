// Package rest is the REST door of the house: it serves api/openapi.yaml with echo.
//
// A request passes, in this order: request id, access log and metrics, recovery from panics, authentication, the way on
// to the node that leads for what only that one can do, the contract (parameters, content type, size and shape of
// the body), the handler. Time and randomness enter here: the door stamps every command with its id and the instant it
// was received. What the house refuses is a *fault.Error and becomes a problem in one table (problem.go).
package rest

//go:generate oapi-codegen -config oapi.yaml ../openapi.yaml

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/programme"
)

// Options is what the door needs. Everything without a "may be" is required.
type Options struct {
	App    *app.App
	Views  *views.Views
	Log    app.Log   // for /events and /readyz
	Codec  app.Codec // checks what /events gives out
	Feed   Feed      // for /events/stream; may be nil: the stream then reads the log
	Clock  func() time.Time
	Logger *zap.Logger

	// Registry is where the door's metrics are registered and what /metrics gathers: the stores' and views'
	// collectors are registered there by whoever wires the program.
	Registry *prometheus.Registry

	// AdminToken is the administrator's token, at least 16 characters.
	AdminToken string
	// Authenticate may be nil: then only the administrator's token opens the door.
	Authenticate Authenticator

	// ParseProgramme reads the YAML of POST /programmes.
	ParseProgramme func([]byte) (programme.Programme, error)
	// SpoolDir is where an upload lies while it is checked, and a spreadsheet while it is gathered.
	SpoolDir string
	// Rehearsal may be nil: then POST /clock does not exist.
	Rehearsal Rehearsal
	// Warnings adds to what /readyz warns of; may be nil.
	Warnings func() []string
	// Role is what this node is among those on the log: alone, leading, following or shard; nil: alone.
	Role func() string
	// Leader is the node that leads, where that is another one; nil where none is known. What only it can do is sent on
	// to it. May be nil.
	Leader func() *Leader
	// LeaderTakesAll says that only the node that leads can take commands.
	LeaderTakesAll bool
	// Build is what /version says.
	Build gen.Version
	// Zone is the zone of days given without one, Asia/Shanghai as a rule.
	Zone *time.Location
	// Connections hears how many connections there are, whenever that changes; it must be quick. May be nil.
	Connections func(n int)
}

// Rehearsal moves a clock that otherwise stands still forward to the instant, and returns when all that became
// due until then is recorded. Backward is refused (conflict: clock_backward) and changes nothing.
type Rehearsal func(ctx context.Context, to time.Time) error

// Feed is the live log. Subscribe gives every record above after, in order and without a gap. The channel closes
// when ctx ends or when the subscriber is too slow; it then subscribes again behind the last record it saw.
type Feed interface {
	Subscribe(ctx context.Context, after app.Position) (<-chan app.Record, error)
}

// The server's own limits.
const (
	minTokenLength = 16
	headerTimeout  = 10 * time.Second
	readTimeout    = 60 * time.Second
	writeTimeout   = 90 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeaderBytes = 64 << 10
)

// Server is the door. Its methods are safe for concurrent use.
type Server struct {
	Options
	echo      *echo.Echo
	http      *http.Server
	contract  *contract
	metrics   *metrics
	admission *admission
	admitted  map[string]bool        // paths that admission is for; fixed once the routes are made
	docs      func() ([]byte, error) // rendered when somebody asks
	feed      Feed
	forwarder *http.Transport // to the leader

	closing  chan struct{} // closed when the server stops: live streams end
	stopOnce sync.Once
}

// New makes the door. It fails when the contract and the handlers do not fit, or an option is missing.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c, err := loadContract()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{Options: o, contract: c, metrics: m, admission: newAdmission(), admitted: map[string]bool{}, feed: o.Feed, closing: make(chan struct{}), forwarder: newForwarder()}
	if s.feed == nil {
		s.feed = logFeed{o.Log}
	}
	s.docs = sync.OnceValues(func() ([]byte, error) { return renderDocs(c.doc) })
	s.echo = echo.New()
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.Use(s.requestID, s.shed, s.observe, s.recoverPanics)
	routes := &router{server: s}
	gen.RegisterHandlers(routes, s)
	if routes.err != nil {
		return nil, routes.err
	}
	complaints, err := zap.NewStdLogAt(o.Logger.Named("http"), zap.DebugLevel)
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler: s.echo, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: complaints, ConnState: s.countConnections(),
	}
	return s, nil
}

// countConnections tells how many connections there are.
func (s *Server) countConnections() func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(_ net.Conn, state http.ConnState) {
		change := int64(0)
		switch state {
		case http.StateNew:
			change = 1
		case http.StateClosed, http.StateHijacked:
			change = -1
		default:
			return
		}
		if n := open.Add(change); s.Connections != nil {
			s.Connections(int(n))
		}
	}
}

func (o Options) check() error {
	missing := func(name string) error { return fmt.Errorf("rest: option %s is missing", name) }
	switch {
	case o.App == nil:
		return missing("App")
	case o.Views == nil:
		return missing("Views")
	case o.Log == nil:
		return missing("Log")
	case o.Codec == nil:
		return missing("Codec")
	case o.Clock == nil:
		return missing("Clock")
	case o.Logger == nil:
		return missing("Logger")
	case o.Registry == nil:
		return missing("Registry")
	case o.ParseProgramme == nil:
		return missing("ParseProgramme")
	case o.SpoolDir == "":
		return missing("SpoolDir")
	case o.Zone == nil:
		return missing("Zone")
	case len(o.AdminToken) < minTokenLength:
		return fmt.Errorf("the administrator's token has fewer than %d characters", minTokenLength)
	}
	return nil
}

// ServeHTTP serves one request; tests use it without a listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Serve takes connections until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops taking connections, ends the live streams and waits for requests in flight, until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.closing) })
	defer s.forwarder.CloseIdleConnections()
	return s.http.Shutdown(ctx)
}

// Routes lists what is served as "METHOD /path" with echo's :name parameters.
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.echo.Routes() {
		out = append(out, r.Method+" "+r.Path)
	}
	return out
}
