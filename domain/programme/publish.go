package programme

import "slices"

// State is what a programme's stream folds into: every version published, the first at index 0.
type State struct {
	Versions []*Programme
	digest   string // of the newest
}

// Evolve folds one event of a programme's stream.
func Evolve(s State, e Event) State {
	if e, ok := e.(Published); ok {
		s.Versions = append(slices.Clip(s.Versions), &e.Programme)
		s.digest = e.Digest
	}
	return s
}
