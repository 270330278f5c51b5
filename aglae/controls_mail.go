package aglae

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// Mail is a message for the people who act on a report. Sending it is the caller's
// business: hand Subject, Text and Attachment to a mailer, or the whole of [Mail.MIME]
// to a relay.
type Mail struct {
	Subject    string
	Text       string // no personal data: references of students, reasons
	Name       string // file name of Attachment
	Attachment []byte // the rows as CSV: personal data
}

// mailRows is how many rows of a finding the text has; the attachment has all.
const mailRows = 10

// Mail writes the message about a report, in lang: the counts, the rows by finding with
// what to do, and the list attached.
func (r *Report) Mail(lang Lang) (Mail, error) {
	words := mailTexts[lang.orFrench()]
	day := r.At.Format("02/01/2006")
	m := Mail{
		Subject: fmt.Sprintf(words.subject.of(len(r.Rows)), r.Control.Title(lang), len(r.Rows), day),
		Name:    fmt.Sprintf("aglae-%s-%s.csv", r.Control, r.At.Format(time.DateOnly)),
	}
	if r.Key != "" {
		m.Subject += " (" + r.Key + ")"
	}
	var b strings.Builder
	fmt.Fprintf(&b, words.intro.of(len(r.Rows))+"\n", len(r.Rows), day)
	if n := len(r.Errors); n > 0 {
		fmt.Fprintf(&b, words.errors.of(n)+"\n", n)
	}
	b.WriteString("\n")
	for _, f := range r.findings() {
		fmt.Fprintf(&b, "%6d  %s\n", r.Counts[f], f.Title(lang))
	}
	for _, f := range r.findings() {
		r.mailFinding(&b, lang, f)
	}
	m.Text = b.String()
	var list bytes.Buffer
	if err := r.WriteCSV(&list, lang); err != nil {
		return Mail{}, err
	}
	m.Attachment = list.Bytes()
	return m, nil
}

// mailFinding writes the rows of one finding.
func (r *Report) mailFinding(b *strings.Builder, lang Lang, f Finding) {
	words := mailTexts[lang.orFrench()]
	fmt.Fprintf(b, "\n%s\n", f.Title(lang))
	if todo := f.Todo(lang); todo != "" {
		fmt.Fprintf(b, "→ %s\n", todo)
	}
	n := 0
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Finding != f {
			continue
		}
		if n++; n > mailRows {
			continue
		}
		name := row.Student
		if name == "" {
			name = fmt.Sprintf(words.line, row.CrousLine)
		}
		fmt.Fprintf(b, "  %s — %s\n", name, row.Reason.Text(lang))
	}
	if n > mailRows {
		fmt.Fprintf(b, words.more.of(n-mailRows)+"\n", n-mailRows)
	}
}

// counted is a phrase for one and for several.
type counted struct{ one, many string }

// of returns the phrase for n: in French none is singular.
func (c counted) of(n int) string {
	if n <= 1 {
		return c.one
	}
	return c.many
}

var mailTexts = map[Lang]struct {
	subject, intro, errors, more counted
	line                         string
}{
	French: {
		subject: counted{"AGLAE, %s : %d ligne au %s", "AGLAE, %s : %d lignes au %s"},
		intro:   counted{"%d ligne dans cette liste, au %s.", "%d lignes dans cette liste, au %s."},
		errors:  counted{"%d enregistrement n'a pas pu être lu.", "%d enregistrements n'ont pas pu être lus."},
		more:    counted{"  … et %d autre, dans le fichier joint.", "  … et %d autres, dans le fichier joint."},
		line:    "fichier du Crous, ligne %d",
	},
	English: {
		subject: counted{"AGLAE, %s: %d row, %s", "AGLAE, %s: %d rows, %s"},
		intro:   counted{"%d row in this list, %s.", "%d rows in this list, %s."},
		errors:  counted{"%d record could not be read.", "%d records could not be read."},
		more:    counted{"  … and %d more, in the attached file.", "  … and %d more, in the attached file."},
		line:    "file of the Crous, line %d",
	},
}

// MIME renders the message with its attachment (RFC 5322, RFC 2045) for a mail relay.
// from and to are addresses as they shall stand in the header; a line break in one of
// them is an error.
func (m Mail) MIME(from string, to []string, at time.Time) ([]byte, error) {
	if slices.ContainsFunc(append([]string{from}, to...), func(a string) bool { return strings.ContainsAny(a, "\r\n") }) {
		return nil, errors.New("aglae: a mail address holds a line break")
	}
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	fmt.Fprintf(&out, "From: %s\r\nTo: %s\r\nDate: %s\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n",
		from, strings.Join(to, ", "), at.Format(time.RFC1123Z), mime.QEncoding.Encode("utf-8", m.Subject), parts.Boundary())
	text, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return nil, err
	}
	quoted := quotedprintable.NewWriter(text)
	if _, err := quoted.Write([]byte(m.Text)); err != nil {
		return nil, err
	}
	if err := quoted.Close(); err != nil {
		return nil, err
	}
	file, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/csv; charset=utf-8"}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": m.Name})},
	})
	if err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(m.Attachment, 57) { // 76 characters a line
		if _, err := fmt.Fprintf(file, "%s\r\n", base64.StdEncoding.EncodeToString(chunk)); err != nil {
			return nil, err
		}
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
