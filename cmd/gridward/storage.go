package main

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/esdb"
	"gridward/adapters/pgstore"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/backup"
	"gridward/app/commits"
	"gridward/app/views"
	"gridward/domain/fault"
)

// storage are the flags that say where everything is kept.
type storage struct {
	Data  string `default:"./data" help:"The data directory. Nothing is written outside it, but to the places named by --log and --views." placeholder:"DIR"`
	Log   string `help:"Where the log is: sqlite:///DIR, postgres://USER@HOST/DATABASE (docs/postgres.md) or esdb://USER:PASSWORD@HOST (docs/eventstoredb.md). Default: the data directory." placeholder:"URL"`
	Views string `help:"Where the views are: sqlite:///DIR or postgres://USER@HOST/DATABASE. Default: where the log is; with a log on EventStoreDB the data directory." placeholder:"URL"`
}

// shardFlags say which districts' views a node has, where it has not all of them.
type shardFlags struct {
	Districts []string `help:"Have views of these districts only, in a place of their own (docs/nodes.md, Shards): their codes, six digits each." placeholder:"CODE"`
}

// place is a directory for SQLite, or the URL of a PostgreSQL database or of an EventStoreDB.
type place struct{ dir, url string }

// onEventStoreDB says that it is one: it takes a log and no views.
func (p place) onEventStoreDB() bool {
	return strings.HasPrefix(p.url, "esdb://") || strings.HasPrefix(p.url, "esdb+discover://")
}

// placeOf reads the URL of a log; an empty one is otherwise.
func placeOf(flag, text string, otherwise place) (place, error) {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, flag+"_url_invalid", "--"+flag+": "+format, args...)
	}
	scheme, _, ok := strings.Cut(text, "://")
	switch {
	case text == "":
		return otherwise, nil
	case !ok:
		return place{}, wrong("write %s", known)
	case scheme == "postgres" || scheme == "postgresql" || place{url: text}.onEventStoreDB():
		return place{url: text}, nil
	case scheme != "sqlite":
		return place{}, wrong("%s is not known: write %s", scheme, known)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host != "" || u.Path == "" || u.Path == "/" || u.RawQuery != "" {
		return place{}, wrong("write sqlite:///DIR with three slashes and the directory's whole path")
	}
	return place{dir: filepath.FromSlash(u.Path)}, nil
}

// known are the URLs that placeOf reads.
const known = "sqlite:///DIR, postgres://USER@HOST/DATABASE or esdb://HOST:2113"

// places are where the log and the views are.
func (s storage) places() (log, tables place, err error) { return s.placesOf(nil) }

// placesOf is the same for a shard of districts, which has the views in a place of its own: the data directory, unless
// --views names another.
func (s storage) placesOf(districts views.Districts) (log, tables place, err error) {
	if log, err = placeOf("log", s.Log, place{dir: s.Data}); err != nil {
		return log, tables, err
	}
	otherwise := log
	if log.onEventStoreDB() || len(districts) > 0 {
		otherwise = place{dir: s.Data}
	}
	if tables, err = placeOf("views", s.Views, otherwise); err == nil && tables.onEventStoreDB() {
		return log, place{}, fault.New(fault.Invalid, "views_url_invalid",
			"--views: EventStoreDB holds a log and no views: these go to SQLite (the default: the data directory) or to PostgreSQL")
	}
	if err == nil && len(districts) > 0 {
		err = checkShard(log, tables)
	}
	return log, tables, err
}

// checkShard refuses a shard on a log that only one process can open, and one that would have its views where the whole
// ones are.
func checkShard(log, tables place) error {
	switch {
	case log.url == "":
		return fault.New(fault.Invalid, "districts_log_invalid",
			"--districts: a log on SQLite is one process's own: name one on PostgreSQL or EventStoreDB by --log")
	case sameDatabase(tables.url, log.url):
		return fault.New(fault.Invalid, "districts_views_invalid",
			"--districts: these views need a place of their own: name another by --views, or none for the data directory")
	}
	return nil
}

// sameDatabase compares where two URLs lead, whoever goes there.
func sameDatabase(a, b string) bool {
	at, err := url.Parse(a)
	if err != nil || a == "" {
		return false
	}
	other, err := url.Parse(b)
	return err == nil && at.Host == other.Host && at.Path == other.Path
}

// store is a log that somebody opened.
type store interface {
	app.Log
	Close() error
}

// writable is a log that is open for appending.
type writable interface {
	store
	Queue() int
}

// open opens the log for writing. On EventStoreDB it is written to only as long as term's context lasts.
func (p place) open(ctx context.Context, clock func() time.Time, committed func(commits.Batch), term func() context.Context) (writable, error) {
	switch {
	case p.url == "":
		return sqlstore.Open(ctx, p.dir, sqlstore.Options{Clock: clock, OnCommit: committed})
	case p.onEventStoreDB():
		return esdb.Open(ctx, p.url, esdb.Options{Clock: clock, OnCommit: committed, Term: term})
	default:
		return pgstore.Open(ctx, p.url, pgstore.Options{Clock: clock, OnCommit: committed})
	}
}

// read opens the log for reading only, also while a server writes it. Where there is none it is fault.NotFound.
func (p place) read(ctx context.Context) (store, error) {
	switch {
	case p.url == "":
		return sqlstore.OpenReadOnly(ctx, p.dir)
	case p.onEventStoreDB():
		return esdb.OpenReadOnly(ctx, p.url)
	default:
		return pgstore.OpenReadOnly(ctx, p.url)
	}
}

// target is a log that is filled with the records of another one.
type target interface {
	backup.Target
	Close() error
}

// target opens the log to be filled with the records of the one with that id: a replica of it, or on EventStoreDB its
// successor.
func (p place) target(ctx context.Context, id uuid.UUID) (target, error) {
	switch {
	case p.url == "":
		return sqlstore.OpenReplica(ctx, p.dir, id)
	case p.onEventStoreDB():
		return esdb.OpenSuccessor(ctx, p.url, id, esdb.Options{})
	default:
		return pgstore.OpenReplica(ctx, p.url, id, pgstore.Options{})
	}
}

// generations gives the views'.
func (p place) generations(readOnly bool) (views.Generations, error) {
	if p.url == "" {
		return sqlstore.NewGenerations(p.dir, readOnly), nil
	}
	return pgstore.NewGenerations(p.url, readOnly)
}

// read opens the log of the flags for reading only.
func (s storage) read(ctx context.Context) (store, error) {
	log, _, err := s.places()
	if err != nil {
		return nil, err
	}
	return log.read(ctx)
}

// empty says whether there is no log yet, or an empty one.
func (s storage) empty(ctx context.Context) (empty bool, err error) {
	log, err := s.read(ctx)
	if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	head, err := log.Head(ctx)
	return head == 0, err
}
