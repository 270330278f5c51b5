package lexical

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Faults collects what is wrong with a document, each fault with its path: the names of
// the elements, and positions from 0 where there can be several. The zero value is for
// a document as a whole.
type Faults struct {
	path string
	list passerelle.FieldErrors
}

// Under returns a collector for a part of a document, whose paths begin with path.
func Under(path string) *Faults { return &Faults{path: path} }

// List returns all of them.
func (f *Faults) List() passerelle.FieldErrors { return f.list }

// Err returns all of them, a passerelle.FieldErrors, or nil.
func (f *Faults) Err() error { return f.list.Err() }

// Add adds a fault that the caller found.
func (f *Faults) Add(path, rule, want string) {
	if f.path != "" {
		path = f.path + "." + path
	}
	f.list.Add(path, rule, want)
}

// In adds the faults of a part of the document, below its path.
func (f *Faults) In(path string, err error) {
	if list, ok := errors.AsType[passerelle.FieldErrors](err); ok {
		for _, fault := range list {
			f.Add(path+"."+fault.Field, fault.Rule, fault.Want)
		}
	} else if err != nil {
		f.Add(path, "value", err.Error())
	}
}

// Required wants a text that is not blank.
func (f *Faults) Required(path, value, want string) {
	if strings.TrimSpace(value) == "" {
		f.Add(path, "required", want)
	}
}

// HEI wants an identifier of an institution.
func (f *Faults) HEI(path string, hei ewp.HEIID) {
	if hei.IsZero() {
		f.Add(path, "required", "the identifier of the institution")
	}
}

// Identifier wants an identifier.
func (f *Faults) Identifier(path, value string) {
	if !IsIdentifier(value) {
		f.Add(path, "pattern", "1 to 64 printable ASCII characters without blanks")
	}
}

// Email wants an address.
func (f *Faults) Email(path, value string) {
	if !IsEmail(value) {
		f.Add(path, "pattern", "an e-mail address")
	}
}

// HTTPS wants an https address.
func (f *Faults) HTTPS(path, value string) {
	if !IsHTTPS(value) {
		f.Add(path, "url", "an https address")
	}
}

// Date wants a day, and returns it.
func (f *Faults) Date(path, value string) passerelle.Date {
	d, err := Date(value)
	if err != nil {
		f.Add(path, "date", "a date as 2025-09-01")
	}
	return d
}

// Decimal wants a number.
func (f *Faults) Decimal(path, value string) {
	if !IsDecimal(value) {
		f.Add(path, "decimal", "a number as 7.5")
	}
}

// Integer wants a whole number.
func (f *Faults) Integer(path, value string) {
	if !IsInteger(value) {
		f.Add(path, "integer", "a whole number")
	}
}

// Word wants one of a list.
func (f *Faults) Word(path, value string, list ...string) {
	if !slices.Contains(list, value) {
		f.Add(path, "code", "one of "+strings.Join(list, ", "))
	}
}

// Texts wants texts that are not blank, in languages that are well written.
func (f *Faults) Texts(path string, texts ewp.Texts) {
	for i, t := range texts {
		f.Required(At(path, i), t.Value, "a text")
		f.lang(At(path, i), t)
	}
}

// Names is Texts, one of which must be there.
func (f *Faults) Names(path string, texts ewp.Texts) {
	if len(texts) == 0 {
		f.Add(path, "required", "a text in at least one language")
	}
	f.Texts(path, texts)
}

// Links wants addresses of pages, in languages that are well written.
func (f *Faults) Links(path string, links ewp.Texts) {
	for i, l := range links {
		if !IsHTTP(l.Value) {
			f.Add(At(path, i), "url", "an http or https address")
		}
		f.lang(At(path, i), l)
	}
}

func (f *Faults) lang(path string, t ewp.Text) {
	if t.Lang != "" && !IsLanguage(t.Lang) {
		f.Add(path+"@xml:lang", "language", "a language tag of BCP 47, as fr or ru-Latn")
	}
}

// At is the path of an element of a list.
func At(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
