package ine

import (
	"regexp"
	"strings"
)

// Rules turns a text into a [Verdict]. The zero value and a nil *Rules are the
// built-in table: the coding rules that INES gives to establishments are not public,
// so that a caller who knows more, such as the ranges of provisional numbers in
// use around them, adds it in Custom. Rules is safe for concurrent use as long as
// nobody changes it.
//
// The built-in table, tried in this order once no rule of Custom applies:
//
//	text                                    status       rule            strength
//	nothing but blanks                      absent       empty           secondary
//	a family's shape, key known to be wrong suspect      wrong-key       that of the key's rule
//	4 digits, D, 5 digits, letter           provisional  provisional     secondary
//	RNIE                                    definitive   current-form    secondary
//	BEA, NNE, SIFA                          definitive   older-form      secondary
//	SIFA shape with another letter          unknown      other-letter    deduced
//	anything else                           malformed    no-shape        secondary
type Rules struct {
	Custom []Rule // tried in order before the built-in table; the first that matches decides
	Keys   Keys   // key rules; the zero value is the built-in ones
}

// A Rule gives a status to the texts that it matches, whatever their shape or key.
type Rule struct {
	Name     string   // for verdicts; a stable word
	Match    Matcher  // required: a rule without one matches nothing
	Status   Status   // what the texts are; a value that is no constant is StatusUnknown
	Strength Strength // how sure the rule is
	Reason   string   // a sentence for a person, without the number; empty: the name is given
}

// A Matcher tells whether a rule applies. text is what was read, without blanks
// and in upper case, of any length but never empty; it may be no number.
type Matcher func(text string) bool

// Prefix matches the texts that begin with one of the prefixes, in upper case.
func Prefix(prefixes ...string) Matcher {
	return func(text string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(text, p) {
				return true
			}
		}
		return false
	}
}

// Between matches the texts from first to last, both included, in the order of
// ASCII. It compares whole texts: those of another length than both never match.
func Between(first, last string) Matcher {
	return func(text string) bool {
		return len(text) == len(first) && len(text) == len(last) && first <= text && text <= last
	}
}

// Matching matches the whole texts that re does: there is no need to anchor it.
func Matching(re *regexp.Regexp) Matcher {
	whole := regexp.MustCompile(`^(?:` + re.String() + `)$`)
	return whole.MatchString
}

// Judge gives its verdict on s. It never fails: what cannot be read is malformed.
// With no custom rule it allocates nothing for a number.
func (r *Rules) Judge(s string) Verdict { return judge(r, s) }

// Judge gives the verdict of the built-in rules on s; see [Rules.Judge].
func Judge(s string) Verdict { return judge(nil, s) }

func judge[T text](r *Rules, s T) Verdict {
	t := read(s)
	v := Verdict{Blanks: t.inner}
	switch {
	case t.count == 0:
		v.Status, v.Strength, v.Rule = StatusAbsent, Secondary, RuleEmpty
		return v
	case t.known():
		v.Number, v.Family = t.chars, t.chars.Family()
		v.Key, v.ExpectedKey = r.keys().Check(v.Number)
	default:
		v.Family, v.Input = UnknownFamily, string(s)
	}
	if r != nil && len(r.Custom) > 0 && r.custom(&v, normalText(string(s))) {
		return v
	}
	v.Strength = Secondary
	switch {
	case v.Family == UnknownFamily && t.count == size && t.shape.fits(layouts[UnknownFamily]):
		v.Status, v.Strength, v.Rule = StatusUnknown, Deduced, RuleOtherLetter
	case v.Family == UnknownFamily:
		v.Status, v.Rule = StatusMalformed, RuleNoShape
	case v.Key == KeyWrong:
		v.Status, v.Strength, v.Rule = StatusSuspect, r.keys().strength(v.Family), RuleWrongKey
	case v.Family == Provisional:
		v.Status, v.Rule = StatusProvisional, RuleProvisional
	case v.Family == RNIE:
		v.Status, v.Rule = StatusDefinitive, RuleCurrentForm
	default:
		v.Status, v.Rule = StatusDefinitive, RuleOlderForm
	}
	return v
}

// keys returns r's key rules, nil for the built-in ones.
func (r *Rules) keys() *Keys {
	if r == nil {
		return nil
	}
	return &r.Keys
}

// custom completes v by the first of the caller's rules that matches.
func (r *Rules) custom(v *Verdict, text string) bool {
	for i := range r.Custom {
		rule := &r.Custom[i]
		if rule.Match != nil && rule.Match(text) {
			if int(rule.Status) < statuses {
				v.Status = rule.Status
			}
			v.Strength, v.Rule = rule.Strength, rule.Name
			v.custom, v.reason = true, rule.Reason
			return true
		}
	}
	return false
}
