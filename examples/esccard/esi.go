package main

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ine"
)

// identifier is what the esi commands print.
type identifier struct {
	ESI      esi.ID                  `json:"esi"`
	Form     string                  `json:"form"`
	Scope    string                  `json:"scope"`
	Code     string                  `json:"code"`
	Key      string                  `json:"key"`
	PIC      string                  `json:"pic,omitempty"`
	Variants []esi.Variant           `json:"variants,omitempty"`
	Warnings []passerelle.FieldError `json:"warnings,omitempty"`
}

func (c *console) printESI(id esi.ID, variants []esi.Variant) error {
	return c.print(identifier{
		ESI: id, Form: id.Form().String(), Scope: id.Scope(), Code: id.Code(), Key: id.Key(), PIC: id.PIC(),
		Variants: variants, Warnings: esi.Conformance(id),
	})
}

// esiBuild prints an identifier made of its parts.
func esiBuild(c *console, args []string) error {
	flags := newFlags("esi build")
	country := flags.String("country", "", "ISO 3166 code of the country or region")
	sho := flags.String("sho", "", "schacHomeOrganization")
	code := flags.String("code", "", "code of the student")
	pic := flags.String("pic", "", "nine digits of the institution, for -legacy")
	legacy := flags.Bool("legacy", false, "make CC-PIC-CODE")
	provisional := flags.Bool("provisional", false, "accept a provisional INE")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "code"); err != nil {
		return err
	}
	var id esi.ID
	var err error
	switch {
	case *legacy:
		if *country == "" || *pic == "" || *sho != "" {
			return usagef("esi build: -legacy wants -country, -pic and -code")
		}
		//lint:ignore SA1019 asked for by name
		id, err = esi.Legacy(*country, *pic, *code)
	case *pic != "":
		return usagef("esi build: -pic goes with -legacy")
	case (*country == "") == (*sho == ""):
		return usagef("esi build: want either -country or -sho")
	case *sho != "":
		id, err = esi.HomeOrganization(*sho, *code)
	case strings.EqualFold(*country, "fr"):
		id, err = french(*code, *provisional)
	case len(*country) > 2:
		id, err = esi.Region(*country, *code)
	default:
		id, err = esi.Country(*country, *code)
	}
	if err != nil {
		return c.refuse(err)
	}
	return c.printESI(id, nil)
}

// french builds the identifier of the holder of an INE.
func french(code string, provisional bool) (esi.ID, error) {
	n, err := ine.Parse(code)
	if err != nil {
		return esi.ID{}, err
	}
	return esi.France{AllowProvisional: provisional}.FromINE(n)
}

// esiShow prints what an identifier says.
func esiShow(c *console, args []string) error {
	arguments, err := parse(newFlags("esi show"), args, "ESI")
	if err != nil {
		return err
	}
	r, err := esi.Read(arguments[0])
	if err != nil {
		return c.refuse(err)
	}
	return c.printESI(r.ID, r.Variants)
}
