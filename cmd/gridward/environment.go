package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// fromEnvironment lets every flag be set in the environment, but for those that must be typed.
func fromEnvironment(lookup func(string) (string, bool)) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if flag.Tag.Has("typed") {
			return nil, nil
		}
		name := "GRIDWARD_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value, set := lookup(name); set && value != "" {
			return value, nil
		}
		return nil, nil
	})
}

const (
	tokenVariable = "GRIDWARD_ADMIN_TOKEN" //nolint:gosec // the variable's name, not a token
	tokenFile     = "admin.token"
	tokenLeast    = 16 // characters
)

// token is the administrator's token and where it comes from.
type token struct {
	value string
	file  string // "": the operator set it, and it is never shown
	made  bool   // just now
}

// checkToken refuses a token of the operator's that is too short, before anything else is begun.
func checkToken(lookup func(string) (string, bool)) error {
	if value, set := lookup(tokenVariable); set && value != "" && len(value) < tokenLeast {
		return fmt.Errorf("%s has %d characters and needs %d at least", tokenVariable, len(value), tokenLeast)
	}
	return nil
}

// adminToken takes the administrator's token from the environment, or else from the data directory, where it is
// made if there is none. What it says in an error never contains the token.
func adminToken(lookup func(string) (string, bool), dir string) (token, error) {
	if value, set := lookup(tokenVariable); set && value != "" {
		return token{value: value}, checkToken(lookup)
	}
	path := filepath.Join(dir, tokenFile)
	kept, err := os.ReadFile(path)
	if err == nil {
		value := strings.TrimSpace(string(kept))
		if len(value) < tokenLeast {
			return token{}, fmt.Errorf("%s holds a token of fewer than %d characters: remove it, or set %s", path, tokenLeast, tokenVariable)
		}
		return token{value: value, file: path}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return token{}, fmt.Errorf("the administrator's token: %w", err)
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return token{}, fmt.Errorf("the administrator's token: %w", err)
	}
	value := base64.RawURLEncoding.EncodeToString(random)
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		return token{}, fmt.Errorf("set %s, for none can be kept: %w", tokenVariable, err)
	}
	return token{value: value, file: path, made: true}, nil
}
