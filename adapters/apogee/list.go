package apogee

import (
	"context"
	"encoding/xml"
	"iter"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
)

// Versioned is a diploma or a step, with its versions; no version is all.
type Versioned struct {
	Code     string
	Versions []string
}

// ListRequest says which students are listed. Year is required, and something else
// too: the service has no pages, and answers a whole university at once.
type ListRequest struct {
	Year       string // "2026"
	Diplomas   []Versioned
	Steps      []Versioned
	Components []string
	Centres    []string // centres de gestion
	Regime     string   // régime of the enrolment in the step
	Situations []string // social situations
	// Exchange keeps the students within an exchange: the direction and code of the
	// programme, countries of the partner.
	ExchangeDirection, ExchangeCode string
	ExchangeCountries               []string
}

// Listed is one student of a list. It is personal data.
type Listed struct {
	CodEtu    string `xml:"codEtu"`
	Name      string `xml:"nom"`
	GivenName string `xml:"prenom"`
	BirthDate string `xml:"dateNaissance"` // as the service writes it
	INE       string `xml:"numeroIne"`
}

// LogValue gives the student number and nothing personal.
func (l Listed) LogValue() slog.Value { return slog.StringValue(System + ":" + l.CodEtu) }

// List gives the students that r asks for, in the order of the service; the answer
// is read whole and decoded one student at a time. Nobody is an empty sequence. An
// error is the last element.
func (c *Client) List(ctx context.Context, r ListRequest) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		var faults passerelle.FieldErrors
		if r.Year == "" {
			faults.Add("Year", "required", "the academic year")
		}
		if len(r.Diplomas)+len(r.Steps)+len(r.Components)+len(r.Centres) == 0 {
			faults.Add("Steps", "required", "diplomas, steps, components or centres")
		}
		if err := faults.Err(); err != nil {
			yield(Listed{}, err)
			return
		}
		left := false
		err := c.call(ctx, OpList, []param{{name: "_parametres", children: r.params()}}, func(d *xml.Decoder, start xml.StartElement) error {
			var l Listed
			if err := d.DecodeElement(&l, &start); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return &stopped{err}
			}
			if !yield(l, nil) {
				left = true
				return &stopped{}
			}
			return nil
		})
		if err != nil && !left && !notFound(err) {
			yield(Listed{}, err)
		}
	}
}

func (r ListRequest) params() []param {
	versioned := func(name string, all []Versioned) param {
		p := param{name: name}
		for _, v := range all {
			item := param{name: "item", children: []param{{name: "code", text: v.Code}}}
			for _, version := range v.Versions {
				item.children = append(item.children, param{name: "listVersion", text: version})
			}
			p.children = append(p.children, item)
		}
		return p
	}
	out := []param{{name: "annee", text: r.Year}, versioned("listDiplomes", r.Diplomas), versioned("listEtapes", r.Steps)}
	repeated := func(name string, values []string) {
		for _, v := range values {
			out = append(out, param{name: name, text: v})
		}
	}
	// The order is that of the type EtudiantCritereDTO.
	repeated("codeRegimeInscrETP", []string{r.Regime})
	repeated("listSitSociale", r.Situations)
	repeated("sensEchInter", []string{r.ExchangeDirection})
	repeated("codeEchInter", []string{r.ExchangeCode})
	repeated("listPaysEchInter", r.ExchangeCountries)
	repeated("listCentreGestion", r.Centres)
	repeated("listComposante", r.Components)
	return out
}
