package natsbus

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Options are what a publisher is opened with.
type Options struct {
	URL    string // nats://user:password@host:4222, tls://…, several with commas; options behind a ? (see Open)
	Stream string // capital letters, digits, - and _
	Media  string // the payloads' media type
	Logger *zap.Logger
	NATS   []nats.Option // beside those of this package
}

// names of streams, whose small letters begin the subjects.
var streamName = regexp.MustCompile(`^[A-Z0-9_-]{1,64}$`)

// Open connects to NATS; where nobody answers yet it goes on trying. Behind a ? the URL may name files: creds (a user's JWT
// and seed), nkey (a seed), ca, cert and key (TLS). What it says in an error contains nothing of the URL, which may
// hold a password.
func Open(o Options) (*Publisher, error) {
	if !streamName.MatchString(o.Stream) {
		return nil, fmt.Errorf("a stream cannot be called %q: only A-Z, 0-9, - and _", o.Stream)
	}
	servers, fromURL, err := split(o.URL)
	if err != nil {
		return nil, err
	}
	options := []nats.Option{
		nats.Name("gridward"),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what could not be sent is sent by the relay, in order, and by nobody else
		nats.PingInterval(20 * time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { o.Logger.Warn("NATS is away", zap.Error(err)) }),
		nats.ReconnectHandler(func(*nats.Conn) { o.Logger.Info("NATS is there again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Logger.Warn("NATS complains", zap.Error(err))
		}),
	}
	conn, err := nats.Connect(servers, append(append(options, fromURL...), o.NATS...)...)
	if err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncTimeout(ackTimeout), jetstream.WithDefaultTimeout(apiTimeout))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("NATS: %w", err)
	}
	return &Publisher{conn: conn, js: js, name: o.Stream, prefix: prefixOf(o.Stream), media: o.Media, logger: o.Logger}, nil
}

// split takes the options off the servers.
func split(text string) (servers string, options []nats.Option, err error) {
	servers, query, _ := strings.Cut(text, "?")
	for _, server := range strings.Split(servers, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
			return "", nil, errors.New("the address of NATS cannot be read: write nats://user:password@host:4222")
		}
	}
	files, err := url.ParseQuery(query)
	if err != nil {
		return "", nil, errors.New("the options behind the address of NATS cannot be read")
	}
	for name := range files {
		switch name {
		case "creds":
			options = append(options, nats.UserCredentials(files.Get(name)))
		case "nkey":
			o, err := nats.NkeyOptionFromSeed(files.Get(name))
			if err != nil {
				return "", nil, fmt.Errorf("NATS: nkey: %w", err)
			}
			options = append(options, o)
		case "ca":
			options = append(options, nats.RootCAs(files.Get(name)))
		case "cert":
			options = append(options, nats.ClientCert(files.Get(name), files.Get("key")))
		case "key":
			if files.Get("cert") == "" {
				return "", nil, errors.New("NATS: key without cert")
			}
		default:
			return "", nil, fmt.Errorf("NATS has no option %q: creds, nkey, ca, cert, key", name)
		}
	}
	return servers, options, nil
}
