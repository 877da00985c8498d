package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// router registers the generated handlers: each route with its operation of the contract and the gates before it.
type router struct {
	server *Server
	err    error
}

// The methods of gen.EchoRouter.

func (r *router) GET(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodGet, path, h)
}
func (r *router) POST(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPost, path, h)
}
func (r *router) PUT(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPut, path, h)
}
func (r *router) PATCH(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPatch, path, h)
}
func (r *router) DELETE(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodDelete, path, h)
}
func (r *router) HEAD(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodHead, path, h)
}
func (r *router) OPTIONS(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodOptions, path, h)
}
func (r *router) CONNECT(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodConnect, path, h)
}
func (r *router) TRACE(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodTrace, path, h)
}

func (r *router) add(method, path string, h echo.HandlerFunc) *echo.Route {
	s := r.server
	if path == "/clock" && s.Rehearsal == nil {
		return nil
	}
	op, err := s.contract.operation(method, path)
	if err != nil {
		r.err = err
		return nil
	}
	var gates []echo.MiddlewareFunc
	if !op.open {
		gates = append(gates, s.authenticate)
	}
	if method != http.MethodGet && method != http.MethodHead {
		gates = append(gates, s.forward(op))
	}
	gates = append(gates, s.hold(op))
	if !op.open && !exempt[op.OperationID] {
		gates = append(gates, s.admit)
		s.admitted[base+path] = true
	}
	if op.atRoot {
		s.echo.Add(method, path, h, gates...)
	}
	return s.echo.Add(method, base+path, h, gates...)
}
