package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gridward/domain/fault"
)

// room is how large a body may be, in bytes, and how long a request may take, from a phone at the edge of its network for
// instance; 0 is the server's own time.
type room struct {
	bytes int64
	time  time.Duration
}

// How large bodies may be, in bytes: an ordinary one, a batch of patrols and a register.
const (
	maxBody   = 1 << 20
	maxBatch  = 8 << 20
	maxImport = 256 << 20
)

// rooms are those of the operations that need another one.
var rooms = map[string]room{
	"logInspections": {maxBatch, 5 * time.Minute},
	"importCells":    {maxImport, 30 * time.Minute},
	"moveClock":      {maxBody, 10 * time.Minute},
	"rebuildViews":   {maxBody, 6 * time.Hour},
}

const (
	bodyKey = "body"
	opKey   = "operation"
)

// commandSpace is the namespace of command ids made from idempotency keys. It never changes.
var commandSpace = uuid.MustParse("5b0c6f0e-8f0f-5d0b-9d8e-3f1d1a7f6f11")

// hold holds a request against its operation of the contract, before the handler sees it.
func (s *Server) hold(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(opKey, op.OperationID)
			if err := s.holdRequest(c, op); err != nil {
				if op.command() {
					s.outcome(c, false, err)
				}
				return err
			}
			return next(c)
		}
	}
}

func (s *Server) holdRequest(c echo.Context, op *operation) error {
	if op.room.time > 0 {
		unhurried(c, op.room.time)
	}
	if err := s.holdParameters(c, op); err != nil {
		return err
	}
	if op.command() {
		if err := s.stamp(c); err != nil {
			return err
		}
	}
	return s.holdBody(c, op)
}

// holdParameters drops empty query parameters, refuses unknown ones, and checks the others. Ids in paths are
// lower-cased, as the log has them.
func (s *Server) holdParameters(c echo.Context, op *operation) error {
	r := c.Request()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_request", "the query cannot be read")
	}
	var bad fault.Fields
	for name, values := range query {
		switch {
		case len(values) == 1 && values[0] == "":
			delete(query, name)
		case !op.query[name] && !op.atRoot: // probes may carry what they like
			bad.Add(name, "is not a parameter of this request")
		case len(values) > 1:
			bad.Add(name, "is given more than once")
		}
	}
	r.URL.RawQuery = query.Encode()
	for i, name := range c.ParamNames() {
		if name == "id" {
			c.ParamValues()[i] = strings.ToLower(c.ParamValues()[i])
		}
	}
	for _, p := range op.params {
		var raw []string
		switch p.In {
		case openapi3.ParameterInQuery:
			raw = query[p.Name]
		case openapi3.ParameterInHeader:
			raw = r.Header.Values(p.Name)
			if len(raw) > 1 {
				bad.Add(p.Name, "is given more than once")
				continue
			}
		case openapi3.ParameterInPath:
			raw = []string{c.Param(p.Name)}
		}
		if len(raw) == 0 {
			if p.Required {
				bad.Add(p.Name, "is required")
			}
			continue
		}
		bad = append(bad, s.checkParameter(p, raw[0])...)
	}
	sorted(bad)
	return bad.Err()
}

func (s *Server) checkParameter(p *openapi3.Parameter, raw string) fault.Fields {
	var value any = raw
	schema := p.Schema.Value
	switch {
	case schema.Type.Is("integer"):
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil {
			return fault.Fields{{Field: p.Name, Reason: "is not a whole number"}}
		}
		value = float64(n)
	case schema.Type.Is("boolean"):
		b, err := strconv.ParseBool(raw)
		if err != nil {
			return fault.Fields{{Field: p.Name, Reason: "is neither true nor false"}}
		}
		value = b
	case !utf8.ValidString(raw), strings.ContainsRune(raw, 0):
		return fault.Fields{{Field: p.Name, Reason: "is not text in UTF-8"}}
	}
	return s.contract.check(schema, value, p.Name)
}

