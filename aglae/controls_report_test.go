package aglae_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// goldenRows are one row of each kind.
func goldenRows(t *testing.T) []aglae.Row {
	t.Helper()
	regs := []aglae.Registration{
		{Student: "20260001", Key: "droit", Line: 2, Year: 2026, INE: "223456780HE", GrantNumber: "223456789HE", Flag: aglae.FlagHolder},
		{Student: "20260002", Key: "lettres", Line: 3, Year: 2026, GrantNumber: "223456789HE", Flag: aglae.FlagHolder, Decision: aglae.Conditional, NotifiedOn: passerelle.NewDate(2026, 6, 30)},
		{Student: "20260003", Key: "droit", Line: 4, Year: 2026, INE: "1234D56789B", Flag: aglae.FlagUndeclared},
		{Student: "=cmd()", Key: "lettres", Line: 5, Year: 2026, INE: "100000007AK", GrantNumber: "=2+3", Flag: aglae.FlagHolder},
	}
	dets := []aglae.Detection{answerOf("20260001", 1, aglae.Wait), answerOf("20260003", 2, aglae.Holder)}
	dets[0].Causes = aglae.WaitCauses()
	file := []aglae.CrousRow{{Line: 9, INE: "223456789HE", Decision: aglae.Definitive}}
	var all []aglae.Row
	for _, rows := range []iter.Seq2[aglae.Row, error]{
		aglae.CheckNumbers(seq(regs...), aglae.NumberOptions{}),
		aglae.OpenConditional(seq(regs...), passerelle.NewDate(2026, 11, 27), 0),
		aglae.DeclaredUnconfirmed(seq(regs...), seq(dets...), aglae.Join{}),
		aglae.ConfirmedUndeclared(seq(regs...), seq(dets...), aglae.Join{}),
		aglae.ListDetections(seq(dets...), true),
		aglae.CrossCrous(seq(regs...), seq(file...), aglae.CrossOptions{}),
	} {
		got, errs := rowsOf(rows)
		if len(errs) > 0 || len(got) == 0 {
			t.Fatalf("%d rows, %v", len(got), errs)
		}
		all = append(all, got...)
	}
	return all
}

func TestReportGoldens(t *testing.T) {
	t.Parallel()
	rows := goldenRows(t)
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	for _, lang := range []aglae.Lang{aglae.French, aglae.English} {
		var list, lines bytes.Buffer
		if s, err := aglae.WriteCSV(&list, lang, seq(rows...)); err != nil || s.Rows != len(rows) {
			t.Fatal(s, err)
		}
		if s, err := aglae.WriteJSON(&lines, lang, seq(rows...)); err != nil || s.Rows != len(rows) {
			t.Fatal(s, err)
		}
		testutil.Golden(t, "reports/rows."+string(lang)+".csv", list.Bytes())
		testutil.Golden(t, "reports/rows."+string(lang)+".jsonl", lines.Bytes())
		report := aglae.Gather(aglae.ControlNumbers, at, func(yield func(aglae.Row, error) bool) {
			for i := range 25 { // more of one finding than the text has
				row := rows[0]
				row.Student = fmt.Sprintf("2026%04d", i)
				if !yield(row, nil) {
					return
				}
			}
			_ = yield(rows[1], nil) && yield(aglae.Row{}, errors.New("line 7: unreadable")) && yield(rows[2], nil)
		})
		mail, err := report.Mail(lang)
		if err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, "reports/mail."+string(lang)+".txt", []byte(mail.Subject+"\n"+mail.Name+"\n\n"+mail.Text))
		for _, number := range []string{"223456780HE", "223456789HE", "1234D56789B"} {
			if strings.Contains(mail.Subject+mail.Text+mail.Name, number) {
				t.Errorf("a number stands in the text of the message")
			}
		}
	}
	report := aglae.Gather(aglae.ControlNumbers, at, seq(rows[:4]...))
	var whole bytes.Buffer
	if err := report.WriteJSON(&whole); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "reports/report.json", whole.Bytes())
	var back aglae.Report
	if err := json.Unmarshal(whole.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "rows read back", back.Rows, report.Rows, cmp.AllowUnexported(aglae.Report{}))
}

