package aglae

import (
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// Verdict is what is known of "will this student hold a grant?". The zero value says
// that nothing is. No value says "not a holder", because nobody tells: see [Wait].
type Verdict uint8

const (
	// Undetermined is the zero value: the question was not asked.
	Undetermined Verdict = iota
	// Holder is positive and certain: the student will hold a grant.
	Holder
	// Wait says that it cannot be told now: AGLAE does not assert that the student will
	// hold a grant. The student may well hold one: see [WaitCauses].
	Wait
	// Unavailable says that no answer came: a time-out, a fault, a number that the
	// service refuses, no number at all.
	Unavailable
)

var verdictNames = [...]string{"undetermined", "holder", "wait", "unavailable"}

// String returns "undetermined", "holder", "wait" or "unavailable".
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// AskPaper reports whether the student has to show the paper notification: always,
// unless the verdict is Holder.
func (v Verdict) AskPaper() bool { return v != Holder }

// MarshalText writes the form of String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the form of String; the empty text is Undetermined. Its error
// is a *passerelle.ParseError.
func (v *Verdict) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Undetermined
		return nil
	}
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return &passerelle.ParseError{Type: "verdict", Rule: "name", Want: "undetermined, holder, wait or unavailable"}
}

// Cause says why there is no yes. The texts are for a desk clerk: see [Cause.Text].
type Cause string

// The possible causes of a wait. The first three are those that the pilot published;
// nobody outside the Crous can tell them apart.
const (
	CauseNotProcessed Cause = "not_processed" // the file is not processed yet
	CausePapers       Cause = "papers"        // the file waits for papers
	CauseProgress     Cause = "progress"      // the file is validated, the progress of studies is to be checked
	// CauseOtherNumber says that AGLAE may know the student under another number, or
	// not at all. It is deduced from the troubles of the pilot, not published.
	CauseOtherNumber Cause = "other_number"
)

// The causes of Unavailable.
const (
	CauseNoNumber   Cause = "no_number"  // the student has no INE: nothing was asked
	CauseBadNumber  Cause = "bad_number" // the service refuses the number
	CauseTimeout    Cause = "timeout"    // no answer in time, or none at all
	CauseNoAccess   Cause = "no_access"  // the service refuses the credentials or the right, or asks to slow down
	CauseFault      Cause = "fault"      // the service says that it failed
	CauseUnreadable Cause = "unreadable" // an answer came and is not one of the contract
	CauseCancelled  Cause = "cancelled"  // the caller gave up
	CauseNotAsked   Cause = "not_asked"  // there was no question to ask
)

// WaitCauses returns the possible causes of a [Wait]: three that are published and
// one that is deduced. A service that says more would be a [Contract] with more words.
func WaitCauses() []Cause {
	return []Cause{CauseNotProcessed, CausePapers, CauseProgress, CauseOtherNumber}
}

// Text says the cause to a person.
func (c Cause) Text(lang Lang) string {
	if text, ok := causeTexts[lang.orFrench()][c]; ok {
		return text
	}
	return string(c)
}

var causeTexts = map[Lang]map[Cause]string{
	French: {
		CauseNotProcessed: "dossier pas encore traité par le Crous",
		CausePapers:       "dossier en attente de pièces",
		CauseProgress:     "dossier validé, progression à vérifier",
		CauseOtherNumber:  "étudiant connu d'AGLAE sous un autre numéro, ou inconnu",
		CauseNoNumber:     "étudiant sans INE : la question n'a pas été posée",
		CauseBadNumber:    "numéro que le service n'accepte pas",
		CauseTimeout:      "pas de réponse du service",
		CauseNoAccess:     "accès au service non accordé",
		CauseFault:        "erreur du service",
		CauseUnreadable:   "réponse illisible",
		CauseCancelled:    "question abandonnée",
		CauseNotAsked:     "question non posée",
	},
	English: {
		CauseNotProcessed: "file not processed by the Crous yet",
		CausePapers:       "file waiting for papers",
		CauseProgress:     "file validated, progress to be checked",
		CauseOtherNumber:  "student known to AGLAE under another number, or not known",
		CauseNoNumber:     "student without INE: nothing was asked",
		CauseBadNumber:    "number that the service does not accept",
		CauseTimeout:      "no answer of the service",
		CauseNoAccess:     "access to the service not granted",
		CauseFault:        "error of the service",
		CauseUnreadable:   "answer not readable",
		CauseCancelled:    "question given up",
		CauseNotAsked:     "question not asked",
	},
}

// Lang is a language of the texts for people. Any other value is French.
type Lang string

// The languages.
const (
	French  Lang = "fr"
	English Lang = "en"
)

func (l Lang) orFrench() Lang {
	if l == English {
		return English
	}
	return French
}
