// Command fakes starts every fake of the SDK on the loopback interface, for a student
// system written in any language, with an address where faults, the clock and the
// state are read and set. Run it with -h.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
