//go:build !linux

package store_test

import "time"

func sleep(d time.Duration) { time.Sleep(d) }
