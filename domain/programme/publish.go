package programme

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"gridward/domain/fault"
)

// State is a programme's stream folded: every version ever published, the first at index 0. It is never changed
// in place.
type State struct {
	Versions []Programme
	Digest   string // of the last version
}

// Latest gives the version in force for new cases; ok is false before the first.
func (s State) Latest() (p Programme, ok bool) { return s.Version(len(s.Versions)) }

// Version gives version n, from 1.
func (s State) Version(n int) (p Programme, ok bool) {
	if n < 1 || n > len(s.Versions) {
		return Programme{}, false
	}
	return s.Versions[n-1], true
}

// Evolve folds one event of a programme's stream.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Published:
		s.Versions = append(slices.Clip(s.Versions), e.Programme)
		s.Digest = e.Digest
	}
	return s
}

// DecidePublish publishes a definition as the next version, whatever version it says it has. What is already
// the last version yields no event. An older definition published again is a new version: that is how one goes
// back. A definition that is not sound is a *fault.Error of kind Invalid with its fields; one under another
// code than the stream's is refused (programme_code_differs), and one that corrects a version nobody published is a
// bad field.
func DecidePublish(s State, p Programme) ([]Event, error) {
	if err := Validate(p).Err(); err != nil {
		return nil, err
	}
	if last, ok := s.Latest(); ok && last.Code != p.Code {
		return nil, fault.Refuse("programme_code_differs", "this is programme %s, not %s", last.Code, p.Code)
	}
	digest, err := Digest(p)
	if err != nil {
		return nil, err
	}
	if digest == s.Digest {
		return nil, nil
	}
	if p.Corrects > len(s.Versions) {
		return nil, fault.BadField("corrects", "there is no version %d of %s", p.Corrects, p.Code)
	}
	p.Version = len(s.Versions) + 1
	return []Event{Published{Programme: p, Digest: digest}}, nil
}

// Digest is the SHA-256 of the definition without its version, in hex: equal definitions have equal digests.
func Digest(p Programme) (string, error) {
	p.Version = 0
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("digest of programme %s: %w", p.Code, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
