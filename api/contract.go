// Package api is the way in. The contract is openapi.yaml; package rest serves it.
package api

import _ "embed"

// Contract is openapi.yaml as it is served: OpenAPI 3.0.3. Nobody changes the bytes.
//
//go:embed openapi.yaml
var Contract []byte
