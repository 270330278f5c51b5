package factsheet

import (
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Validate returns everything that the schema refuses, and names that say nothing, as
// passerelle.FieldErrors whose paths are those of the elements.
func (s Factsheet) Validate() error { return s.Faults("").Err() }

// Faults is Validate for a factsheet inside a document: paths begin with path.
func (s Factsheet) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	f.HEI("hei-id", s.HEI)
	for _, t := range []struct {
		path string
		Terms
	}{{"calendar.student-nominations", s.Calendar.Nominations}, {"calendar.student-applications", s.Calendar.Applications}} {
		day(f, t.path+".autumn-term", t.Autumn)
		day(f, t.path+".spring-term", t.Spring)
	}
	s.Application.faults(f, "application-info")
	for i, r := range s.Requirements {
		at := lexical.At("additional-requirement", i)
		f.Required(at+".name", r.Name, "what is asked for")
		f.Links(at+".information-website", r.Websites)
	}
	f.Integer("decision-weeks-limit", s.DecisionWeeks)
	f.Integer("tor-weeks-limit", s.ToRWeeks)
	for i, a := range s.Accessibility {
		at := lexical.At("accessibility", i)
		f.Word(at+".type", a.Type, Infrastructure, Service)
		f.Required(at+".name", a.Name, "what there is")
		a.Information.faults(f, at+".information")
	}
	s.Housing.faults(f, "housing-info")
	s.Visa.faults(f, "visa-info")
	s.Insurance.faults(f, "insurance-info")
	for i, a := range s.Additional {
		at := lexical.At("additional-info", i)
		f.Required(at+".type", a.Type, "what the information is about")
		a.Information.faults(f, at+".info")
	}
	return f.List()
}

func day(f *lexical.Faults, path, value string) {
	if _, err := ParseMonthDay(value); err != nil {
		f.Add(path, "date", "a day of each year, as --05-15")
	}
}

func (i Information) faults(f *lexical.Faults, path string) {
	f.Email(path+".email", i.Email)
	f.In(path+".phone-number", i.Phone.Validate())
	if len(i.Websites) == 0 {
		f.Add(path+".website-url", "required", "an address at least")
	}
	f.Links(path+".website-url", i.Websites)
}

// Warnings returns what the specification advises against, and no schema refuses: more
// weeks than MaxWeeks, and a requirement whose name is nearly a reserved one.
func (s Factsheet) Warnings() passerelle.FieldErrors {
	var f lexical.Faults
	for _, w := range []struct{ path, weeks string }{{"decision-weeks-limit", s.DecisionWeeks}, {"tor-weeks-limit", s.ToRWeeks}} {
		if n, err := strconv.Atoi(lexical.Token(w.weeks)); err == nil && (n < 1 || n > MaxWeeks) {
			f.Add(w.path, "range", "1 to "+strconv.Itoa(MaxWeeks)+" weeks")
		}
	}
	for i, r := range s.Requirements {
		if slices.Contains(Reserved(), r.Name) {
			continue
		}
		for _, name := range Reserved() {
			if strings.EqualFold(lexical.Token(r.Name), name) {
				f.Add(lexical.At("additional-requirement", i)+".name", "spelling", name+", letter for letter, or a name of its own")
			}
		}
	}
	return f.List()
}
