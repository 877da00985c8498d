package webhooks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gridward/app/react"
)

// Hook is one receiver, as the operator's file names it.
type Hook struct {
	Name       string   `yaml:"name"` // also of its checkpoint and its parking
	URL        string   `yaml:"url"`
	SecretEnv  string   `yaml:"secret_env"`  // the variable with the secret: whsec_ and base64; two of them while it is changed
	SecretFile string   `yaml:"secret_file"` // or the file
	Types      []string `yaml:"types"`       // case.filed, case.*; without any, all
	Programmes []string `yaml:"programmes"`
	Cells      []string `yaml:"cells"` // with what is below them
	From       string   `yaml:"from"`  // beginning, or now, when it is new; without it: now

	secret string
}

// Filter is what the hook wants to hear of.
func (h Hook) Filter() react.Filter {
	return react.Filter{Types: h.Types, Programmes: h.Programmes, Cells: h.Cells}
}

// FromStart reports whether it wants the log from its beginning, the first time.
func (h Hook) FromStart() bool { return h.From == "beginning" }

var hookName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Parse reads the operator's file: a list of hooks under the key webhooks. Secrets come from the environment (lookup) or from
// files. What it says in an error contains neither a secret nor an address.
func Parse(raw []byte, lookup func(string) (string, bool)) ([]Hook, error) {
	var file struct {
		Webhooks []Hook `yaml:"webhooks"`
	}
	if err := yaml.UnmarshalWithOptions(raw, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("webhooks: %s", withoutSource(err))
	}
	taken := map[string]bool{}
	for i := range file.Webhooks {
		h := &file.Webhooks[i]
		if !hookName.MatchString(h.Name) {
			return nil, fmt.Errorf("webhooks: the name of number %d must be of small letters, digits and -", i+1)
		}
		if taken[h.Name] {
			return nil, fmt.Errorf("webhooks: there are two of the name %s", h.Name)
		}
		taken[h.Name] = true
		if err := h.check(lookup); err != nil {
			return nil, fmt.Errorf("webhook %s: %w", h.Name, err)
		}
	}
	return file.Webhooks, nil
}

func (h *Hook) check(lookup func(string) (string, bool)) error {
	if u, err := url.Parse(h.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("url must be http:// or https:// and a host")
	}
	if h.From != "" && h.From != "now" && h.From != "beginning" {
		return errors.New("from is now or beginning")
	}
	switch {
	case (h.SecretEnv == "") == (h.SecretFile == ""):
		return errors.New("give one of secret_env and secret_file")
	case h.SecretEnv != "":
		value, set := lookup(h.SecretEnv)
		if !set || value == "" {
			return fmt.Errorf("the variable %s is not set", h.SecretEnv)
		}
		h.secret = value
	default:
		raw, err := os.ReadFile(h.SecretFile)
		if err != nil {
			return err
		}
		h.secret = string(raw)
	}
	_, err := signers(h.secret)
	return err
}

// secretLeast is how many bytes a key has at least; Standard Webhooks asks for 24 to 64.
const secretLeast = 24

// signers reads secrets: one, or while they are changed several with spaces between. Its errors say nothing of them.
func signers(secrets string) (out []*standard.Webhook, err error) {
	wrong := fmt.Errorf("the secret must be whsec_ and the base64 of %d bytes or more", secretLeast)
	for _, secret := range strings.Fields(secrets) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < secretLeast {
			return nil, wrong
		}
		one, err := standard.NewWebhookRaw(key)
		if err != nil {
			return nil, wrong
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, wrong
	}
	return out, nil
}

// withoutSource is a YAML error without the lines of the file it shows.
func withoutSource(err error) string { return yaml.FormatError(err, false, false) }
