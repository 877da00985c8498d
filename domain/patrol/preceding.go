package patrol

import "time"

// Preceding reports whether a period, given by its key and its ends, is the last of its kind before the one in which
// an instant lies. Before holidays there is no such division: there any that ended within a year precedes.
func Preceding(key string, from, to, at time.Time, zone *time.Location) bool {
	if to.After(at) {
		return false
	}
	for _, kind := range Kinds {
		if p, ok := civil(kind, Midnight(from, zone)); ok && p.Key == key {
			next, _ := civil(kind, Midnight(to, zone))
			return at.Before(next.To)
		}
	}
	return at.Before(to.AddDate(1, 0, 0))
}