// TestCSVIsRead reads the CSV back with another reader: the same cells, formulas inert.
func TestCSVIsRead(t *testing.T) {
	t.Parallel()
	rows := goldenRows(t)
	var list bytes.Buffer
	if _, err := aglae.WriteCSV(&list, aglae.French, seq(rows...)); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(list.Bytes(), []byte("\ufeff"))))
	r.Comma = ';'
	got, err := r.ReadAll()
	if err != nil || len(got) != len(rows)+1 {
		t.Fatalf("%d lines, %v", len(got), err)
	}
	for _, line := range got {
		for _, cell := range line {
			if strings.IndexAny(cell, "=+-@") == 0 {
				t.Errorf("a spreadsheet computes %q", cell)
			}
		}
	}
}

func TestMIME(t *testing.T) {
	t.Parallel()
	report := aglae.Gather(aglae.ControlNumbers, time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC), seq(goldenRows(t)...))
	m, err := report.Mail(aglae.French)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.MIME("a@univ.invalid\r\nBcc: x@y.invalid", []string{"b@univ.invalid"}, time.Now()); err == nil {
		t.Error("a line break in an address is accepted")
	}
	raw, err := m.MIME("a@univ.invalid", []string{"b@univ.invalid", "c@univ.invalid"}, time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	testutil.Equal(t, "subject", subject, m.Subject)
	_, params, perr := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || perr != nil {
		t.Fatal(err, perr)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	text, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(text) // NextPart undoes quoted-printable
	testutil.Equal(t, "text", strings.ReplaceAll(string(body), "\r\n", "\n"), m.Text)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parts.NextPart()
	if err != nil || file.FileName() != m.Name {
		t.Errorf("the file is named %q, want %q (%v)", file.FileName(), m.Name, err)
	}
}

// closer is a buffer that knows whether it was closed.
type closer struct {
	bytes.Buffer
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestSplit(t *testing.T) {
	t.Parallel()
	rows := goldenRows(t)
	report := aglae.Gather(aglae.ControlNumbers, time.Now(), seq(rows...))
	parts := report.Split()
	total := 0
	for key, p := range parts {
		total += len(p.Rows)
		for _, r := range p.Rows {
			if r.Key != key || p.Key != key {
				t.Errorf("a row of %q stands under %q", r.Key, key)
			}
		}
	}
	testutil.Equal(t, "rows of the parts", total, len(rows))
	files := map[string]*closer{}
	s, err := aglae.WriteSplit(aglae.French, seq(rows...), func(key string) (io.WriteCloser, error) {
		if files[key] != nil {
			t.Errorf("%q is opened twice", key)
		}
		files[key] = new(closer)
		return files[key], nil
	})
	if err != nil || s.Rows != len(rows) {
		t.Fatal(s, err)
	}
	testutil.Equal(t, "keys", slices.Sorted(maps.Keys(files)), slices.Sorted(maps.Keys(parts)))
	for key, f := range files {
		var want bytes.Buffer
		if err := parts[key].WriteCSV(&want, aglae.French); err != nil {
			t.Fatal(err)
		}
		if !f.closed || !bytes.Equal(f.Bytes(), want.Bytes()) {
			t.Errorf("the file of %q is not the CSV of that part, or was not closed", key)
		}
	}
	tooMany := func(yield func(aglae.Row, error) bool) {
		for i := range 10_000 {
			if !yield(aglae.Row{Key: fmt.Sprint(i)}, nil) {
				return
			}
		}
	}
	opened := 0
	_, err = aglae.WriteSplit(aglae.French, tooMany, func(string) (io.WriteCloser, error) { opened++; return new(closer), nil })
	if !errors.Is(err, passerelle.ErrInvalid) || opened != 500 {
		t.Errorf("10 000 keys: %v after %d files, want invalid after 500", err, opened)
	}
	if _, err := aglae.WriteSplit(aglae.French, seq(rows...), func(string) (io.WriteCloser, error) { return nil, io.ErrShortWrite }); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a file that does not open: %v", err)
	}
}