// stamp makes the command's id and reads the version the client insists on.
func (s *Server) stamp(c echo.Context) error {
	by := byOf(c)
	if key := c.Request().Header.Get("Idempotency-Key"); key != "" {
		if !printable(key) {
			return fault.BadField("Idempotency-Key", "is not 1 to 255 printable characters")
		}
		by.CommandID = uuid.NewSHA1(commandSpace, []byte(by.Actor+"\n"+by.OnBehalfOf+"\n"+key))
		by.Keyed = true
	} else {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		by.CommandID = id
	}
	if tag := c.Request().Header.Get("If-Match"); tag != "" {
		inner := tag
		if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
			inner = tag[1 : len(tag)-1]
		}
		version, err := strconv.ParseUint(inner, 10, 63)
		if err != nil {
			return refuse(http.StatusBadRequest, "bad_if_match", `If-Match is not a version, as "3"`)
		}
		by.IfMatch = &version
	}
	c.Set(byKey, by)
	return nil
}

func printable(key string) bool {
	for i := range len(key) {
		if key[i] < 0x20 || key[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(key) && len(key) <= 255
}

// holdBody checks content type and size; a JSON body is read whole and held against its schema.
func (s *Server) holdBody(c echo.Context, op *operation) error {
	if op.media == nil {
		return nil
	}
	if err := op.bound(c); err != nil {
		return err
	}
	r := c.Request()
	if r.ContentLength == 0 && !op.RequestBody.Value.Required {
		c.Set(bodyKey, []byte("{}"))
		return nil
	}
	media, err := mediaOf(r.Header.Get(echo.HeaderContentType), op)
	if err != nil {
		return err
	}
	if media.Schema == nil || media.Schema.Value.Format == "binary" {
		return nil // the handler reads it
	}
	raw, err := readAll(r.Body, r.ContentLength)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(raw)) == 0 && !op.RequestBody.Value.Required {
		raw = []byte("{}")
	}
	value, err := parseJSON(raw)
	if err != nil {
		return err
	}
	bad := s.contract.check(media.Schema.Value, value, "")
	if op.OperationID != "logInspections" { // its items are held one by one
		text(&bad, value, "")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if err := stampOccurred(c, value); err != nil {
		return err
	}
	c.Set(bodyKey, raw)
	return nil
}

// bound bounds the body's size.
func (op *operation) bound(c echo.Context) error {
	r := c.Request()
	if r.ContentLength > op.room.bytes {
		return errTooLarge
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, op.room.bytes)
	return nil
}

// stampOccurred takes occurred_at out of the envelope.
func stampOccurred(c echo.Context, value any) error {
	fields, _ := value.(map[string]any)
	text, ok := fields["occurred_at"].(string)
	if !ok {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fault.BadField("occurred_at", "%s", errInstant.Error())
	}
	by := byOf(c)
	by.OccurredAt = at
	c.Set(byKey, by)
	return nil
}

func mediaOf(header string, op *operation) (*openapi3.MediaType, error) {
	kind, params, err := mime.ParseMediaType(header)
	known := op.media[kind]
	if charset := params["charset"]; err != nil || known == nil || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "the content type is not one this route takes")
	}
	return known, nil
}

func readAll(from io.Reader, length int64) ([]byte, error) {
	var buf bytes.Buffer
	if length > 0 {
		buf.Grow(int(min(length, maxBatch)) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(from); err != nil {
		return nil, bodyError(err)
	}
	return buf.Bytes(), nil
}

// bodyError words a body that could not be read to its end.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return errCutOff
}

// parseJSON reads exactly one JSON value of valid UTF-8.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errMalformed
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, errMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return value, nil
}

// decode reads the body, already held against the contract, into a command.
func decode[T any](c echo.Context) (T, error) {
	var cmd T
	raw, _ := c.Get(bodyKey).([]byte)
	return cmd, unmarshal(raw, &cmd)
}

// unmarshal words what the schema let through and Go does not take, a number beyond its type for instance.
func unmarshal(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return fault.BadField(wrong.Field, "cannot be a %s", wrong.Value)
	}
	return errMalformed
}
