package programme

import "slices"

// IndexEvent is what can happen to the one stream that lists the programmes ("programmes").
//
//sumtype:decl
type IndexEvent interface{ indexEvent() }

// Listed says that there is (or is about to be) a programme of that code.
type Listed struct {
	Code string `json:"code"`
}

func (Listed) indexEvent() {}

// Index is the codes of all programmes, in the order they were first listed.
type Index []string

// EvolveIndex folds one event of the list.
func EvolveIndex(s Index, e IndexEvent) Index {
	if e, ok := e.(Listed); ok {
		return append(slices.Clip(s), e.Code)
	}
	return s
}

// DecideList lists a programme once.
func DecideList(s Index, code string) ([]IndexEvent, error) {
	if slices.Contains(s, code) {
		return nil, nil
	}
	return []IndexEvent{Listed{Code: code}}, nil
}
