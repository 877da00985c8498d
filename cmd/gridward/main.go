// Command gridward is the program: it serves, and looks after a data directory. It alone sees everything; wire.go
// puts the parts together.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"
	"google.golang.org/grpc/grpclog"
)

// version is set by the linker (Makefile).
var version = "unknown"

func main() {
	// Only the first signal counts: some supervisors send two, and the stop has a limit of its own.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) // what EventStoreDB's connections meet is in the errors
	if err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "gridward:", err)
		os.Exit(1)
	}
}

// env is where a command runs: tests give it another.
type env struct {
	ctx    context.Context // ends when the program is asked to stop
	lookup func(string) (string, bool)
	stdout io.Writer
	stderr io.Writer
}

// say prints for whoever ran the command. If nobody takes it, the work is done all the same.
func (e *env) say(format string, args ...any) { _, _ = fmt.Fprintf(e.stdout, format, args...) }

// cli is what can be asked of the program.
type cli struct {
	Serve   serveCommand   `cmd:"" help:"Serve the API on a data directory."`
	Demo    demoCommand    `cmd:"" help:"Fill an empty data directory with a district and a simulated month of work."`
	Import  importCommands `cmd:"" help:"Take in files."`
	Log     logCommand     `cmd:"" help:"Print events; a server may run meanwhile."`
	Check   checkCommand   `cmd:"" help:"Read the whole log and compare every view with a fresh rebuild; a server may run meanwhile."`
	Parked  parkedCommand  `cmd:"" help:"List the notices and webhooks' events that could not be told, and have them tried again."`
	Rebuild rebuildCommand `cmd:"" help:"Build the views anew from the log."`
	Backup  backupCommand  `cmd:"" help:"Back the log up into a directory; a server may run meanwhile."`
	Restore restoreCommand `cmd:"" help:"Fill an empty place from a backup, up to a position or an instant."`
	Copy    copyCommand    `cmd:"" help:"Copy a log to another engine, and verify it."`
	Bench   benchCommands  `cmd:"" help:"Measure this machine."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// run does one command and returns when it is over. Every flag may also come from the environment, as GRIDWARD_
// and its name in capitals, but for those of bench that say where to write.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), stdout, stderr io.Writer) error {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("gridward"),
		kong.Description("Supervision of grid governance: every fact in one log. Every flag may also be set in the environment: --data as GRIDWARD_DATA, and so on."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.Resolvers(fromEnvironment(lookup)),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if helped {
		return nil
	}
	if err != nil {
		return err
	}
	limitMemory(lookup)
	return command.Run(&env{ctx: ctx, lookup: lookup, stdout: stdout, stderr: stderr})
}

// memoryLimit is the soft limit of Go's own heap while the operator sets none (GOMEMLIMIT). What SQLite caches
// comes on top of it; together they stay under 300 MB.
const memoryLimit = 112 << 20

// Each connection takes some 64 KB while a request is on it. A limit that many connections fill has the collector work
// all the time, so it grows with them, in steps, up to 4,096 of them: 256 MiB more. It does not fall again when they go:
// what they have left of the heap is torn, and fits below the lower limit only with twice the collections.
const (
	connectionBytes = 64 << 10
	connectionStep  = 256
	connectionSteps = 16
)

// roomFor keeps the heap's limit at what the most connections there were need.
func roomFor(lookup func(string) (string, bool)) func(connections int) {
	if _, set := lookup("GOMEMLIMIT"); set {
		return nil
	}
	var mu sync.Mutex
	most := 0
	return func(connections int) {
		steps := min(connections/connectionStep, connectionSteps)
		mu.Lock()
		defer mu.Unlock()
		if steps > most {
			most = steps
			debug.SetMemoryLimit(memoryLimit + int64(steps)*connectionStep*connectionBytes)
		}
	}
}

// roomyLimit is the same while nothing is served: views are built from nothing, or a full demonstration is drawn up.
const roomyLimit = 512 << 20

// roomyPercent is how much a heap that has room grows between two collections; near the limit they come sooner.
const roomyPercent = 400

func limitMemory(lookup func(string) (string, bool)) {
	if _, set := lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// roomy gives the heap more room, until back is called.
func (e *env) roomy() (back func()) {
	if _, set := e.lookup("GOMEMLIMIT"); set {
		return func() {}
	}
	debug.SetMemoryLimit(roomyLimit)
	percent := debug.SetGCPercent(roomyPercent)
	return func() {
		debug.SetGCPercent(percent)
		limitMemory(e.lookup)
	}
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(e *env) error {
	b := build()
	_, err := fmt.Fprintf(e.stdout, "gridward %s (%s, %s)\n", b.Version, b.Commit, b.Go)
	return err
}

// buildInfo is what the program knows of its own making.
type buildInfo struct{ Version, Commit, Go string }

func build() buildInfo {
	b := buildInfo{Version: version, Commit: "unknown", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	return b
}
