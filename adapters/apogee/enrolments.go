package apogee

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// InForce is the state of enrolments that are in force.
const InForce = "E"

// notFound reports whether the service knows nothing under what it was asked.
func notFound(err error) bool { return errors.Is(err, passerelle.ErrNotFound) }

// Years gives the academic years in which a student has an annual enrolment in force.
// A student without any is no error, nor is one who does not exist: the service answers both alike.
func (c *Client) Years(ctx context.Context, codEtu string) ([]string, error) {
	years, err := several[string](ctx, c, OpYears, []param{{name: "_codEtu", text: codEtu}, {name: "_etatInscriptionIA", text: InForce}})
	if notFound(err) {
		return nil, nil
	}
	return years, err
}

// AnnualEnrolment is the annual enrolment of a student (inscription administrative annuelle).
type AnnualEnrolment struct {
	Year  string `xml:"anneeIAA"`
	At    string `xml:"dateIAA"`
	State struct {
		Code  string `xml:"codeEtatIAA"`
		Label string `xml:"libEtatIAA"`
	} `xml:"etatIaa"`
	Regime    string `xml:"regimeIns>codRgi"`
	Situation struct {
		Code  string `xml:"codSitSoc"`
		Label string `xml:"libWebSitSoc"`
	} `xml:"situationSociale"`
	Exchange struct {
		Code      string `xml:"codPrg"`
		Label     string `xml:"libLongPrg"`
		Direction string `xml:"codSens"`
	} `xml:"prgEchange"`
}

// LogValue gives the year and nothing personal.
func (e AnnualEnrolment) LogValue() slog.Value { return slog.StringValue(e.Year) }

// Annual gives the annual enrolments in force of a student in a year. None is no
// error. The name of the code within regimeIns is deduced.
func (c *Client) Annual(ctx context.Context, codEtu, year string) ([]AnnualEnrolment, error) {
	all, err := several[AnnualEnrolment](ctx, c, OpAnnual, []param{{name: "_codEtu", text: codEtu}, {name: "_annee", text: year}, {name: "_etatIAA", text: InForce}})
	if notFound(err) {
		return nil, nil
	}
	return all, err
}

// StepEnrolment is the enrolment of a student in a step (inscription administrative à
// l'étape).
type StepEnrolment struct {
	Step struct {
		Code    string `xml:"codeEtp"`
		Version string `xml:"versionEtp"`
		Label   string `xml:"libLongEtp"`
		Web     string `xml:"libWebVet"`
	} `xml:"etape"`
	Diploma struct {
		Code    string `xml:"codeDiplome"`
		Version string `xml:"versionDiplome"`
		Label   string `xml:"libLongDiplome"`
	} `xml:"diplome"`
	Component string `xml:"composante>codComposante"`
	Grant     struct {
		Code  string `xml:"codeBourse"`
		Label string `xml:"libBourse"`
	} `xml:"bourse"`
	GrantNumber string `xml:"numBoursier"`
	Regime      string `xml:"regimeIns>codRgi"`
	State       string `xml:"etatIae>codeEtatIAE"`
	Paid        string `xml:"inscriptionPayee"`
	PaymentCode string `xml:"codeInscriptionPayee"`
	Main        string `xml:"etapePremiere"`
	At          string `xml:"dateIAE"`
}

// LogValue gives the step and nothing personal.
func (e StepEnrolment) LogValue() slog.Value { return slog.StringValue(e.Step.Code) }

// Steps gives the enrolments in steps in force of a student in a year. None is no
// error. The names of the codes within composante, regimeIns and etatIae are deduced.
func (c *Client) Steps(ctx context.Context, codEtu, year string) ([]StepEnrolment, error) {
	all, err := several[StepEnrolment](ctx, c, OpSteps, []param{{name: "_codEtu", text: codEtu}, {name: "_annee", text: year},
		{name: "_etatIAA", text: InForce}, {name: "_etatIAE", text: InForce}})
	if notFound(err) {
		return nil, nil
	}
	return all, err
}

// Enrolment returns e in the neutral form, for a student and a year.
func (e StepEnrolment) Enrolment(codEtu, year string) (sis.Enrolment, error) {
	out := sis.Enrolment{
		Student:   sis.StudentID{System: System, Local: codEtu},
		ID:        strings.Join([]string{"IAE", year, codEtu, e.Step.Code, e.Step.Version}, "-"),
		Component: e.Component, Payment: e.PaymentCode, Regime: e.Regime,
		Programme:  sis.Programme{Code: e.Step.Code, Version: e.Step.Version, Label: e.Step.Label},
		Main:       e.Main == "O" || strings.EqualFold(e.Main, "true"),
		Status:     sis.EnrolmentStatus(e.State),
		Provenance: sis.Provenance{Source: string(OpSteps)},
	}
	if e.State == InForce || e.State == "" { // the call asks for no other
		out.Status = sis.EnrolmentValid
	}
	fault := func(field, want string) error {
		return &sis.RowError{Provenance: out.Provenance, Field: field, ID: out.Student, Err: &passerelle.ParseError{Type: "enrolment", Rule: "form", Want: want}}
	}
	var err error
	if out.Year, err = strconv.Atoi(year); err != nil {
		return sis.Enrolment{}, fault("annee", "a year of four digits")
	}
	if e.At != "" {
		if out.ValidatedAt, err = parseDateTime(e.At); err != nil {
			return sis.Enrolment{}, fault("dateIAE", "a date and time of XML Schema")
		}
	}
	return out, nil
}

// parseDateTime reads xs:dateTime; without an offset it is Paris that tells the time.
func parseDateTime(text string) (time.Time, error) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		paris = time.UTC
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, paris); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("no date and time")
}
