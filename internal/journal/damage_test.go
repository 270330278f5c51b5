package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// sample returns the bytes of a journal of n records and the JSON of each.
func sample(n int) (data []byte, records []string) {
	data = header(testKind)
	for i := range n {
		rec := fmt.Sprintf(`{"student":"S-%d","event":"%s"}`, i+1, strings.Repeat("e", i*3))
		records = append(records, rec)
		data = appendLine(data, int64(i+1), []byte(rec))
	}
	return data, records
}

func write(tb testing.TB, path string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// TestEveryPrefix cuts a journal at every offset, as a crash does: replay gives
// exactly the complete records, and the journal goes on from there.
func TestEveryPrefix(t *testing.T) {
	t.Parallel()
	data, records := sample(6)
	dir := t.TempDir()
	for cut := range len(data) + 1 {
		for _, tail := range []string{"", "\x00\x00\x00\x00\x00\x00\x00"} {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d", cut, len(tail)))
			write(t, path, append(data[:cut:cut], tail...))
			complete := records[:max(bytes.Count(data[:cut], []byte("\n"))-1, 0)]
			j, got, err := tryOpen(path, Options{NoSync: true})
			if cut < len(header(testKind)) && len(tail) > 0 && cut+len(tail) > len(header(testKind)) {
				// More zeros than the first line has room for: no trace of ours.
				if !errors.Is(err, passerelle.ErrInvalid) {
					t.Fatalf("cut at %d with zeros beyond the first line: %v, want ErrInvalid", cut, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			if fmt.Sprint(got) != fmt.Sprint(complete) {
				t.Fatalf("cut at %d: replayed %q, want %q", cut, got, complete)
			}
			rep, repaired := j.Repaired()
			rest := len(data[:cut]) - (bytes.LastIndexByte(data[:cut], '\n') + 1) + len(tail)
			if cut >= len(header(testKind)) && (repaired != (rest > 0) || rep.Length != int64(rest)) {
				t.Fatalf("cut at %d: repair %+v (%t), want %d bytes", cut, rep, repaired, rest)
			}
			if repaired {
				saved, err := os.ReadFile(rep.SavedTo)
				if want := string(data[rep.Offset:cut]) + tail + "\n"; err != nil || string(saved) != want {
					t.Fatalf("cut at %d: saved %q (%v), want %q", cut, saved, err, want)
				}
			}
			appendAll(t, j, "next")
			j.Close()
			j, got, err = tryOpen(path, Options{NoSync: true})
			if err != nil || fmt.Sprint(got) != fmt.Sprint(append(complete[:len(complete):len(complete)], `"next"`)) {
				t.Fatalf("cut at %d, then one more: replayed %q, %v", cut, got, err)
			}
			j.Close()
		}
	}
}

// TestEveryByte changes each byte of a journal in turn: what is before the
// damage and what is behind it are read, and nothing else.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	data, records := sample(5)
	first := len(header(testKind))
	path := filepath.Join(t.TempDir(), "f")
	for at := first; at < len(data); at++ {
		for _, to := range []byte{data[at] ^ 1, data[at] ^ 0x80, '\n', 0} {
			if to == data[at] {
				continue
			}
			bad := bytes.Clone(data)
			bad[at] = to
			write(t, path, bad)
			hit := bytes.Count(data[first:at], []byte("\n")) // index of the record that was hit
			lost := map[int]bool{hit: true}
			if data[at] == '\n' {
				lost[hit+1] = true // two lines became one
			}
			var want, got []string
			for i, r := range records {
				if !lost[i] {
					want = append(want, r)
				}
			}
			var damage []*DamageError
			for rec, err := range Scan(path, Options{Kind: testKind}) {
				if err == nil {
					got = append(got, string(rec.Data))
				} else if d, ok := errors.AsType[*DamageError](err); ok {
					damage = append(damage, d)
				} else {
					t.Fatal(err)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("byte %d to %q: read %q, want %q", at, to, got, want)
			}
			if len(damage) == 0 {
				t.Fatalf("byte %d to %q: no damage reported", at, to)
			}
			if d := damage[0]; d.Offset > int64(at) || d.Offset+d.Length < int64(at) {
				t.Fatalf("byte %d to %q: damage reported at %d+%d", at, to, d.Offset, d.Length)
			}
			// Open refuses all of it, except what looks like the trace of a crash at the very end.
			j, _, err := tryOpen(path, Options{NoSync: true})
			// A zero byte for the newline of the last but one makes a single line of both.
			end := len(records) - 1
			crash := hit == end && (to == 0 || data[at] == '\n') || hit == end-1 && to == 0 && data[at] == '\n'
			if crash != (err == nil) {
				t.Fatalf("byte %d (%q) to %q in record %d: Open: %v", at, data[at], to, hit+1, err)
			}
			if err == nil {
				j.Close()
			}
		}
	}
}

// summed returns a line whose checksum is right, whatever it holds.
func summed(rest string) string {
	return fmt.Sprintf("%08x %s\n", crc32.Checksum([]byte(rest), castagnoli), rest)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	head := string(header(testKind))
	line := func(seq int64, body string) string { return string(appendLine(nil, seq, []byte(body))) }
	one, two, three, four := line(1, `"one"`), line(2, `"two"`), line(3, `"three"`), line(4, `"four"`)
	h := int64(len(head))
	n := func(s string) int64 { return int64(len(s)) }
	bad := "this is no record\n"
	for name, c := range map[string]struct {
		data string
		want []string
		// damage in order, Path left out
		damage []DamageError
	}{
		"nothing wrong": {head + one + two, []string{`"one"`, `"two"`}, nil},
		"bad between good": {head + one + bad + three, []string{`"one"`, `"three"`},
			[]DamageError{{Offset: h + n(one), Length: n(bad), After: 1, Lost: 1, Rule: RuleChecksum}}},
		"bad at the start": {head + bad + two, []string{`"two"`},
			[]DamageError{{Offset: h, Length: n(bad), Lost: 1, Rule: RuleChecksum}}},
		"two bad lines": {head + one + bad + bad + four, []string{`"one"`, `"four"`},
			[]DamageError{{Offset: h + n(one), Length: 2 * n(bad), After: 1, Lost: 2, Rule: RuleChecksum}}},
		"line removed": {head + one + three + four, []string{`"one"`, `"three"`, `"four"`},
			[]DamageError{{Offset: h + n(one), After: 1, Lost: 1, Rule: RuleSequence}}},
		"line repeated": {head + one + two + two + three, []string{`"one"`, `"two"`, `"three"`},
			[]DamageError{{Offset: h + n(one) + n(two), Length: n(two), After: 2, Rule: RuleSequence}}},
		"lines swapped": {head + two + one + three, []string{`"two"`, `"three"`},
			[]DamageError{
				{Offset: h, Lost: 1, Rule: RuleSequence},
				{Offset: h + n(two), Length: n(one), After: 2, Rule: RuleSequence}}},
		"line too long": {head + one + line(2, `"`+strings.Repeat("x", 300<<10)+`"`) + three, []string{`"one"`, `"three"`},
			[]DamageError{{Offset: h + n(one), Length: 300<<10 + 2 + 8 + 1 + 1 + 1 + 1, After: 1, Lost: 1, Rule: RuleLength}}},
		"bad at the end": {head + one + bad, []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: n(bad), After: 1, Rule: RuleChecksum}}},
		"bad, then cut": {head + one + bad + two[:5], []string{`"one"`},
			[]DamageError{
				{Offset: h + n(one), Length: n(bad), After: 1, Rule: RuleChecksum},
				{Offset: h + n(one) + n(bad), Length: 5, After: 1, Torn: true, Rule: RuleTorn}}},
		"cut": {head + one + two[:len(two)-1], []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: n(two) - 1, After: 1, Torn: true, Rule: RuleTorn}}},
		"zeros at the end": {head + one + "\x00\x00\x00\x00", []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: 4, After: 1, Torn: true, Rule: RuleTorn}}},
		"an unwritten block, then the end of a batch": {head + one + "\x00\x00\x00" + two[9:] + bad, []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: 3 + n(two) - 9 + n(bad), After: 1, Torn: true, Rule: RuleTorn}}},
		"megabytes of zeros at the end": {head + one + strings.Repeat("\x00", 3<<20), []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: 3 << 20, After: 1, Torn: true, Rule: RuleTorn}}},
		"zeros between good": {head + one + "\x00\x00\x00\n" + three, []string{`"one"`, `"three"`},
			[]DamageError{{Offset: h + n(one), Length: 4, After: 1, Lost: 1, Rule: RuleChecksum}}},
		"a line of zeros too long for a record": {head + one + strings.Repeat("\x00", 300<<10) + "tail\n", []string{`"one"`},
			[]DamageError{{Offset: h + n(one), Length: 300<<10 + 5, After: 1, Torn: true, Rule: RuleTorn}}},
		"number with a leading zero": {head + summed(`01 "x"`) + one, []string{`"one"`},
			[]DamageError{{Offset: h, Length: n(summed(`01 "x"`)), Rule: RuleChecksum}}},
		"number zero": {head + summed(`0 "x"`) + one, []string{`"one"`},
			[]DamageError{{Offset: h, Length: n(summed(`0 "x"`)), Rule: RuleChecksum}}},
		"number with a sign": {head + summed(`+1 "x"`) + one, []string{`"one"`},
			[]DamageError{{Offset: h, Length: n(summed(`+1 "x"`)), Rule: RuleChecksum}}},
		"no value": {head + summed(`1 `) + one, []string{`"one"`},
			[]DamageError{{Offset: h, Length: n(summed(`1 `)), Rule: RuleChecksum}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, []byte(c.data))
			opts := Options{Kind: testKind, MaxRecord: 200 << 10}
			var got []string
			var damage []DamageError
			for rec, err := range Scan(path, opts) {
				if err != nil {
					d, ok := errors.AsType[*DamageError](err)
					if !ok || !errors.Is(err, passerelle.ErrInvalid) || d.Path != path {
						t.Fatalf("%v: want a DamageError with the path", err)
					}
					d.Path = ""
					damage = append(damage, *d)
					continue
				}
				got = append(got, string(rec.Data))
				if !strings.HasSuffix(c.data[:rec.Offset], "\n") || !strings.Contains(c.data[rec.Offset:], string(rec.Data)) {
					t.Errorf("record %d is not at offset %d", rec.Seq, rec.Offset)
				}
			}
			testutil.Equal(t, "records", got, c.want)
			testutil.Equal(t, "damage", damage, c.damage)

			// Open refuses damage and repairs a torn end; told to go on, it finds what Scan found.
			real := 0
			for _, d := range c.damage {
				if !d.Torn {
					real++
				}
			}
			j, _, err := tryOpen(path, opts)
			if (err != nil) != (real > 0) {
				t.Errorf("Open: %v with %d damages", err, real)
			}
			if err == nil {
				j.Close()
			}
			asked := 0
			opts.OnDamage = func(*DamageError) error { asked++; return nil }
			j, replayed, err := tryOpen(path, opts)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "records of Open", replayed, c.want)
			testutil.Equal(t, "calls of OnDamage", asked, real)
			appendAll(t, j, "more")
			j.Close()
			j, replayed, err = tryOpen(path, opts)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "records after one more", replayed, append(c.want, `"more"`))
			if err := j.Compact(func(yield func(any) bool) { yield("fresh") }); err != nil {
				t.Fatal(err)
			}
			j.Close()
			_, replayed = open(t, path, Options{})
			testutil.Equal(t, "records after Compact", replayed, []string{`"fresh"`})
		})
	}
}

func TestOnDamageRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	data, _ := sample(3)
	data[len(header(testKind))+3] ^= 1
	write(t, path, data)
	stop := errors.New("asked a person")
	_, _, err := tryOpen(path, Options{OnDamage: func(*DamageError) error { return stop }})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of OnDamage", err)
	}
	_, _, err = tryOpen(path, Options{})
	want := fmt.Sprintf("damaged at offset %d (%d bytes after record 0): checksum, 1 records lost", len(header(testKind)), bytes.IndexByte(data[len(header(testKind)):], '\n')+1)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
