//go:build !linux

package storetest

import (
	"os"
	"syscall"
)

// quit ends the server.
var quit = os.Kill

func own(string) error { return nil }

func unprivileged() *syscall.SysProcAttr { return nil }
