package ines

import (
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/uai"
)

// values are the texts of a message as they stand on the wire, by field.
type values map[Field][]string

// put adds a text; an empty one says nothing.
func (v values) put(f Field, text string) {
	if text != "" {
		v[f] = append(v[f], text)
	}
}

func (v values) first(f Field) string {
	if all := v[f]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// conventions is Conventions ready for use.
type conventions struct {
	Conventions
	date datePattern
	zone *time.Location
	word map[Status]string // the service's word for a status, the first in the alphabet where it has several
}

func (c *conventions) putPerson(v values, p passerelle.Person) {
	v.put(FieldBirthName, p.BirthName)
	v.put(FieldUsageName, p.UsageName)
	v.put(FieldGivenName1, p.GivenNames[0])
	v.put(FieldGivenName2, p.GivenNames[1])
	v.put(FieldGivenName3, p.GivenNames[2])
	v.put(FieldSex, c.Sex.Format(p.Sex))
	v.put(FieldBirthDate, c.date.format(p.BirthDate))
	place := p.Birthplace
	country := place.Country
	if place.Commune != "" {
		country = passerelle.FranceCOG
	}
	if c.ShortCountry {
		country = place.CountryCode3()
	}
	switch {
	case place.Commune != "":
		v.put(FieldBirthplace, place.Commune)
	case place.Abroad():
		v.put(FieldBirthplace, country)
	}
	v.put(FieldBirthCommune, place.Commune)
	v.put(FieldBirthCountry, country)
	v.put(FieldBirthTown, place.Name)
}

// person reads an identity; what cannot be read is left empty and named in faults.
func (c *conventions) person(v values, faults *passerelle.FieldErrors) passerelle.Person {
	p := passerelle.Person{
		BirthName:  v.first(FieldBirthName),
		UsageName:  v.first(FieldUsageName),
		GivenNames: [3]string{v.first(FieldGivenName1), v.first(FieldGivenName2), v.first(FieldGivenName3)},
	}
	var err error
	p.Sex, err = c.Sex.Parse(v.first(FieldSex))
	note(faults, FieldSex, err)
	p.BirthDate, err = c.date.parse(v.first(FieldBirthDate))
	note(faults, FieldBirthDate, err)
	for _, f := range []Field{FieldBirthCountry, FieldBirthCommune, FieldBirthplace} { // the most precise last
		if code := v.first(f); code != "" {
			place, err := passerelle.ParseBirthplace(code)
			note(faults, f, err)
			if err == nil {
				p.Birthplace = place
			}
		}
	}
	p.Birthplace.Name = v.first(FieldBirthTown)
	return p
}

// note records that a field could not be read.
func note(faults *passerelle.FieldErrors, f Field, err error) {
	switch e := err.(type) { //nolint:errorlint // parsers return it bare
	case nil:
	case *passerelle.ParseError:
		faults.Add(string(f), e.Rule, e.Want)
	default:
		faults.Add(string(f), "value", "")
	}
}

func (c *conventions) request(r Request) values {
	v := make(values, 16)
	switch r := r.(type) {
	case VerifyRequest:
		v.put(FieldINE, r.INE.String())
		v.put(FieldBirthDate, c.date.format(r.BirthDate))
	case SearchRequest:
		c.putPerson(v, r.Person)
	case RegisterRequest:
		v.put(FieldStudent, r.Student)
		c.putPerson(v, r.Person)
		v.put(FieldUAI, r.UAI.String())
	case FollowUpRequest:
		v.put(FieldUAI, r.UAI.String())
		for _, id := range r.RequestIDs {
			v.put(FieldRequestID, id)
		}
		if !r.Since.IsZero() {
			v.put(FieldSince, c.formatTime(r.Since))
		}
	}
	return v
}

func (c *conventions) readRequest(op Operation, v values, faults *passerelle.FieldErrors) Request {
	code := func() uai.Code {
		text := v.first(FieldUAI)
		if text == "" {
			return uai.Code{}
		}
		u, err := uai.Parse(text)
		note(faults, FieldUAI, err)
		return u
	}
	switch op {
	case OpVerify:
		r := VerifyRequest{INE: readNumber(v.first(FieldINE), FieldINE, faults)}
		var err error
		r.BirthDate, err = c.date.parse(v.first(FieldBirthDate))
		note(faults, FieldBirthDate, err)
		return r
	case OpSearch:
		return SearchRequest{Person: c.person(v, faults)}
	case OpRegister:
		return RegisterRequest{Student: v.first(FieldStudent), Person: c.person(v, faults), UAI: code()}
	default:
		return FollowUpRequest{UAI: code(), RequestIDs: v[FieldRequestID], Since: c.readTime(v.first(FieldSince), FieldSince, faults)}
	}
}

func (c *conventions) answer(a Answer) values {
	v := make(values, 16)
	word, ok := c.word[a.Status]
	if !ok {
		word = string(a.Status)
	}
	v.put(FieldStatus, word)
	v.put(FieldMaster, a.Master.String())
	for _, n := range a.Alternates {
		v.put(FieldAlternate, n.String())
	}
	c.putPerson(v, a.Person)
	v.put(FieldRequestID, a.RequestID)
	v.put(FieldStudent, a.Student)
	v.put(FieldCode, a.Code)
	v.put(FieldMessage, a.Message)
	if !a.At.IsZero() {
		v.put(FieldChangedAt, c.formatTime(a.At))
	}
	return v
}

func (c *conventions) readAnswer(op Operation, v values) Answer {
	a := Answer{
		Operation: op,
		RequestID: v.first(FieldRequestID),
		Student:   v.first(FieldStudent),
		Code:      v.first(FieldCode),
		Message:   v.first(FieldMessage),
	}
	word := v.first(FieldStatus)
	status, ok := c.Statuses[word]
	if !ok {
		status = Status(word)
	}
	a.Status = status
	master := readNumber(v.first(FieldMaster), FieldMaster, &a.Unread)
	if status == StatusConfirmed {
		a.Master = master
	}
	for _, text := range v[FieldAlternate] {
		if n := readNumber(text, FieldAlternate, &a.Unread); !n.IsZero() {
			a.Alternates = append(a.Alternates, n)
		}
	}
	a.Person = c.person(v, &a.Unread)
	a.At = c.readTime(v.first(FieldChangedAt), FieldChangedAt, &a.Unread)
	return a
}

// readNumber reads an INE by its shape: its key is the business of INES.
func readNumber(text string, f Field, faults *passerelle.FieldErrors) ine.Number {
	if text == "" {
		return ine.Number{}
	}
	n, err := ine.Parse(text)
	note(faults, f, err)
	return n
}

func (c *conventions) layout() string {
	if c.TimeFormat == "" {
		return time.RFC3339
	}
	return c.TimeFormat
}

func (c *conventions) formatTime(t time.Time) string { return t.In(c.zone).Format(c.layout()) }

func (c *conventions) readTime(text string, f Field, faults *passerelle.FieldErrors) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(c.layout(), text, c.zone)
	if err != nil && c.TimeFormat == "" { // xs:dateTime may have no zone
		t, err = time.ParseInLocation("2006-01-02T15:04:05", strings.TrimSpace(text), c.zone)
	}
	if err != nil {
		faults.Add(string(f), "value", "a date and time as "+c.layout())
	}
	return t
}

