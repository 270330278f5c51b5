package supdata

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/uai"
)

// Status is how far an enrolment is. Regime is its régime de formation. They are the
// values that the reading side answers.
type (
	Status = particulier.AdmissionStatus
	Regime = particulier.RegimeCode
)

// The statuses.
const (
	Admitted = particulier.Admitted // admis: pre-registered, fees not settled
	Enrolled = particulier.Enrolled // inscrit: registered, fees settled as the establishment rules
)

// Enrolment is the eleven fields of one call. It is comparable, and personal data.
type Enrolment struct {
	INE       ine.Number      `json:"ine"`               // ine. The key is not checked: SUPDATA does
	BirthDate passerelle.Date `json:"birth_date"`        // dateNaissance; checked by SUPDATA together with the INE
	Begin     passerelle.Date `json:"begin"`             // dateDebutInscription
	End       passerelle.Date `json:"end"`               // dateFinInscription
	Status    Status          `json:"status"`            // statut
	Regime    Regime          `json:"regime,omitempty"`  // regime
	Commune   string          `json:"commune,omitempty"` // codeCommune of the establishment's town, five characters
	UAI       uai.Code        `json:"uai"`               // uai
	Cycle     string          `json:"cycle,omitempty"`   // cursus: L, M or D
	Diploma   string          `json:"diploma,omitempty"` // diplome: SISE code, or MEFSTAT11 for lycées
	Level     string          `json:"level,omitempty"`   // niveauDiplome: year within the diploma, "01"
}

// LogValue tells the establishment and the status, and nothing of the person.
func (e Enrolment) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("uai", e.UAI), slog.String("status", string(e.Status)))
}

// Codes are the texts that stand for status and régime in the request. They are
// not public; see the package documentation.
type Codes struct {
	Statuses map[Status]string // both statuses are required
	Regimes  map[Regime]string // those that the establishment has
}

// InferredCodes is a proposal, inferred and not published: the labels that the
// reading side answers, admis and inscrit, and those of the seven régimes. The
// descriptive page of the write API gives "admis" as an example of a status; the
// example of the request gives "1".
func InferredCodes() Codes {
	c := Codes{Statuses: map[Status]string{Admitted: "admis", Enrolled: "inscrit"}, Regimes: make(map[Regime]string)}
	for _, r := range particulier.Regimes() {
		c.Regimes[r] = r.Label()
	}
	return c
}

// faults adds what is missing or ambiguous in c.
func (c Codes) faults(faults *passerelle.FieldErrors, prefix string) {
	if len(c.Statuses) == 0 {
		faults.Add(prefix+"Statuses", "required", "the code of each status, from RENATER: they are not public; InferredCodes is a proposal")
		return
	}
	seen := make(map[string]Status)
	for _, s := range []Status{Admitted, Enrolled} {
		code := c.Statuses[s]
		if code == "" {
			faults.Add(prefix+"Statuses["+string(s)+"]", "required", "the code of that status")
		} else if _, twice := seen[code]; twice {
			faults.Add(prefix+"Statuses["+string(s)+"]", "distinct", "a code of its own")
		}
		seen[code] = s
	}
	for r, code := range c.Regimes {
		if code == "" {
			faults.Add(prefix+"Regimes["+string(r)+"]", "required", "the code of that régime")
		}
	}
}

