//go:build bench

package bench

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// patrol is one to be logged: the command, and the same as the body of a request. Both lack only an id of their own.
type patrol struct {
	cmd  inspection.Log
	body []byte
	id   int // where the id stands in body
}

// patrolsOf makes patrols of today out of the demo's: in water, fire and market, each by somebody who holds a duty
// there. Every tenth has found something. What they refer to is among the log's first records, known of them.
func patrolsOf(records []app.Record, known int) ([]patrol, error) {
	s, err := survey(records, known)
	if err != nil {
		return nil, err
	}
	now := time.Now().In(china).Truncate(time.Second)
	var patrols []patrol
	for _, logged := range s.logged {
		if !s.stands(logged) {
			continue
		}
		cmd := commandOf(logged.Report, now)
		if len(patrols)%10 == 9 {
			find(&cmd, s.programmes[cmd.Programme])
		}
		p := patrol{cmd: cmd}
		cmd.ID = placeholder
		if p.body, err = json.Marshal(cmd); err != nil {
			return nil, err
		}
		if p.id = bytes.Index(p.body, []byte(placeholder)); p.id < 0 {
			return nil, errors.New("a patrol without an id")
		}
		patrols = append(patrols, p)
	}
	if len(patrols) < 100 {
		return nil, fmt.Errorf("the demo has only %d patrols to copy", len(patrols))
	}
	return patrols, nil
}

func cellsOf(patrols []patrol) int {
	cells := map[grid.CellCode]bool{}
	for _, p := range patrols {
		cells[p.cmd.Cell] = true
	}
	return len(cells)
}

const placeholder = "00000000-0000-4000-8000-000000000000"

// surveyed is what the load has to know of the demo's log.
type surveyed struct {
	codec      app.Codec
	programmes map[string]programme.Programme
	logged     []inspection.Logged
	known      map[string]bool // people and duties of the log's beginning
	ended      map[string]bool // duties
	gone       map[grid.CellCode]bool
}

func survey(records []app.Record, known int) (*surveyed, error) {
	s := &surveyed{codec: eventcodec.New(), programmes: map[string]programme.Programme{}, known: map[string]bool{},
		ended: map[string]bool{}, gone: map[grid.CellCode]bool{}}
	for i, r := range records {
		event, err := s.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return nil, err
		}
		switch e := event.(type) {
		case programme.Published:
			s.programmes[e.Programme.Code] = e.Programme
		case inspection.Logged:
			s.logged = append(s.logged, e)
		case grid.PersonRegistered:
			s.known[e.ID] = i < known
		case grid.DutyGiven:
			s.known[e.Duty] = i < known
		case grid.DutyEnded:
			s.ended[e.Duty] = true
		case grid.CellRetired, grid.CellReplaced:
			s.gone[grid.CellCode(r.Meta.Cell)] = true
		}
	}
	return s, nil
}

// stands reports whether the very same patrol may be made today.
func (s *surveyed) stands(l inspection.Logged) bool {
	return l.Report.Kind == inspection.Routine && l.Report.Campaign == "" && len(l.Acting) > 0 && !s.gone[l.Report.Cell] &&
		!slices.ContainsFunc(l.Acting, func(a inspection.Acting) bool { return s.ended[a.Duty] || !s.known[a.Duty] }) &&
		!slices.ContainsFunc(l.Report.Participants, func(p inspection.Participant) bool { return p.Person != "" && !s.known[p.Person] })
}

// commandOf is the command that would log the report today.
func commandOf(r inspection.Report, now time.Time) inspection.Log {
	cmd := inspection.Log{Programme: r.Programme, Cell: r.Cell, Officer: r.Officer, Kind: r.Kind, Surprise: r.Surprise,
		StartedAt: now.Add(-90 * time.Minute), EndedAt: now.Add(-time.Hour), Content: r.Content, Measures: r.Measures,
		Location: r.Location, Evidence: r.Evidence, Checklist: slices.Clone(r.Checklist)}
	for _, p := range r.Participants {
		if p.Person != "" {
			cmd.Participants = append(cmd.Participants, p.Person)
		} else {
			cmd.Participants = append(cmd.Participants, p.Name.Reveal())
		}
	}
	for i := range cmd.Checklist {
		if cmd.Checklist[i].Result == inspection.Fail {
			cmd.Checklist[i] = inspection.CheckResult{Item: cmd.Checklist[i].Item, Result: inspection.Pass}
		}
	}
	return cmd
}

// find has a patrol find the first minor item of its programme's catalogue.
func find(cmd *inspection.Log, p programme.Programme) {
	i := max(0, slices.IndexFunc(p.Catalogue, func(i programme.Item) bool { return i.Severity == programme.Minor }))
	if i < len(p.Catalogue) {
		cmd.Hazards = []inspection.Found{{Item: p.Catalogue[i].Item, Description: p.Catalogue[i].Name + "，已责令限期整改。"}}
	}
}

// ids makes ids that nothing else has.
type ids struct {
	random *rand.Rand
	text   [36]byte
}

func newIDs() *ids { return &ids{random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))} }

// next is valid until the next call.
func (n *ids) next() []byte {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:8], n.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], n.random.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	b := hex.AppendEncode(n.text[:0], id[:4])
	b = hex.AppendEncode(append(b, '-'), id[4:6])
	b = hex.AppendEncode(append(b, '-'), id[6:8])
	b = hex.AppendEncode(append(b, '-'), id[8:10])
	return hex.AppendEncode(append(b, '-'), id[10:])
}
