package apogee

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Communes finds the code of a commune by its name and department. Apogée keeps the
// birthplace of people born in France as a free text and a department, while national
// services want the code; nothing is guessed: a name that is not exactly, after
// passerelle.FoldName, that of one commune of the department stays without a code. It
// is safe for concurrent use. A nil *Communes knows none.
type Communes struct {
	codes map[string]string // by department and folded name; "" for a name that two communes have
}

// ReadCommunes reads the list that INSEE publishes each year with the Code officiel
// géographique (v_commune_AAAA.csv), or any CSV with columns COM and LIBELLE, and
// TYPECOM where there is one: communes of today win over delegated and associated ones
// of the same name. Its error is a *sis.RowError, or that of r.
func ReadCommunes(r io.Reader) (*Communes, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("apogee: list of communes: %w", err)
	}
	column := func(name string) int {
		return slices.IndexFunc(header, func(h string) bool {
			return strings.EqualFold(strings.Trim(strings.TrimPrefix(h, "\ufeff"), `"`), name)
		})
	}
	com, label, kind := column("COM"), column("LIBELLE"), column("TYPECOM")
	row := func(line int, field, want string) error {
		return &sis.RowError{Provenance: sis.Provenance{Source: "communes", Line: line}, Field: field,
			Err: &passerelle.ParseError{Type: "commune", Rule: "form", Want: want}}
	}
	if com < 0 || label < 0 {
		return nil, row(1, "COM, LIBELLE", "a first line with these columns")
	}
	c := &Communes{codes: make(map[string]string, 40_000)}
	former := make(map[string]string)
	for line := 2; ; line++ {
		fields, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, row(line, "", "a row of as many fields as the first")
		}
		place := passerelle.Birthplace{Commune: fields[com]}
		if err := place.Validate(); err != nil || place.Commune == "" {
			return nil, row(line, "COM", "a code of five characters")
		}
		into := c.codes
		if kind >= 0 && (fields[kind] == "COMD" || fields[kind] == "COMA") {
			into = former
		}
		key := communeKey(department(place.Commune), fields[label])
		if held, ok := into[key]; ok && held != place.Commune {
			into[key] = ""
		} else {
			into[key] = place.Commune
		}
	}
	for key, code := range former {
		if _, ok := c.codes[key]; !ok {
			c.codes[key] = code
		}
	}
	return c, nil
}

// Find returns the code of the commune of that name in a department, which may be
// written as Apogée does, "067", or "67". It is "" when there is none, or several.
func (c *Communes) Find(departement, name string) string {
	if c == nil {
		return ""
	}
	return c.codes[communeKey(departement, name)]
}

func communeKey(departement, name string) string {
	if len(departement) == 3 {
		departement = strings.TrimPrefix(departement, "0")
	}
	return strings.ToUpper(departement) + " " + passerelle.FoldName(name)
}

// department returns that of a commune: two characters, three overseas.
func department(commune string) string {
	if strings.HasPrefix(commune, "97") || strings.HasPrefix(commune, "98") {
		return commune[:3]
	}
	return commune[:2]
}

// townIn writes a town and its department as the name of a birthplace in France.
func townIn(town, departement string) string {
	if town == "" || departement == "" {
		return town
	}
	return town + " (" + departement + ")"
}

// fill gives a birthplace in France its commune, when its name is as townIn writes it
// and tells one.
func (c *Communes) fill(p *passerelle.Birthplace) {
	if c == nil || p.Commune != "" || p.Country != passerelle.FranceCOG {
		return
	}
	town, rest, ok := strings.Cut(p.Name, " (")
	departement, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return
	}
	p.Commune = c.Find(departement, town)
}
