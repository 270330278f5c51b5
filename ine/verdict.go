package ine

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Verdict is what the rules say of one text. It is personal data: it holds the
// number. [Verdict.Reason] and [Verdict.LogValue] do not.
type Verdict struct {
	Number      Number     `json:"number"`                 // the number the status is about; zero when the text is none
	Input       string     `json:"input,omitempty"`        // the text as it was, when it is no number
	Family      Family     `json:"family"`                 // NoFamily for an empty text, UnknownFamily when it is no number
	Key         KeyVerdict `json:"key"`                    // KeyNone when there is no number
	ExpectedKey string     `json:"expected_key,omitempty"` // the right key, where a rule gives one
	Status      Status     `json:"status"`                 // what to do
	Strength    Strength   `json:"strength,omitempty"`     // how sure the rule behind the status is
	Rule        string     `json:"rule"`                   // name of that rule: see Rules
	Blanks      bool       `json:"blanks,omitempty"`       // blanks inside the text were removed
	Replaces    Number     `json:"replaces,omitzero"`      // the number that INES answered Number for
	At          time.Time  `json:"at,omitzero"`            // when INES answered

	custom bool   // decided by a caller's rule
	reason string // the sentence of that rule
}

// Names of the built-in rules, in the order in which they are tried.
const (
	RuleEmpty       = "empty"        // nothing but blanks: absent
	RuleWrongKey    = "wrong-key"    // a known shape, a key known to be wrong: suspect
	RuleProvisional = "provisional"  // D in fifth place: provisional
	RuleCurrentForm = "current-form" // RNIE: definitive
	RuleOlderForm   = "older-form"   // BEA, NNE, SIFA: definitive, INES may answer with an RNIE number
	RuleOtherLetter = "other-letter" // as SIFA or provisional, with a letter other than A or D: unknown
	RuleNoShape     = "no-shape"     // anything else: malformed
	RuleINES        = "ines"         // INES answered: see Verdict.WithINES
)

// Definitive reports whether the student has a definitive number.
func (v Verdict) Definitive() bool { return v.Status == StatusDefinitive }

// WithINES returns the verdict once INES has answered, which always wins over the
// rules. master is the INE maître of the answer: the verdict becomes definitive
// and is about master, whatever its shape and key; Replaces keeps the number that
// was asked about when it is another one. The zero Number says that INES knows
// nobody under the number asked about: the number stays and its status is
// unknown. An INES that could not answer gives no verdict: do not call
// WithINES then.
func (v Verdict) WithINES(master Number, at time.Time) Verdict {
	out := v
	out.Strength, out.Rule, out.At = Authority, RuleINES, at
	out.custom, out.reason = false, ""
	if master.IsZero() {
		out.Status = StatusUnknown
		return out
	}
	out.Status = StatusDefinitive
	if master == v.Number {
		return out
	}
	out.Number, out.Replaces, out.Input, out.Blanks = master, v.Number, "", false
	out.Family = master.Family()
	out.Key, out.ExpectedKey = (*Keys)(nil).Check(master)
	return out
}

// Reason explains the verdict in one sentence for a person to read. It
// never holds the number, so that it can be logged; it holds the expected key of
// a wrong one.
func (v Verdict) Reason() string {
	reason := v.reason
	switch {
	case reason != "":
	case v.custom:
		reason = "By the rule " + strconv.Quote(v.Rule) + "."
	default:
		reason = v.builtinReason()
	}
	if v.Blanks {
		reason = strings.TrimSuffix(reason, ".") + "; blanks inside it were removed."
	}
	return reason
}

func (v Verdict) builtinReason() string {
	switch v.Rule {
	case RuleEmpty:
		return "No number: search the student in INES, then immatriculate."
	case RuleWrongKey:
		return v.wrongKeyReason()
	case RuleProvisional:
		return "Provisional form: ask INES for the definitive number."
	case RuleCurrentForm:
		if v.Key == KeyOK {
			return "Current form (RNIE), right key."
		}
		return "Current form (RNIE), key not checked."
	case RuleOlderForm:
		return v.olderFormReason()
	case RuleOtherLetter:
		return "The letter in fifth place is that of no known family (A for SIFA, D for provisional): ask INES, do not immatriculate before its answer."
	case RuleNoShape:
		return v.noShapeReason()
	case RuleINES:
		return v.inesReason()
	}
	return ""
}

func (v Verdict) wrongKeyReason() string {
	var b strings.Builder
	b.WriteString("The form is that of ")
	b.WriteString(v.Family.describe())
	b.WriteString(" but its key should be ")
	b.WriteString(v.ExpectedKey)
	switch v.Strength {
	case Deduced:
		b.WriteString(" (by a rule that is deduced, not published)")
	case Guessed:
		b.WriteString(" (by a rule that is a guess)")
	}
	b.WriteString(": probably a mistyped character.")
	return b.String()
}

func (v Verdict) olderFormReason() string {
	const advice = ": still valid, but INES may answer with another number."
	checked := v.Key == KeyOK
	switch {
	case v.Family == BEA && checked:
		return "Older form (BEA), right key" + advice
	case v.Family == BEA:
		return "Older form (BEA), key not checked" + advice
	case v.Family == NNE && checked:
		return "Older form (NNE), right key" + advice
	case v.Family == NNE:
		return "Older form (NNE), key not checked" + advice
	case checked:
		return "Older form (SIFA), key right by a rule that is a guess" + advice
	}
	return "Older form (SIFA), key not checked because its rule is not public" + advice
}

func (v Verdict) noShapeReason() string {
	t := read(v.Input)
	if t.count != size {
		return "Not an INE: it has " + strconv.Itoa(t.count) + plural(t.count, " character", " characters") + " where 11 are expected."
	}
	e := shapeFault(t)
	return "Not an INE: character " + strconv.Itoa(e.Pos) + " should be " + e.Want + "."
}

func (v Verdict) inesReason() string {
	switch {
	case v.Status != StatusDefinitive:
		return "INES knows nobody under this number."
	case !v.Replaces.IsZero():
		return "INES answered with this number in place of the one that was asked about."
	}
	return "INES confirmed this number."
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// LogValue keeps what is not personal: family, key, status and rule.
func (v Verdict) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("family", v.Family.String()),
		slog.String("key", v.Key.String()),
		slog.String("status", v.Status.String()),
		slog.String("rule", v.Rule),
	)
}
