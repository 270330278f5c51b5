package aglae

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// Grants tells what the Cnous knows of the grant of one student. [ParticulierGrants]
// asks through API Particulier, the public door, and [CnousGrants] asks the Cnous
// itself, where it gives keys.
//
// A Grant is returned beside an error too: its Finding says which of the outcomes it
// was, and never [GrantNone].
type Grants interface {
	GrantByINE(ctx context.Context, q INEGrantQuery) (Grant, error)
	GrantByIdentity(ctx context.Context, q IdentityGrantQuery) (Grant, error)
	GrantByFranceConnect(ctx context.Context, q FranceConnectGrantQuery) (Grant, error)
}

// INEGrantQuery asks by INE.
type INEGrantQuery struct {
	// INE is a text, because the services take more shapes than package ine knows. It
	// is sent without blanks and in capitals. Its key is not checked.
	INE string
	// Campaign is the first year of a school year: 2025 for 2025-2026. 0 is the grant
	// valid now. API Particulier takes years from 2021 to the calendar year before this
	// one, so that the campaign under way in autumn is asked by 0.
	Campaign int
}

// IdentityGrantQuery asks by civil identity.
type IdentityGrantQuery struct {
	// Person: birth name, first given name and a whole birth date are needed. Sex and
	// birthplace are optional and tell homonyms apart.
	Person   passerelle.Person
	Campaign int // as in INEGrantQuery
}

// FranceConnectGrantQuery asks on behalf of a person who signed in by FranceConnect.
type FranceConnectGrantQuery struct {
	// AccessToken is the one that FranceConnect gave. API Particulier needs it.
	AccessToken string
	// Person is the pivot identity that FranceConnect told. The Cnous needs it, and
	// takes no token.
	Person   passerelle.Person
	Campaign int // as in INEGrantQuery
}

// LogValue hides the number.
func (q INEGrantQuery) LogValue() slog.Value { return queryLog(q.Campaign) }

// LogValue hides the person.
func (q IdentityGrantQuery) LogValue() slog.Value { return queryLog(q.Campaign) }

// LogValue hides the token and the person.
func (q FranceConnectGrantQuery) LogValue() slog.Value { return queryLog(q.Campaign) }

func queryLog(campaign int) slog.Value {
	return slog.GroupValue(slog.String("student", "***"), slog.Int("campaign", campaign))
}

// GrantFinding is the outcome of a question about a grant. The zero value says that
// nothing is known; only GrantNone and GrantStruckOff say that there is no right, and
// both come from the service's own word.
type GrantFinding uint8

// The findings.
const (
	// GrantUnknown says that nothing is known: nothing was asked, no answer came, it
	// could not be read, or it leaves the question open. The error says why.
	GrantUnknown GrantFinding = iota
	// GrantHeld says that the student holds a grant, definitive or conditional.
	GrantHeld
	// GrantNone says that the service knows the student and answers "no".
	GrantNone
	// GrantStruckOff says that the student held a grant and was struck off (radié).
	GrantStruckOff
	// GrantStudentUnknown says that nobody was found: passerelle.ErrNotFound. It is not
	// a "no": a file handled late or a mistyped identity is not found either.
	GrantStudentUnknown
	// GrantHomonyms says that several students match: passerelle.ErrAmbiguous. Add sex
	// and birthplace.
	GrantHomonyms
	// GrantHidden says that the caller may not see the status: the scope is missing
	// (API Particulier) or the role (Cnous). It comes without an error when the
	// answer has other parts.
	GrantHidden
	// GrantCampaignRefused says that the service does not answer about that year.
	GrantCampaignRefused
	// GrantRequestRefused says that another parameter is refused: passerelle.ErrInvalid.
	GrantRequestRefused
)

var grantFindings = [...]string{
	"unknown", "held", "none", "struck-off", "student-unknown", "homonyms", "hidden", "campaign-refused", "request-refused",
}

// String returns a word: "unknown", "held", "none", "struck-off", "student-unknown",
// "homonyms", "hidden", "campaign-refused", "request-refused".
func (f GrantFinding) String() string {
	if int(f) < len(grantFindings) {
		return grantFindings[f]
	}
	return fmt.Sprintf("finding(%d)", uint8(f))
}

