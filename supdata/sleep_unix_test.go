//go:build unix

package supdata_test

import (
	"syscall"
	"time"
)

// sleep waits with the precision of the system: the runtime's own timers wake up to a
// millisecond late, which is a fifth of a call here.
func sleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil)
}
