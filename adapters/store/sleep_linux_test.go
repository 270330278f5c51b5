package store_test

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// alarms are timers of the system that are free. The runtime's own wake up to a
// millisecond late on an idle processor, which is a fifth of a call here.
var alarms sync.Pool

type alarm struct {
	fd   int // beside the file, whose Fd method would make it block a thread
	file *os.File
}

// sleep waits with the precision of the system.
func sleep(d time.Duration) {
	a, ok := alarms.Get().(*alarm)
	if !ok {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			time.Sleep(d)
			return
		}
		a = &alarm{fd, os.NewFile(uintptr(fd), "timerfd")}
	}
	defer alarms.Put(a)
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		time.Sleep(d)
		return
	}
	var expirations [8]byte
	_, _ = a.file.Read(expirations[:])
}
