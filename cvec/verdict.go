package cvec

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Outcome is what a registrar has to know of a certificate.
type Outcome uint8

// The outcomes.
const (
	// Unchecked is the zero value: nothing was asked, or the caller gave up.
	Unchecked Outcome = iota
	// Valid is a valid certificate of this student.
	Valid
	// OtherPerson is a valid certificate that names somebody else: see
	// Verdict.Differences.
	OtherPerson
	// Unproven is a valid certificate, and an answer that does not tell whose it is. A
	// person compares the papers.
	Unproven
	// InvalidState is a certificate that exists and is not valid.
	InvalidState
	// NotFound says that the service knows no such pair of number and name.
	NotFound
	// ServiceDown says that no usable answer came. The registration goes on: keep it as
	// to be checked and ask again.
	ServiceDown
)

var outcomeNames = [...]string{"unchecked", "valid", "other-person", "unproven", "invalid-state", "not-found", "service-down"}

// String returns a word: "unchecked", "valid", "other-person", "unproven",
// "invalid-state", "not-found", "service-down".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText writes the form of String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the form of String; the empty text is Unchecked. Its error is a
// *passerelle.ParseError.
func (o *Outcome) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*o = Unchecked
		return nil
	}
	for i, word := range outcomeNames {
		if word == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return &passerelle.ParseError{Type: "CVEC outcome", Rule: "code", Want: strings.Join(outcomeNames[:], ", ")}
}

// Retry reports whether the question is still open, and has to be asked again.
func (o Outcome) Retry() bool { return o == Unchecked || o == ServiceDown }

// Question asks whether a certificate is valid and that of a student.
type Question struct {
	Certificate Certificate // its key may be empty: that of the names of Person is used then
	// Person: names and birth date are compared with the answer. What is missing is
	// not.
	Person passerelle.Person
	// INEs are the numbers by which the student is known, the provisional ones too: one
	// of them must be that of the answer, when it has one.
	INEs []string
}

// LogValue hides the question.
func (q Question) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("certificate", q.Certificate), slog.Any("person", q.Person))
}

// Verdict is the answer to a Question. The zero value is Unchecked.
type Verdict struct {
	Outcome Outcome
	// Compared and Differences name what both sides hold, and what differs: "ine",
	// "family name", "birth date".
	Compared, Differences []string
	// Record is what the service told, nil when it told nothing. Personal.
	Record *Record
}

// Holder reports whether the certificate is a valid one of this student and marked as
// that of a grant holder: see [State.Holder].
func (v Verdict) Holder() bool { return v.Outcome == Valid && v.Record.State.Holder() }

// LogValue gives the outcome and what differs, nothing of the person.
func (v Verdict) LogValue() slog.Value {
	return slog.GroupValue(slog.String("outcome", v.Outcome.String()), slog.Any("differences", v.Differences))
}

// Judge compares a record with the student of a question. Valid needs a valid state and
// either the INE, or both name and birth date, to agree, and none of the three to differ.
func Judge(r Record, q Question) Verdict {
	v := Verdict{Record: &r}
	compare := func(what string, known, same bool) {
		if !known {
			return
		}
		v.Compared = append(v.Compared, what)
		if !same {
			v.Differences = append(v.Differences, what)
		}
	}
	theirs := compact(r.INE)
	ineKnown, ineSame := false, false
	for _, own := range q.INEs {
		if own = compact(own); own != "" && theirs != "" {
			ineKnown = true
			ineSame = ineSame || own == theirs
		}
	}
	compare("ine", ineKnown, ineSame)
	nameKnown, nameSame := sameFamily(r, q.Person)
	compare("family name", nameKnown, nameSame)
	dateKnown := !r.BirthDate.IsZero() && !q.Person.BirthDate.IsZero()
	compare("birth date", dateKnown, sameDay(r.BirthDate, q.Person.BirthDate))
	switch {
	case r.State == "":
		v.Outcome = Unchecked
	case !r.State.Valid():
		v.Outcome = InvalidState
	case len(v.Differences) > 0:
		v.Outcome = OtherPerson
	case ineKnown || nameKnown && dateKnown:
		v.Outcome = Valid
	default:
		v.Outcome = Unproven
	}
	return v
}

// compact is an INE without blanks in capitals.
func compact(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// sameFamily compares both names of one side with both of the other: the certificate may
// have been asked for under the usage name.
func sameFamily(r Record, p passerelle.Person) (known, same bool) {
	for _, theirs := range []string{r.BirthName, r.UsageName} {
		for _, own := range []string{p.BirthName, p.UsageName} {
			if strings.TrimSpace(theirs) == "" || strings.TrimSpace(own) == "" {
				continue
			}
			known = true
			same = same || passerelle.SameName(theirs, own)
		}
	}
	return known, same
}

// sameDay compares what both dates hold: day and month may not be known to the registry.
func sameDay(a, b passerelle.Date) bool {
	return a.Year == b.Year && (a.Month == 0 || b.Month == 0 || a.Month == b.Month) && (a.Day == 0 || b.Day == 0 || a.Day == b.Day)
}
