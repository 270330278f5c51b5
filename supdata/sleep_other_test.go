//go:build !linux

package supdata_test

import "time"

func sleep(d time.Duration) { time.Sleep(d) }
