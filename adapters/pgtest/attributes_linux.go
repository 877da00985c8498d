package pgtest

import "syscall"

// attributes has a program run as the account, and end at once when the tests do, however they end.
func attributes(a *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} //nolint:gosec // from the system's own list
	}
	return attr
}
