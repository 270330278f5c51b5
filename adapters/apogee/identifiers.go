package apogee

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// IdentifiersRequest says who is looked for: by one number, or by name and birth
// date. Empty fields are not sent.
type IdentifiersRequest struct {
	CodEtu      string // student number
	CodInd      string // internal key
	INE         string // whole, 11 characters; sent in upper case
	GrantNumber string
	CodOPI      string // number of the candidate before enrolment
	Name        string
	GivenName   string
	BirthDate   string // as the service wants it: its form is not published
	Directory   string // look-up in the directory: TOUS, O or N; empty is N
}

// LogValue masks the request.
func (r IdentifiersRequest) LogValue() slog.Value { return slog.StringValue("***") }

// Identifiers are the numbers of a student. The ones that Apogée lacks are empty.
type Identifiers struct {
	CodEtu       string
	CodInd       string
	INE          string // number and key joined
	GrantNumber  string
	Email, Login string // of the directory
}

// LogValue gives the student number and nothing personal.
func (i Identifiers) LogValue() slog.Value { return slog.StringValue(System + ":" + i.CodEtu) }

// Identifiers finds the numbers of a student. Its error is ErrNotFound for nobody.
func (c *Client) Identifiers(ctx context.Context, r IdentifiersRequest) (Identifiers, error) {
	number := strings.ToUpper(strings.TrimSpace(r.INE))
	key := ""
	if number != "" && c.cfg.Contract.SplitINE {
		n, err := ine.Parse(number)
		if err != nil {
			fault, _ := errors.AsType[*passerelle.ParseError](err)
			return Identifiers{}, passerelle.FieldErrors{{Field: "INE", Rule: fault.Rule, Want: fault.Want}}
		}
		number, key = n.Split(ine.ByFamily)
	}
	if r == (IdentifiersRequest{Directory: r.Directory}) {
		return Identifiers{}, passerelle.FieldErrors{{Field: "IdentifiersRequest", Rule: "required", Want: "a number, or a name"}}
	}
	if r.Directory == "" {
		r.Directory = "N"
	}
	got, err := one[struct {
		CodEtu      string `xml:"codEtu"`
		CodInd      string `xml:"codInd"`
		Email       string `xml:"emailAnnuaire"`
		Login       string `xml:"loginAnnuaire"`
		GrantNumber string `xml:"numBoursier"`
		INE         string `xml:"numeroINE"`
		Key         string `xml:"cleINE"` // of the first version
	}](ctx, c, OpIdentifiers, []param{
		{name: "_codEtu", text: r.CodEtu}, {name: "_codInd", text: r.CodInd}, {name: "_numINE", text: number}, {name: "_cleINE", text: key},
		{name: "_numBoursier", text: r.GrantNumber}, {name: "_codOPI", text: r.CodOPI}, {name: "_nom", text: r.Name}, {name: "_prenom", text: r.GivenName},
		{name: "_dateNaiss", text: r.BirthDate}, {name: "_temoinRecupAnnu", text: r.Directory},
	})
	return Identifiers{CodEtu: got.CodEtu, CodInd: got.CodInd, INE: got.INE + got.Key, GrantNumber: got.GrantNumber, Email: got.Email, Login: got.Login}, err
}
