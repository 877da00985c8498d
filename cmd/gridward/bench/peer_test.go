//go:build bench

package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/api/rest"
	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/programme"
)

// peerVariable makes a process of this test's binary the peer; it names a directory for the views nobody writes.
const peerVariable = "GRIDWARD_BENCH_PEER"

// servePeer serves the door with nothing behind POST /inspections: same middleware, same contract, same access log,
// same soft limit of the heap. It ends with the process.
func servePeer(dir string) error {
	debug.SetMemoryLimit(128 << 20)
	log, codec := memstore.New(time.Now), eventcodec.New()
	house, err := app.New(log, codec, 16)
	if err != nil {
		return err
	}
	v := views.New(log, codec, sqlstore.NewGenerations(dir, false), china)
	if err := v.Open(context.Background(), nil); err != nil {
		return err
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(c), zapcore.Lock(zapcore.AddSync(os.Stderr)), zap.InfoLevel))
	door, err := rest.NewPeer(rest.Options{
		App: house, Views: v, Log: log, Codec: codec, Clock: time.Now, Logger: logger, Registry: prometheus.NewRegistry(),
		AdminToken: token, SpoolDir: dir, Zone: china, Build: gen.Version{Version: "peer"},
		ParseProgramme: func(src []byte) (programme.Programme, error) { return programmes.Parse("programme.yaml", src) },
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("The peer listens on http://%s\n", listener.Addr())
	return door.Serve(listener)
}
