package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/uai"
)

// Config is the file of an establishment. A section that is nil is not used.
type Config struct {
	UAI  string `json:"uai"`           // establishment that asks
	Year int    `json:"year"`          // academic year, by its first civil year
	Lang string `json:"lang"`          // fr or en, of mails and lists; empty: fr
	HEI  string `json:"hei,omitempty"` // SCHAC domain, for EWP and identifiers: "univ-exemple.fr"

	// Student systems. A program reads from one of them.
	CSV    *table.Mapping `json:"csv,omitempty"` // how the file that a flag names differs from the documented form
	SQL    *SQL           `json:"sql,omitempty"`
	Apogee *Apogee        `json:"apogee,omitempty"`
	Pegase *Pegase        `json:"pegase,omitempty"`

	INES        *SOAP        `json:"ines,omitempty"`
	Campaign    Campaign     `json:"campaign,omitzero"`
	Particulier *Particulier `json:"particulier,omitempty"`
	SUPDATA     *SUPDATA     `json:"supdata,omitempty"`
	AGLAE       *SOAP        `json:"aglae,omitempty"`
	CVEC        *CVEC        `json:"cvec,omitempty"`
	Router      *Router      `json:"router,omitempty"`
	EWP         *EWP         `json:"ewp,omitempty"`

	dir string // of the file, for relative paths
}

// Campaign bounds a run of ines/campaign.
type Campaign struct {
	MaxRegister     int `json:"max_register,omitempty"`      // registrations in one run; 0: ten on a first day, then no limit; -1: no limit
	StopPercent     int `json:"stop_percent,omitempty"`      // share of litiges and refusals that stops a run; 0: five; -1: never
	SettleAfterDays int `json:"settle_after_days,omitempty"` // when a doubtful registration is sent again; 0: never
	Parallel        int `json:"parallel,omitempty"`          // calls at the same time; 0: the campaign's default
}

// TLS says how a service's certificate is judged, and how the program shows who it is.
type TLS struct {
	CA         string `json:"ca,omitempty"`          // file of certificates (PEM) to trust in place of the system's
	ClientCert string `json:"client_cert,omitempty"` // certificate of this program (PEM), where the service asks for one
	ClientKey  string `json:"client_key,omitempty"`  // its key
}

// Read reads the configuration of a file. Its error is a
// [*passerelle.ParseError] for what is no JSON of that form, a
// [passerelle.FieldErrors] with every fault of the content, or that of the file.
func Read(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := Decode(f, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// maxConfig is far beyond any configuration.
const maxConfig = 1 << 20

// Decode reads a configuration whose relative paths count from dir. Its errors
// are those of [Read].
func Decode(r io.Reader, dir string) (*Config, error) {
	limited := &io.LimitedReader{R: r, N: maxConfig + 1}
	dec := json.NewDecoder(limited)
	dec.DisallowUnknownFields()
	c := &Config{dir: dir}
	err := dec.Decode(c)
	switch {
	case limited.N <= 0:
		return nil, &passerelle.ParseError{Type: "configuration", Rule: "length", Want: "at most 1 MiB"}
	case err != nil:
		return nil, jsonFault(err, int(dec.InputOffset()))
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, &passerelle.ParseError{Type: "configuration", Rule: "end", Pos: int(dec.InputOffset()), Want: "nothing after the closing brace"}
	}
	return c, c.faults().Err()
}

// jsonFault tells where the JSON stops to be what is expected, without the content.
func jsonFault(err error, at int) error {
	fault := &passerelle.ParseError{Type: "configuration", Rule: "json", Pos: at, Want: "the documented fields"}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		fault.Pos, fault.Want = int(e.Offset), "JSON: "+e.Error()
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		fault.Pos, fault.Want = int(e.Offset), fmt.Sprintf("a value of type %s for %q", e.Type, e.Field)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		fault.Want = "JSON: the end comes too early"
	}
	if e, ok := errors.AsType[*passerelle.ParseError](err); ok { // of a value that reads itself
		fault.Want = "a " + e.Type + ": " + e.Want
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		fault.Want = "no field " + name
	}
	return fault
}

// faults returns all that is wrong, whatever a program uses.
func (c *Config) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if _, err := uai.Parse(c.UAI); err != nil {
		faults.Add("uai", "form", "the establishment's code, as 0511296G: "+err.Error())
	}
	if c.Year < 2000 || c.Year > 2999 {
		faults.Add("year", "range", "the first civil year of the academic year, such as 2026")
	}
	if c.Lang != "" && c.Lang != "fr" && c.Lang != "en" {
		faults.Add("lang", "code", "fr or en")
	}
	if _, err := c.HEIID(); err != nil {
		faults.Add("hei", "form", "the SCHAC domain of the establishment, such as univ-exemple.fr")
	}
	if c.Campaign.MaxRegister < -1 {
		faults.Add("campaign.max_register", "range", "a number of registrations, 0 for the default, or -1 for no limit")
	}
	if c.Campaign.StopPercent < -1 || c.Campaign.StopPercent > 100 {
		faults.Add("campaign.stop_percent", "range", "a percentage, 0 for the default, or -1 for never")
	}
	if c.Campaign.SettleAfterDays < 0 {
		faults.Add("campaign.settle_after_days", "range", "days, or 0 for never")
	}
	if c.Campaign.Parallel < 0 {
		faults.Add("campaign.parallel", "range", "calls at the same time, or 0 for the default")
	}
	for _, s := range []struct {
		present bool
		faults  func(*passerelle.FieldErrors)
	}{
		{c.SQL != nil, c.SQL.faults}, {c.Apogee != nil, c.Apogee.faults}, {c.Pegase != nil, c.Pegase.faults},
		{c.INES != nil, func(f *passerelle.FieldErrors) { c.INES.faults(f, "ines") }}, {c.AGLAE != nil, func(f *passerelle.FieldErrors) { c.AGLAE.faults(f, "aglae") }},
		{c.CVEC != nil, c.CVEC.faults},
		{c.Particulier != nil, c.Particulier.faults}, {c.SUPDATA != nil, c.SUPDATA.faults}, {c.Router != nil, c.Router.faults}, {c.EWP != nil, c.EWP.faults},
	} {
		if s.present {
			s.faults(&faults)
		}
	}
	return faults
}

// Path returns a path of the configuration as the program can open it.
func (c *Config) Path(path string) string { return beside(c.dir, path) }

// Establishment returns the code of UAI.
func (c *Config) Establishment() uai.Code { return uai.MustParse(c.UAI) }

// missing is the error of a section that a program needs and the file lacks.
func missing(section string) error {
	return passerelle.FieldErrors{{Field: section, Rule: "required", Want: "the section of this service"}}
}
