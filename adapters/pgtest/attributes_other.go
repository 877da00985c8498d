//go:build !linux

package pgtest

import "syscall"

// attributes leaves everything as it is: elsewhere tests do not run as root, and Main ends the server.
func attributes(*account) *syscall.SysProcAttr { return nil }