// Validate checks e before anything is sent, all faults together, as
// passerelle.FieldErrors without values. Each names its field, the rule, and in Want the
// service's name of the field and the status by which it refuses. Required are INE,
// birth date, both dates, status and UAI: which fields the service requires is not
// published. today is the day after which nobody is born; zero does not compare.
func (e Enrolment) Validate(codes Codes, today passerelle.Date) error {
	var faults passerelle.FieldErrors
	add := func(field, wire, rule, want string) {
		faults.Add(field, rule, want+" ("+wire+", refused by the service with 400)")
	}
	date := func(field, wire string, d passerelle.Date) {
		switch {
		case d.IsZero():
			add(field, wire, "required", "a date")
		case !d.Valid() || d.Partial():
			add(field, wire, "range", "a complete date that exists")
		}
	}
	if e.INE.IsZero() {
		add("INE", "ine", "required", "the confirmed INE")
	}
	date("BirthDate", "dateNaissance", e.BirthDate)
	if !today.IsZero() && today.Before(e.BirthDate) {
		add("BirthDate", "dateNaissance", "range", "a day that is not to come")
	}
	date("Begin", "dateDebutInscription", e.Begin)
	date("End", "dateFinInscription", e.End)
	if !e.Begin.IsZero() && !e.End.IsZero() && e.End.Before(e.Begin) {
		add("End", "dateFinInscription", "order", "a day not before Begin")
	}
	if e.Status == "" {
		add("Status", "statut", "required", "admis or inscrit")
	} else if codes.Statuses[e.Status] == "" {
		add("Status", "statut", "code", "a status of the table of codes")
	}
	if e.Regime != "" && codes.Regimes[e.Regime] == "" {
		add("Regime", "regime", "code", "a régime of the table of codes")
	}
	if e.Commune != "" && !isCommune(e.Commune) {
		add("Commune", "codeCommune", "shape", "five digits, or three after 2A or 2B")
	}
	switch {
	case e.UAI.IsZero():
		add("UAI", "uai", "required", "the code of the establishment")
	case !e.UAI.KeyOK():
		add("UAI", "uai", "key", "the key letter that follows from the seven digits")
	}
	if e.Cycle != "" && e.Cycle != "L" && e.Cycle != "M" && e.Cycle != "D" {
		add("Cycle", "cursus", "code", "L, M or D")
	}
	if e.Diploma != "" && (len(e.Diploma) > 11 || !alphanumeric(e.Diploma)) {
		add("Diploma", "diplome", "shape", "a SISE code, or 11 characters of MEFSTAT11")
	}
	if e.Level != "" && (len(e.Level) > 2 || strings.Trim(e.Level, "0123456789") != "") {
		add("Level", "niveauDiplome", "shape", "one or two digits")
	}
	return faults.Err()
}

// isCommune reports whether s has the form of a postal or COG code.
func isCommune(s string) bool {
	if len(s) != 5 {
		return false
	}
	rest := s
	if strings.HasPrefix(s, "2A") || strings.HasPrefix(s, "2B") {
		rest = s[2:]
	}
	return strings.Trim(rest, "0123456789") == ""
}

func alphanumeric(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// body is the request, in the order of the published text.
type body struct {
	INE           string `json:"ine"`
	DateNaissance string `json:"dateNaissance"`
	Debut         string `json:"dateDebutInscription"`
	Fin           string `json:"dateFinInscription"`
	Statut        string `json:"statut"`
	Regime        string `json:"regime,omitempty"`
	CodeCommune   string `json:"codeCommune,omitempty"`
	UAI           string `json:"uai"`
	Cursus        string `json:"cursus,omitempty"`
	Diplome       string `json:"diplome,omitempty"`
	NiveauDiplome string `json:"niveauDiplome,omitempty"`
}

// encode writes the request of e.
func (e Enrolment) encode(codes Codes) []byte {
	data, _ := json.Marshal(body{ // texts only: it cannot fail
		INE: e.INE.String(), DateNaissance: e.BirthDate.String(), Debut: e.Begin.String(), Fin: e.End.String(),
		Statut: codes.Statuses[e.Status], Regime: codes.Regimes[e.Regime], CodeCommune: e.Commune, UAI: e.UAI.String(),
		Cursus: e.Cycle, Diplome: e.Diploma, NiveauDiplome: e.Level,
	})
	return data
}

// diff names the fields in which e and f differ, as the service calls them.
func (e Enrolment) diff(f Enrolment) []string {
	var fields []string
	for _, d := range []struct {
		name    string
		differs bool
	}{
		{"ine", e.INE != f.INE}, {"dateNaissance", e.BirthDate != f.BirthDate}, {"dateDebutInscription", e.Begin != f.Begin},
		{"dateFinInscription", e.End != f.End}, {"statut", e.Status != f.Status}, {"regime", e.Regime != f.Regime},
		{"codeCommune", e.Commune != f.Commune}, {"uai", e.UAI != f.UAI}, {"cursus", e.Cycle != f.Cycle},
		{"diplome", e.Diploma != f.Diploma}, {"niveauDiplome", e.Level != f.Level},
	} {
		if d.differs {
			fields = append(fields, d.name)
		}
	}
	return fields
}

// Fingerprint returns a digest that is equal for two records that are one enrolment
// to SUPDATA: the same INE, establishment, dates, diploma, level and cycle. It is
// personal data still: it hides the INE from the eye, not from someone who guesses it.
func (e Enrolment) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		"passerelle/supdata enrolment 1", e.INE.String(), e.UAI.String(), e.Begin.String(), e.End.String(), e.Diploma, e.Level, e.Cycle,
	}, "\n")))
	return hex.EncodeToString(sum[:16])
}
