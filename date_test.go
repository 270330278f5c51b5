package passerelle_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		parse func(string) (passerelle.Date, error)
		in    string
		want  passerelle.Date
		rule  string
		pos   int
	}{
		0:  {passerelle.ParseDate, "2007-03-01", passerelle.NewDate(2007, 3, 1), "", 0},
		1:  {passerelle.ParseDate, "2008-02-29", passerelle.NewDate(2008, 2, 29), "", 0},
		2:  {passerelle.ParseDate, "2007-02-29", passerelle.Date{}, "range", 9},
		3:  {passerelle.ParseDate, "2007-13-01", passerelle.Date{}, "range", 6},
		4:  {passerelle.ParseDate, "2007-00-00", passerelle.NewDate(2007, 0, 0), "", 0},
		5:  {passerelle.ParseDate, "2007-03-00", passerelle.NewDate(2007, 3, 0), "", 0},
		6:  {passerelle.ParseDate, "2007-00-12", passerelle.Date{}, "range", 9},
		7:  {passerelle.ParseDate, "0000-01-01", passerelle.Date{}, "range", 1},
		8:  {passerelle.ParseDate, "2007-3-1", passerelle.Date{}, "length", 0},
		9:  {passerelle.ParseDate, "", passerelle.Date{}, "length", 0},
		10: {passerelle.ParseDate, "2007/03/01", passerelle.Date{}, "character", 5},
		11: {passerelle.ParseDate, "2007-0x-01", passerelle.Date{}, "character", 7},
		12: {passerelle.ParseDate, "２007-03-1", passerelle.Date{}, "length", 0}, // a full-width digit
		13: {passerelle.ParseFrenchDate, "01/03/2007", passerelle.NewDate(2007, 3, 1), "", 0},
		14: {passerelle.ParseFrenchDate, "31/04/2007", passerelle.Date{}, "range", 1},
		15: {passerelle.ParseFrenchDate, "2007-03-01", passerelle.Date{}, "character", 3},
		16: {passerelle.ParseFrenchDate, "00/00/2007", passerelle.NewDate(2007, 0, 0), "", 0},
	} {
		got, err := c.parse(c.in)
		fault, _ := errors.AsType[*passerelle.ParseError](err)
		if got != c.want || (c.rule == "") != (err == nil) || c.rule != "" && (fault == nil || fault.Rule != c.rule || fault.Pos != c.pos) {
			t.Errorf("%d: %q = %v, %v; want %v, rule %q at %d", i, c.in, got, err, c.want, c.rule, c.pos)
		}
	}
}

func TestDateForms(t *testing.T) {
	t.Parallel()
	d := passerelle.MustParseDate("2007-03-01")
	if d.String() != "2007-03-01" || d.French() != "01/03/2007" || d.LogValue().String() != "****-**-**" {
		t.Errorf("forms of %v: %s, %s", d, d.French(), d.LogValue())
	}
	if got := d.AddDays(-1).String(); got != "2007-02-28" {
		t.Errorf("the day before is %s", got)
	}
	if got := d.Time(time.UTC); !got.Equal(time.Date(2007, 3, 1, 0, 0, 0, 0, time.UTC)) || passerelle.DateOf(got) != d {
		t.Errorf("as time %v", got)
	}
	if !d.Before(passerelle.NewDate(2007, 3, 2)) || d.Before(d) || !passerelle.NewDate(2007, 3, 0).Before(d) {
		t.Error("order of dates")
	}
	var zero passerelle.Date
	if zero.String() != "" || zero.French() != "" || !zero.IsZero() || zero.Valid() || zero.Partial() || zero.LogValue().String() != "" {
		t.Error("the zero Date is not \"no date\"")
	}
	if !passerelle.NewDate(2007, 0, 0).Partial() || d.Partial() {
		t.Error("partial dates")
	}
	var back struct{ A, B passerelle.Date }
	if err := json.Unmarshal([]byte(`{"A":"2007-03-01","B":""}`), &back); err != nil || back.A != d || !back.B.IsZero() {
		t.Errorf("from JSON: %+v, %v", back, err)
	}
	if out, err := json.Marshal(back); err != nil || string(out) != `{"A":"2007-03-01","B":""}` {
		t.Errorf("to JSON: %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"01/03/2007"}`), &back); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a French date in JSON = %v; want ErrInvalid", err)
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("2007-03-01")
	f.Add("2007-00-00")
	f.Add("01/03/2007")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := passerelle.ParseDate(s); err == nil && (d.String() != s || !d.Valid()) {
			t.Errorf("%q was read as %v", s, d)
		}
		if d, err := passerelle.ParseFrenchDate(s); err == nil && (d.French() != s || !d.Valid()) {
			t.Errorf("%q was read as %v", s, d)
		}
	})
}
