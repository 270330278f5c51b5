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
	"unicode"

	"github.com/passerelle-sup/passerelle/ine"
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
		Subject: fmt.Sprintf(heads.subject.of(len(items)), len(items), day),
		Name:    "ines-" + r.Finished.Format(time.DateOnly) + ".csv",
	}
	if r.Key != "" {
		m.Subject += " (" + r.Key + ")"
	}
	var b strings.Builder
	intro := heads.intro
	if r.Part {
		intro = heads.part
	}
	fmt.Fprintf(&b, intro.of(r.Total)+"\n", r.Total, day)
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
			if todo := i.Todo(lang); todo != "" {
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
		for _, part := range []string{i.Why(lang), i.WriteBack.Text(lang), plainCode(i.Code)} {
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
		fmt.Fprintf(b, heads.more.of(n-most)+"\n", n-most)
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
		names[n] = fieldName(lang, f.Field)
		if rule := ruleTexts[lang.orFrench()][f.Rule]; rule != "" {
			names[n] += " (" + rule + ")"
		}
	}
	return strings.Join(names, ", ")
}

// Todo says what someone has to do about a student; "" when nothing.
func (i Item) Todo(lang Lang) string {
	if !i.WriteBack.IsZero() {
		return because("todo-write").Text(lang)
	}
	return i.Outcome.Todo(lang)
}

// plainCode returns a code of INES for texts, unless it may be personal: long,
// with blanks, or of the shape of an INE.
func plainCode(code string) string {
	_, err := ine.Parse(code)
	if err == nil || len(code) > 40 || strings.ContainsFunc(code, unicode.IsSpace) {
		return ""
	}
	return code
}

func fieldName(lang Lang, field string) string {
	if name, ok := fieldNames[lang.orFrench()][field]; ok {
		return name
	}
	return field
}

// ruleTexts say how a field breaks a rule, where it is not simply missing.
var ruleTexts = map[Lang]map[string]string{
	French: {
		"character": "caractère non admis", "range": "date impossible ou à venir", "code": "code non valable", "length": "trop long", "key": "clé erronée",
	},
	English: {
		"character": "a character that no name has", "range": "a date that does not exist or is to come", "code": "not a valid code", "length": "too long", "key": "wrong key",
	},
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

// counted is a phrase for one and for several.
type counted struct{ one, many string }

// of returns the phrase for n: in French none is singular.
func (c counted) of(n int) string {
	if n <= 1 {
		return c.one
	}
	return c.many
}

var mailWords = map[Lang]struct {
	subject, intro, part, more counted
	stopped, since, line       string
}{
	French: {
		subject: counted{"INES : %d dossier à traiter au %s", "INES : %d dossiers à traiter au %s"},
		intro:   counted{"%d étudiant a été examiné le %s.", "%d étudiants ont été examinés le %s."},
		part:    counted{"%d dossier de cette liste, passage du %s.", "%d dossiers dans cette liste, passage du %s."},
		more:    counted{"  … et %d autre, dans le fichier joint.", "  … et %d autres, dans le fichier joint."},
		stopped: "Le traitement s'est arrêté avant la fin : %s.",
		since:   " (depuis le %s)",
		line:    "ligne %d",
	},
	English: {
		subject: counted{"INES: %d record to act on, %s", "INES: %d records to act on, %s"},
		intro:   counted{"%d student was examined on %s.", "%d students were examined on %s."},
		part:    counted{"%d record in this list, run of %s.", "%d records in this list, run of %s."},
		more:    counted{"  … and %d more, in the attached file.", "  … and %d more, in the attached file."},
		stopped: "The run did not do all: %s.",
		since:   " (since %s)",
		line:    "line %d",
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
