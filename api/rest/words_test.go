package rest_test

import (
	"encoding/json"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"gridward/domain/fault"
)

// People of the tests.
const (
	officer  = "0190f5fe-7c00-7a00-8a00-000000000001"
	chief    = "0190f5fe-7c00-7a00-8a00-000000000002"
	room     = "0190f5fe-7c00-7a00-8a00-000000000003"
	station  = "0190f5fe-7c00-7a00-8a00-000000000004"
	director = "0190f5fe-7c00-7a00-8a00-000000000005"
)

var queueFull = &fault.Error{Kind: fault.Unavailable, Code: "queue_full", Message: "too much is waiting", RetryAfter: 1200 * time.Millisecond}

// zapText writes a log line out as a file would have it.
func zapText(message string, fields []zap.Field) (string, error) {
	e := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(e)
	}
	raw, err := json.Marshal(e.Fields)
	return message + " " + string(raw), err
}