// MarshalText writes the form of String.
func (f GrantFinding) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the form of String; the empty text is GrantUnknown. Its error is
// a *passerelle.ParseError.
func (f *GrantFinding) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*f = GrantUnknown
		return nil
	}
	for i, word := range grantFindings {
		if word == string(text) {
			*f = GrantFinding(i)
			return nil
		}
	}
	return &passerelle.ParseError{Type: "grant finding", Rule: "code", Want: "one of the words of GrantFinding.String"}
}

// Holds reports whether the student has a right to a grant. known is false for every
// finding that is not a word of the service about it, and holds means nothing then.
func (f GrantFinding) Holds() (holds, known bool) {
	return f == GrantHeld, f == GrantHeld || f == GrantNone || f == GrantStruckOff
}

// Decision tells how far a grant is decided. The zero value is unknown.
type Decision uint8

// The decisions. The services tell them apart for regional grants; of the national
// ones API Particulier only hands on those that are confirmed.
const (
	DecisionUnknown Decision = iota
	Definitive               // after the confirmation of the registration
	Conditional              // awarded subject to registration, and at times to progress
)

// String returns "unknown", "definitive" or "conditional".
func (d Decision) String() string {
	switch d {
	case Definitive:
		return "definitive"
	case Conditional:
		return "conditional"
	default:
		return "unknown"
	}
}

// Grant is what is known of the grant of one student. It is personal data. Each member
// tells whether it is absent (hidden by the scopes, or not told by that service), null
// or present. The zero Grant says nothing.
type Grant struct {
	Finding GrantFinding
	// Decision is DecisionUnknown unless the student holds a grant, or held it.
	Decision Decision
	// Campaign is the first year of the school year, as the service told it or as it
	// was asked; 0 when neither did.
	Campaign int

	Holder      particulier.Field[bool]                 // the service's word, which may stay true for one struck off
	StruckOff   particulier.Field[bool]                 // API Particulier v4, Cnous
	StruckOffOn particulier.Field[particulier.DateText] // the same
	Level       particulier.Field[Level]

	School particulier.Field[string] // name of the establishment
	Town   particulier.Field[string] // of study
	UAI    particulier.Field[string] // Cnous; as recorded, keys are at times wrong

	TermStart particulier.Field[particulier.DateText] // date de rentrée, from which it is paid
	Months    particulier.Field[int]                  // for how many months

	Email    particulier.Field[string] // as recorded, not always an address
	Identity particulier.Field[particulier.ScholarshipIdentity]
	INE      particulier.Field[string] // Cnous
	File     particulier.Field[string] // number of the grant file; Cnous

	Particulier *particulier.Scholarship // the whole answer of API Particulier, nil from elsewhere
	Cnous       *CnousRecord             // the whole record of the Cnous, nil from elsewhere
}

// LogValue gives finding, decision and campaign, nothing of the person.
func (g Grant) LogValue() slog.Value {
	return slog.GroupValue(slog.String("finding", g.Finding.String()), slog.String("decision", g.Decision.String()), slog.Int("campaign", g.Campaign))
}

// judge sets the finding of an answer by the service's words, and drops a decision
// that is about no grant.
func (g *Grant) judge() {
	holder, told := g.Holder.Get()
	struck, strikes := g.StruckOff.Get()
	switch {
	case strikes && struck:
		g.Finding = GrantStruckOff
	case told && !holder:
		g.Finding = GrantNone
	case told && g.StruckOff.State != particulier.Null:
		g.Finding = GrantHeld // versions that do not tell who was struck off included
	case g.Holder.State == particulier.Absent:
		g.Finding = GrantHidden
	default: // null: the service holds nothing about it
		g.Finding = GrantUnknown
	}
	if g.Finding != GrantHeld && g.Finding != GrantStruckOff {
		g.Decision = DecisionUnknown
	}
}

// decided reads a grantStatus: 0 is definitive, more is conditional.
func decided(status int) Decision {
	switch {
	case status == 0:
		return Definitive
	case status > 0:
		return Conditional
	}
	return DecisionUnknown
}

// mapField turns a member into another by a function on its value.
func mapField[T, U any](f particulier.Field[T], convert func(T) U) particulier.Field[U] {
	if f.State != particulier.Present {
		return particulier.Field[U]{State: f.State}
	}
	return particulier.Some(convert(f.Value))
}
