package journal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

type benchRecord struct {
	Student string `json:"student"`
	Event   string `json:"event"`
	Attempt int    `json:"attempt"`
}

var bench = benchRecord{Student: "S-20260001", Event: "claimed", Attempt: 3}

// BenchmarkAppend is one durable record; with 16 goroutines, the share of one in a group commit.
func BenchmarkAppend(b *testing.B) {
	for _, goroutines := range []int{1, 16} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			j, _ := open(b, filepath.Join(b.TempDir(), "ledger"), Options{})
			b.ReportAllocs()
			b.SetParallelism(max(goroutines/runtime.GOMAXPROCS(0), 1))
			if goroutines == 1 {
				for b.Loop() {
					if err := j.Append(bench); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := j.Append(bench); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	b.Run("nosync", func(b *testing.B) {
		j, _ := open(b, filepath.Join(b.TempDir(), "ledger"), Options{NoSync: true})
		b.ReportAllocs()
		for b.Loop() {
			if err := j.Append(bench); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAppendFloor is the work below BenchmarkAppend: marshal, write, sync, nothing else.
func BenchmarkAppendFloor(b *testing.B) {
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%t", sync), func(b *testing.B) {
			f, err := os.OpenFile(filepath.Join(b.TempDir(), "raw"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			b.ReportAllocs()
			for b.Loop() {
				line, err := json.Marshal(bench)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := f.Write(append(line, '\n')); err != nil {
					b.Fatal(err)
				}
				if sync {
					if err := f.Sync(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

const benchReplay = 20000

// BenchmarkReplay opens a journal of 20 000 records and decodes each.
func BenchmarkReplay(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger")
	j, _ := open(b, path, Options{NoSync: true})
	for range benchReplay {
		if err := j.Append(bench); err != nil {
			b.Fatal(err)
		}
	}
	size := j.Size()
	j.Close()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		j, err := Open(path, Options{Kind: testKind, NoSync: true, Replay: func(r Record) error {
			n++
			var v benchRecord
			return json.Unmarshal(r.Data, &v)
		}})
		if err != nil || n != benchReplay {
			b.Fatal(n, err)
		}
		j.Close()
	}
}

// BenchmarkReplayFloor reads the same lines with bufio and decodes them unchecked.
func BenchmarkReplayFloor(b *testing.B) {
	path := filepath.Join(b.TempDir(), "raw")
	line, err := json.Marshal(bench)
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	for range benchReplay {
		data = append(append(data, line...), '\n')
	}
	write(b, path, data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for s := bufio.NewScanner(f); s.Scan(); n++ {
			var v benchRecord
			if err := json.Unmarshal(s.Bytes(), &v); err != nil {
				b.Fatal(err)
			}
		}
		f.Close()
		if n != benchReplay {
			b.Fatal(n)
		}
	}
}
