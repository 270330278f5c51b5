package campaign

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// Mail is a message for the people who act on a report. Sending it is the
// caller's business: hand Subject, Text and Attachment to a mailer, or the whole
// of [Mail.MIME] to a relay.
type Mail struct {
	Subject    string
	Text       string // no personal data: references of students, codes, reasons
	Name       string // file name of Attachment
	Attachment []byte // the list as CSV: personal data
}

// Mail writes the message about what is to be done, in lang: the counts, the
// items by kind with what to do, and the list attached. A kind with more than ten
// students is cut in the text and whole in the attachment.
func (r *Report) Mail(lang Lang) (Mail, error) {
	items := r.ToDo()
	heads := mailWords[lang.orFrench()]
	day := r.Finished.Format("02/01/2006")
	m := Mail{
		Subject: fmt.Sprintf(heads.subject, len(items), day),
		Name:    "ines-" + r.Finished.Format(time.DateOnly) + ".csv",
	}
	if r.Key != "" {
		m.Subject += " (" + r.Key + ")"
	}
	var b strings.Builder
	fmt.Fprintf(&b, heads.intro+"\n", r.Total, day)
	if r.Stopped != "" {
		fmt.Fprintf(&b, heads.stopped+"\n", r.StoppedWhy.Text(lang))
	}
	b.WriteString("\n")
	for _, o := range Outcomes() {
		if n := r.Counts[o]; n > 0 {
			fmt.Fprintf(&b, "%6d  %s\n", n, o.Title(lang))
		}
	}
	for _, o := range Outcomes() {
		r.mailKind(&b, lang, o, items)
	}
	m.Text = b.String()
	var csv bytes.Buffer
	if err := WriteCSV(&csv, lang, items); err != nil {
		return Mail{}, err
	}
	m.Attachment = csv.Bytes()
	return m, nil
}

// mailKind writes the students of one outcome.
func (r *Report) mailKind(b *strings.Builder, lang Lang, o Outcome, items []Item) {
	const most = 10
	heads := mailWords[lang.orFrench()]
	n := 0
	for _, i := range items {
		if i.Outcome != o {
			continue
		}
		if n++; n == 1 {
			fmt.Fprintf(b, "\n%s\n", o.Title(lang))
			if todo := o.Todo(lang); todo != "" {
				fmt.Fprintf(b, "→ %s\n", todo)
			}
		}
		if n > most {
			continue
		}
		name := i.Student
		if name == "" {
			name = fmt.Sprintf(heads.line, i.Line)
		}
		fmt.Fprintf(b, "  %s", name)
		for _, part := range []string{i.Why(lang), i.WriteBack, i.Code} {
			if part != "" {
				fmt.Fprintf(b, " — %s", part)
			}
		}
		if !i.Since.IsZero() {
			fmt.Fprintf(b, heads.since, i.Since.Format("02/01/2006"))
		}
		b.WriteString("\n")
	}
	if n > most {
		fmt.Fprintf(b, heads.more+"\n", n-most)
	}
}

// Why says in one line what is wrong with a student: the names of the fields, or
// the detail.
func (i Item) Why(lang Lang) string {
	if !i.Reason.IsZero() {
		return i.Reason.Text(lang)
	}
	if len(i.Faults) == 0 {
		return i.Detail
	}
	names := make([]string, len(i.Faults))
	for n, f := range i.Faults {
		if names[n] = fieldNames[lang.orFrench()][f.Field]; names[n] == "" {
			names[n] = f.Field
		}
	}
	return strings.Join(names, ", ")
}

// fieldNames are the fields of a registration in words.
var fieldNames = map[Lang]map[string]string{
	French: {
		"Person.BirthName": "nom de famille", "Person.UsageName": "nom d'usage", "Person.GivenNames[0]": "premier prénom",
		"Person.GivenNames[1]": "deuxième prénom", "Person.GivenNames[2]": "troisième prénom", "Person.Sex": "sexe",
		"Person.BirthDate": "date de naissance", "Person.Birthplace": "lieu de naissance", "BirthDate": "date de naissance",
		"UAI": "établissement", "Student": "référence",
	},
	English: {
		"Person.BirthName": "birth name", "Person.UsageName": "usage name", "Person.GivenNames[0]": "first given name",
		"Person.GivenNames[1]": "second given name", "Person.GivenNames[2]": "third given name", "Person.Sex": "sex",
		"Person.BirthDate": "birth date", "Person.Birthplace": "birthplace", "BirthDate": "birth date",
		"UAI": "establishment", "Student": "reference",
	},
}

var mailWords = map[Lang]struct{ subject, intro, stopped, since, line, more string }{
	French: {
		subject: "INES : %d dossiers à traiter au %s",
		intro:   "%d étudiants ont été examinés le %s.",
		stopped: "Le traitement s'est arrêté avant la fin : %s.",
		since:   " (depuis le %s)",
		line:    "ligne %d",
		more:    "  … et %d autres, dans le fichier joint.",
	},
	English: {
		subject: "INES: %d records to act on, %s",
		intro:   "%d students were examined on %s.",
		stopped: "The run did not do all: %s.",
		since:   " (since %s)",
		line:    "line %d",
		more:    "  … and %d more, in the attached file.",
	},
}

// MIME renders the message with its attachment (RFC 5322, RFC 2045) for a mail
// relay. from and to are addresses as they shall stand in the header; a line break
// in one of them is an error.
func (m Mail) MIME(from string, to []string, at time.Time) ([]byte, error) {
	if slices.ContainsFunc(append([]string{from}, to...), func(a string) bool { return strings.ContainsAny(a, "\r\n") }) {
		return nil, fmt.Errorf("campaign: a mail address holds a line break")
	}
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	for _, h := range [][2]string{
		{"From", from}, {"To", strings.Join(to, ", ")}, {"Date", at.Format(time.RFC1123Z)},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)}, {"MIME-Version", "1.0"},
		{"Content-Type", "multipart/mixed; boundary=" + parts.Boundary()},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], h[1])
	}
	out.WriteString("\r\n")
	text, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return nil, err
	}
	qp := quotedprintable.NewWriter(text)
	_, werr := io.WriteString(qp, m.Text)
	if err := cmp.Or(werr, qp.Close()); err != nil {
		return nil, err
	}
	file, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/csv; charset=utf-8"}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": m.Name})},
	})
	if err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(m.Attachment)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		if _, err := io.WriteString(file, encoded[:n]+"\r\n"); err != nil {
			return nil, err
		}
		encoded = encoded[n:]
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
