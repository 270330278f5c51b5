package ines

import (
	"reflect"
	"strings"
	"sync"
	"unicode"

	"github.com/go-playground/validator/v10"

	"github.com/passerelle-sup/passerelle"
)

// MaxStudent is the longest reference of a student that a registration carries,
// in bytes. The limit is ours.
const MaxStudent = 64

// Validate checks r before anything is sent, so that INES is not burdened with
// what it would refuse: required fields (list of 2021), a birth date that is
// complete or partial but real and not after today, a birthplace with the shape
// of a COG code, an establishment whose key is right, a reference. All faults
// come together as passerelle.FieldErrors, in the order of the fields, without
// values. A zero today skips the comparison.
func (r RegisterRequest) Validate(today passerelle.Date) error {
	rec := record{
		Student:    r.Student,
		BirthName:  strings.TrimSpace(r.Person.BirthName),
		GivenName:  strings.TrimSpace(r.Person.GivenNames[0]),
		GivenName2: r.Person.GivenNames[1],
		GivenName3: r.Person.GivenNames[2],
		UsageName:  r.Person.UsageName,
		Sex:        r.Person.Sex.String(),
		BirthDate:  r.Person.BirthDate,
		Birthplace: r.Person.Birthplace,
		UAI:        r.UAI.String(),
	}
	faults := rec.faults(today)
	if !r.UAI.IsZero() && !r.UAI.KeyOK() {
		faults.Add("UAI", "key", "the key letter that follows from the seven digits")
	}
	return faults.Err()
}

// Validate checks r before anything is sent: the same rules as for a
// registration, on the person alone.
func (r SearchRequest) Validate(today passerelle.Date) error {
	err := RegisterRequest{Student: "-", Person: r.Person}.Validate(today)
	faults, _ := err.(passerelle.FieldErrors) //nolint:errorlint // Validate returns nothing else
	var kept passerelle.FieldErrors
	for _, f := range faults {
		if f.Field != "UAI" {
			kept = append(kept, f)
		}
	}
	return kept.Err()
}

// Validate checks r before anything is sent: both values present.
func (r VerifyRequest) Validate() error {
	var faults passerelle.FieldErrors
	if r.INE.IsZero() {
		faults.Add("INE", "required", "the number to verify")
	}
	if r.BirthDate.IsZero() {
		faults.Add("BirthDate", "required", "the birth date that goes with the number")
	}
	return faults.Err()
}

// Validate checks r before anything is sent: an establishment.
func (r FollowUpRequest) Validate() error {
	var faults passerelle.FieldErrors
	if r.UAI.IsZero() {
		faults.Add("UAI", "required", "the code of the establishment that asks")
	}
	return faults.Err()
}

// record is a registration in the form that the validator reads. The field tag
// is the path that the caller knows.
type record struct {
	Student    string                `validate:"required,max=64,printascii" field:"Student"`
	BirthName  string                `validate:"required,onename" field:"Person.BirthName"`
	UsageName  string                `validate:"onename" field:"Person.UsageName"`
	GivenName  string                `validate:"required,onename" field:"Person.GivenNames[0]"`
	GivenName2 string                `validate:"onename" field:"Person.GivenNames[1]"`
	GivenName3 string                `validate:"onename" field:"Person.GivenNames[2]"`
	Sex        string                `validate:"required" field:"Person.Sex"`
	BirthDate  passerelle.Date       `validate:"required,realdate" field:"Person.BirthDate"`
	Birthplace passerelle.Birthplace `validate:"placeknown,placecode" field:"Person.Birthplace"`
	UAI        string                `validate:"required" field:"UAI"`
}

// want says for each field and rule what was expected.
var want = map[string]string{
	"Student required":              "the caller's reference of the student",
	"Student max":                   "64 characters at most",
	"Student printascii":            "printable ASCII characters",
	"Person.BirthName required":     "the family name of the birth certificate",
	"Person.GivenNames[0] required": "the first given name",
	"Person.Sex required":           "female or male, as in the civil registry",
	"Person.BirthDate required":     "the birth date",
	"Person.BirthDate realdate":     "a day that exists",
	"Person.Birthplace placeknown":  "the COG code of the commune, or 99xxx of the country",
	"Person.Birthplace placecode":   "a COG code: 67482, 2A004, 99132",
	"UAI required":                  "the code of the establishment that asks",
	"onename":                       "a name: letters, blanks, hyphens, apostrophes, and at least one letter",
}

// ruleNames are our words for the validator's tags, where they differ.
var ruleNames = map[string]string{
	"max": "length", "printascii": "character", "onename": "character", "realdate": "range", "placeknown": "required", "placecode": "code",
}

var checker = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("field") })
	must := func(tag string, ok func(fl validator.FieldLevel) bool) {
		if err := v.RegisterValidation(tag, ok, true); err != nil {
			panic(err) // the tags are constants of this file
		}
	}
	must("onename", func(fl validator.FieldLevel) bool { return plausibleName(fl.Field().String()) })
	must("realdate", func(fl validator.FieldLevel) bool { return fl.Field().Interface().(passerelle.Date).Valid() })
	must("placeknown", func(fl validator.FieldLevel) bool {
		return fl.Field().Interface().(passerelle.Birthplace).Code() != ""
	})
	must("placecode", func(fl validator.FieldLevel) bool {
		return fl.Field().Interface().(passerelle.Birthplace).Validate() == nil
	})
	return v
})

// faults runs the validator and turns what it found into the module's own errors.
func (rec record) faults(today passerelle.Date) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if err := checker().Struct(rec); err != nil {
		found, _ := err.(validator.ValidationErrors) //nolint:errorlint // the validator wraps nothing
		for _, f := range found {
			field, tag := f.Field(), f.Tag()
			expected, ok := want[field+" "+tag]
			if !ok {
				expected = want[tag]
			}
			rule := tag
			if name, ok := ruleNames[tag]; ok {
				rule = name
			}
			faults.Add(field, rule, expected)
		}
	}
	if !today.IsZero() && today.Before(rec.BirthDate) {
		faults.Add("Person.BirthDate", "range", "a day that is not in the future")
	}
	return faults
}

// plausibleName accepts what civil registries write; an empty name is the
// business of "required".
func plausibleName(name string) bool {
	if strings.TrimSpace(name) == "" {
		return true
	}
	letters := false
	for _, r := range name {
		switch {
		case unicode.IsLetter(r):
			letters = true
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Lm, r), unicode.IsSpace(r) && r != '\n' && r != '\r' && r != '\t':
		case strings.ContainsRune("'’‘`´-‐‑–.()/,", r):
		default:
			return false
		}
	}
	return letters
}