// datePattern is a form of dates: where year, month and day stand in it. An
// unknown month or day is written 00.
type datePattern string

func parseDatePattern(s string) (datePattern, error) {
	if s == "" {
		s = "YYYY-MM-DD"
	}
	rest := s
	for _, part := range []string{"YYYY", "MM", "DD"} {
		if strings.Count(rest, part) != 1 {
			return "", passerelle.ErrInvalid
		}
		rest = strings.Replace(rest, part, "", 1)
	}
	if strings.ContainsAny(rest, "YMD0123456789") {
		return "", passerelle.ErrInvalid
	}
	return datePattern(s), nil
}

func (p datePattern) format(d passerelle.Date) string {
	if d.IsZero() {
		return ""
	}
	iso := d.String()
	return strings.NewReplacer("YYYY", iso[:4], "MM", iso[5:7], "DD", iso[8:]).Replace(string(p))
}

func (p datePattern) parse(text string) (passerelle.Date, error) {
	if text == "" {
		return passerelle.Date{}, nil
	}
	wrong := &passerelle.ParseError{Type: "date", Rule: "length", Want: string(p)}
	if len(text) != len(p) {
		// An xs:date may carry a zone, which means nothing for a calendar date.
		trimmed, zoned := cutZone(text, len(p))
		if !zoned {
			return passerelle.Date{}, wrong
		}
		text = trimmed
	}
	part := func(name string) string {
		at := strings.Index(string(p), name)
		return text[at : at+len(name)]
	}
	year, month, day := part("YYYY"), part("MM"), part("DD")
	d, err := passerelle.ParseDate(year + "-" + month + "-" + day)
	if err != nil {
		wrong.Rule = "value"
		return passerelle.Date{}, wrong
	}
	if p.format(d) != text {
		wrong.Rule = "character"
		return passerelle.Date{}, wrong
	}
	return d, nil
}

// cutZone takes the zone of an xs:date off a text of n bytes and a zone.
func cutZone(text string, n int) (string, bool) {
	if len(text) <= n {
		return "", false
	}
	zone := text[n:]
	if zone == "Z" || len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' {
		return text[:n], true
	}
	return "", false
}
