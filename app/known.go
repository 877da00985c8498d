package app

import "context"

// KnowsPerson reports whether there is a person of that id.
func (a *App) KnowsPerson(ctx context.Context, id string) (bool, error) {
	known, err := a.knownPersons(ctx, id)
	return known[id], err
}
