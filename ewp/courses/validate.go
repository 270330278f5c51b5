package courses

import (
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Validate returns everything that the schema refuses, and what contradicts itself: a
// type that is not that of the identifier, an end before the start. Its error is a
// passerelle.FieldErrors whose paths are those of the elements.
func (s Specification) Validate() error { return s.Faults("").Err() }

// Faults is Validate for a specification inside a document: paths begin with path.
func (s Specification) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	kind := check(f, "los-id", s.ID, false)
	if s.Unit != "" {
		f.Identifier("ounit-id", s.Unit)
	}
	titles(f, "title", s.Titles)
	if s.Type != "" {
		f.Word("type", s.Type, Programme.Type(), Module.Type(), Course.Type(), Class.Type())
		if want := kind.Type(); want != "" && s.Type != want {
			f.Add("type", "conflict", want+", as the identifier says")
		}
	}
	if n, err := strconv.Atoi(lexical.Token(s.EQF)); s.EQF != "" && (err != nil || n < 1 || n > 8) {
		f.Add("eqfLevelProvided", "range", "1 to 8")
	}
	f.Links("url", s.Pages)
	f.Texts("description", s.Descriptions)
	for i, instance := range s.Instances {
		f.In(lexical.At("specifies.learningOpportunityInstance", i), instance.Validate())
	}
	for i, id := range s.Parts {
		check(f, lexical.At("contains.los-id", i), id, false)
	}
	return f.List()
}

// titles wants one at least; an empty text is allowed, says the specification, for what
// has no title.
func titles(f *lexical.Faults, path string, list ewp.Texts) {
	if len(list) == 0 {
		f.Add(path, "required", "a text in at least one language")
	}
	for i, t := range list {
		if t.Lang != "" && !lexical.IsLanguage(t.Lang) {
			f.Add(lexical.At(path, i)+"@xml:lang", "language", "a language tag of BCP 47, as fr or ru-Latn")
		}
	}
}

// check wants an identifier, of an instance or not, and returns its kind.
func check(f *lexical.Faults, path, id string, instance bool) Kind {
	prefix, _, _ := strings.Cut(id, "/")
	if err := isIdentifier(id); err != nil || strings.HasSuffix(prefix, "I") != instance {
		want := "CR/, CLS/, MOD/ or DEP/, and 1 to 40 printable ASCII characters without blanks"
		if instance {
			want = "CRI/, CLSI/, MODI/ or DEPI/, and 1 to 40 printable ASCII characters without blanks"
		}
		f.Add(path, "pattern", want)
	}
	kind, _ := KindOf(id)
	return kind
}

// Validate is that of an instance by itself.
func (i Instance) Validate() error {
	var f lexical.Faults
	check(&f, "loi-id", i.ID, true)
	first, last := f.Date("start", i.Start), f.Date("end", i.End)
	if !first.IsZero() && !last.IsZero() && last.Before(first) {
		f.Add("end", "range", "no day before start")
	}
	if i.Term != nil {
		f.In("academic-term", i.Term.Validate())
	}
	if g := i.Grading; g != nil {
		f.Names("gradingScheme.label", g.Labels)
		f.Texts("gradingScheme.description", g.Descriptions)
	}
	if r := i.Results; r != nil {
		if len(r.Categories) == 0 {
			f.Add("resultDistribution.category", "required", "a category at least")
		}
		for j, c := range r.Categories {
			if !lexical.IsInteger(c.Count) || strings.HasPrefix(lexical.Token(c.Count), "-") {
				f.Add(lexical.At("resultDistribution.category", j)+"@count", "integer", "a whole number, 0 or more")
			}
		}
		f.Texts("resultDistribution.description", r.Descriptions)
	}
	for j, c := range i.Credits {
		at := lexical.At("credit", j)
		f.Required(at+".scheme", c.Scheme, SchemeECTS+", or the name of another scheme")
		if c.Level != "" {
			f.Word(at+".level", c.Level, "Bachelor", "Master", "PhD")
		}
		f.Decimal(at+".value", c.Value)
	}
	if i.Language != "" && !lexical.IsLanguage(i.Language) {
		f.Add("languageOfInstruction", "language", "a language tag of BCP 47, as fr")
	}
	if i.Hours != "" {
		f.Decimal("engagementHours", i.Hours)
	}
	return f.Err()
}
