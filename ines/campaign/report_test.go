package campaign_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// reported runs a small campaign whose report has one item of most kinds.
func reported(t *testing.T) (*world, *campaign.Report) {
	t.Helper()
	incomplete := student(1, "")
	incomplete.Person.Birthplace, incomplete.Person.Sex = passerelle.Birthplace{}, passerelle.SexUnknown
	w := newWorld(student(0, rnie.String()), incomplete, student(2, ""), student(3, ""), student(4, ""), student(5, suspect), student(6, ""))
	w.register.script["csv:2"], w.register.script["csv:3"], w.register.script["csv:4"] = "litige", "refused", "lost"
	w.register.know(student(6, "").Person, otherRN)
	w.base.errs = map[int]error{3: &sis.RowError{Provenance: sis.Provenance{Source: "base.csv", Line: 99}, Column: 7, Field: "birth_date", Err: &passerelle.ParseError{Type: "date", Rule: "range", Pos: 9, Want: "a day of that month"}}}
	w.cfg.SplitKey = func(s sis.Student) string { return []string{"UFR Droit", "IUT"}[int(s.ID.Local[0]-'0')%2] }
	w.cfg.Parallel = 1
	return w, w.run(t)
}

func TestReportFiles(t *testing.T) {
	t.Parallel()
	w, report := reported(t)
	var out bytes.Buffer
	if err := report.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "report.json", out.Bytes())
	for _, lang := range []campaign.Lang{campaign.French, campaign.English} {
		out.Reset()
		if err := campaign.WriteCSV(&out, lang, report.Items); err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, "report."+string(lang)+".csv", out.Bytes())
		m, err := report.Mail(lang)
		if err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, "mail."+string(lang)+".txt", []byte(m.Subject+"\n\n"+m.Text))
	}
	e, err := campaign.Explain(t.Context(), w.ledger, "csv:4")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(e.Text(campaign.English)+e.Text(campaign.French), e.Record.ClaimID, "CLAIM-ID")
	testutil.Golden(t, "explain.txt", []byte(text))
}

// TestReportReads reads the files back with the readers of others.
func TestReportReads(t *testing.T) {
	t.Parallel()
	_, report := reported(t)
	var out bytes.Buffer
	if err := campaign.WriteCSV(&out, campaign.French, report.Items); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff"))))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil || len(rows) != 1+len(report.Items) {
		t.Errorf("the CSV has %d rows, %v; want %d", len(rows), err, 1+len(report.Items))
	}
	out.Reset()
	if err := report.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var back campaign.Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Total != report.Total || len(back.Items) != len(report.Items) {
		t.Errorf("the JSON reads back as %d of %d students, %v", back.Total, report.Total, err)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	_, report := reported(t)
	parts := report.Split()
	law, iut := parts["UFR Droit"], parts["IUT"]
	if law == nil || iut == nil {
		t.Fatalf("parts %v; want UFR Droit and IUT", parts)
	}
	if law.Counts[campaign.Litige] != 1 || law.Counts[campaign.Doubtful] != 1 || iut.Counts[campaign.Incomplete] != 1 || iut.Counts[campaign.Refused] != 1 {
		t.Errorf("UFR Droit %v, IUT %v", law.Counts, iut.Counts)
	}
	total := 0
	for key, part := range parts {
		total += part.Total
		if part.Key != key {
			t.Errorf("the part of %q says it is that of %q", key, part.Key)
		}
	}
	if total != len(report.Items) {
		t.Errorf("the parts hold %d items; want %d", total, len(report.Items))
	}
}

func TestCSVIsInert(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	items := []campaign.Item{{Student: "=1+1", Outcome: campaign.Refused, Code: "@x", Message: "-2+3;\"quoted\"\nline"}}
	if err := campaign.WriteCSV(&out, campaign.English, items); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"'=1+1", "'@x", "'-2+3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the CSV lacks %q: %s", want, out.String())
		}
	}
}

