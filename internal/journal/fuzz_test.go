package journal

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

func seeds(f *testing.F) {
	data, _ := sample(4)
	f.Add(data)
	f.Add(data[:len(data)-7])
	f.Add(append(bytes.Clone(data), make([]byte, 100)...))
	f.Add(bytes.Replace(data, []byte("S-2"), []byte("S-9"), 1))
	f.Add(bytes.Replace(data, []byte("\n"), []byte("\n\n"), 3))
	f.Add(header(testKind)[:9])
	f.Add([]byte("student;ine\n"))
}

var fuzzOptions = Options{Kind: testKind, MaxRecord: 1000, NoSync: true}

// scanBytes returns the records of data, and whether it is damaged or no journal at all.
func scanBytes(t *testing.T, data []byte) (records []Record, damaged, fatal bool) {
	scan(bytes.NewReader(data), "f", fuzzOptions, func(rec Record, err error) bool {
		if fatal {
			t.Fatal("the sequence went on after a fatal error")
		}
		d, isDamage := errors.AsType[*DamageError](err)
		switch {
		case err == nil:
			rec.Data = bytes.Clone(rec.Data)
			records = append(records, rec)
		case isDamage:
			if d.Offset < 0 || d.Offset+d.Length > int64(len(data)) {
				t.Fatalf("damage outside the file: %v", d)
			}
			damaged = damaged || !d.Torn
		default:
			fatal = true
		}
		return true
	})
	return records, damaged, fatal
}

// FuzzReplay reads damaged journals: no panic, no record that does not stand in
// the file with its checksum, and every whole line before the first damage.
func FuzzReplay(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		records, _, fatal := scanBytes(t, data)
		var last int64
		for _, rec := range records {
			line := appendLine(nil, rec.Seq, rec.Data)
			if !bytes.HasPrefix(data[rec.Offset:], line) || data[rec.Offset-1] != '\n' || rec.Seq <= last {
				t.Fatalf("invented record %d: %q", rec.Seq, rec.Data)
			}
			last = rec.Seq
		}
		if fatal {
			return
		}
		complete := 0
		for line := range bytes.Lines(data[len(header(testKind)):]) {
			seq, body, ok := parseLine(bytes.TrimSuffix(line, []byte("\n")))
			if !ok || line[len(line)-1] != '\n' || seq != int64(complete+1) || len(body) > fuzzOptions.MaxRecord {
				break
			}
			complete++
		}
		if len(records) < complete {
			t.Fatalf("%d records read, %d complete ones before the first damage", len(records), complete)
		}
	})
}

// FuzzOpen opens damaged journals: it accepts what Scan finds undamaged, replays what Scan reads, and
// what is appended then is found again behind it.
func FuzzOpen(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		records, damaged, _ := scanBytes(t, data)
		var want []string
		for _, rec := range records {
			want = append(want, string(rec.Data))
		}
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, data)
		opts := fuzzOptions
		j, _, err := tryOpen(path, opts)
		if err == nil {
			j.Close()
		}
		if damaged && err == nil {
			t.Fatal("Open accepted damage")
		}
		opts.OnDamage = func(*DamageError) error { return nil }
		j, opened, err := tryOpen(path, opts)
		if err != nil {
			return // no journal
		}
		if fmt.Sprint(opened) != fmt.Sprint(want) {
			t.Fatalf("Open replays %q, Scan reads %q", opened, want)
		}
		if err := j.Append("more"); err != nil {
			t.Fatal(err)
		}
		j.Close()
		j, opened, err = tryOpen(path, opts)
		if err != nil || fmt.Sprint(opened) != fmt.Sprint(append(want, `"more"`)) {
			t.Fatalf("after one more: %q, %v", opened, err)
		}
		j.Close()
	})
}