// TestMIME reads the message with the standard library's mail reader.
func TestMIME(t *testing.T) {
	t.Parallel()
	_, report := reported(t)
	m, err := report.Mail(campaign.French)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.MIME("scolarite@univ.example", []string{"a@univ.example", "b@univ.example"}, campaignDay)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject %q, %v; want %q", subject, err, m.Subject)
	}
	if at, err := msg.Header.Date(); err != nil || !at.Equal(campaignDay) {
		t.Errorf("date %v, %v", at, err)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	text, err := parts.NextPart() // the reader decodes quoted-printable itself
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(text)
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != m.Text {
		t.Errorf("text differs, %v:\n%s", err, body)
	}
	file, err := parts.NextPart()
	if err != nil || file.FileName() != "ines-2026-09-01.csv" {
		t.Errorf("attachment %q, %v", file.FileName(), err)
	}
	for _, bad := range []string{"a@univ.example\r\nBcc: x@y.example", "a\nb"} {
		if _, err := m.MIME(bad, nil, campaignDay); err == nil {
			t.Errorf("address %q was taken", bad)
		}
	}
}

// TestNoPersonalData looks for names, birth dates and numbers where they must not be.
func TestNoPersonalData(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	w := newWorld(student(100, provisio), student(101, suspect), student(102, ""), student(103, oldNNE.String()))
	for _, s := range w.base.students {
		leaks.Secret(t, s.Person.BirthName+" ", s.Person.GivenNames[0]+" ", s.Person.BirthDate.String())
	}
	leaks.Secret(t, provisio, suspect, oldNNE.String(), "26000000", "words of INES")
	w.register.script["csv:102"] = "refused"
	w.base.refuse = errors.New("no")
	w.cfg.Logger = leaks.Logger()
	report := w.run(t)
	for _, i := range report.Items {
		leaks.Error(errors.New(i.Detail))
		leaks.Error(errors.New(i.WriteBack.String()))
		leaks.Error(errors.New(i.Faults.Error()))
	}
	for rec, err := range w.ledger.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		w.cfg.Logger.Info("a caller logs", "record", rec)
		_, err := w.ledger.Claim(t.Context(), campaign.Claim{ID: "x", Student: rec.Student, Identity: rec.Identity, At: w.time})
		leaks.Error(err)
	}
	m, err := report.Mail(campaign.French)
	if err != nil {
		t.Fatal(err)
	}
	leaks.Error(errors.New(m.Subject + m.Text))
	leaks.Check(t)
	if leaks.Log() == "" {
		t.Error("nothing was logged: the test proves nothing")
	}
}

func TestSettleRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.register.script["csv:1"] = "refused"
	w.run(t)
	for i, c := range []struct {
		student  string
		decision campaign.Decision
		want     error
	}{
		0: {"csv:0", campaign.NeverArrived, passerelle.ErrConflict}, // it has a number
		1: {"csv:0", campaign.AskAgain, passerelle.ErrConflict},
		2: {"csv:1", campaign.NeverArrived, passerelle.ErrConflict}, // INES answered
		3: {"csv:9", campaign.AskAgain, passerelle.ErrNotFound},
		4: {"csv:1", "whatever", passerelle.ErrConflict},
		5: {"csv:1", campaign.AskAgain, nil},
	} {
		if err := campaign.Settle(t.Context(), w.ledger, c.student, c.decision, "the registrar", w.time); !errors.Is(err, c.want) {
			t.Errorf("%d: Settle(%s, %s) = %v; want %v", i, c.student, c.decision, err, c.want)
		}
	}
	w.register.script["csv:1"] = ""
	w.time = w.time.Add(time.Minute)
	w.run(t)
	if got := w.outcomes["csv:1"]; got != campaign.Created {
		t.Errorf("asked again: %s; want %s", got, campaign.Created)
	}
}

// TestHistoryIsBounded keeps the first event and the newest of a long story.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, "rubbish"))
	for range 100 {
		w.time = w.time.Add(24 * time.Hour)
		w.run(t)
	}
	rec, err := w.ledger.Get(t.Context(), "csv:0")
	if err != nil || len(rec.History) != 64 || !rec.History[0].At.Equal(campaignDay.Add(24*time.Hour)) || !rec.History[63].At.Equal(w.time) {
		t.Errorf("%d events from %v to %v, %v; want 64, the first and the newest", len(rec.History), rec.History[0].At, rec.History[len(rec.History)-1].At, err)
	}
}
