package pegase

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Step is one object of the path of an enrolment, from the programme down.
type Step struct {
	Code       string `json:"code"`
	Type       string `json:"type,omitempty"` // FORMATION, ANNEE, SEMESTRE…
	ShortLabel string `json:"libelleCourt,omitempty"`
	Label      string `json:"libelleLong,omitempty"`
	PathID     string `json:"idChemin,omitempty"`
	PeriodID   string `json:"idPeriode,omitempty"`
}

// FlowEntry is one row of the flow of enrolments (INS 2.6.0): an enrolment that was
// validated, cancelled or changed, with the student's own data. It is personal data.
type FlowEntry struct {
	UAI         string `json:"UAI"`
	StudentUUID string `json:"idApprenant,omitempty"` // UUID of the identity
	Code        string `json:"codeApprenant"`
	INE         string `json:"INE,omitempty"` // INE maître
	Sex         string `json:"civilite"`      // F or M
	UsageName   string `json:"nomUsage"`
	BirthName   string `json:"nomFamille"`
	GivenName   string `json:"prenom"`
	BirthDate   string `json:"dateDeNaissance"`
	Nationality Text   `json:"nationalite"` // three digits

	Regime     Text    `json:"regime"`
	Grants     []Grant `json:"boursesCompletes,omitempty"`
	Mobility   string  `json:"mobilite"`       // SANS, ENTRANTE, SORTANTE
	Payment    string  `json:"statutPaiement"` // non_paye, en_attente, paye, valide
	State      string  `json:"statutInscription,omitempty"`
	StateAlias string  `json:"statusInscription,omitempty"` // the name under which the contract requires State
	Main       *bool   `json:"inscriptionPrincipale,omitempty"`
	Programme  string  `json:"formation"`
	Year       int     `json:"anneeUniversitaire,omitempty"`
	Period     string  `json:"periode"` // label, not code
	Path       []Step  `json:"chemin"`
	Component  string  `json:"UAIStructurePrincipale,omitempty"`
	SISE       Text    `json:"codeDiplomeSISE,omitempty"`
	EnrolledAt string  `json:"dateInscription"` // may be null

	Modified        int64 `json:"derniereModification"`          // seconds since 1970
	StudentModified int64 `json:"derniereModificationApprenant"` // seconds since 1970

	Emails []FlowEmail `json:"mels,omitempty"`
}

// LogValue gives the time of the change and nothing personal.
func (e FlowEntry) LogValue() slog.Value { return slog.Int64Value(e.Modified) }

// Grant is a grant or aid of an enrolment.
type Grant struct {
	Code  string `json:"code"`
	Label string `json:"libelleLong,omitempty"`
}

// FlowEmail is an address that the student gave.
type FlowEmail struct {
	Channel string `json:"canalCommunication,omitempty"`
	Code    string `json:"code,omitempty"` // code of the question that asked for it
	Address string `json:"mail"`
}

// PathCode joins the codes of the path as the marks API wants it: LIC-CHIMIE>ANNEE1.
func (e FlowEntry) PathCode() string { return pathCode(e.Programme, e.Path) }

// pathCode joins the codes of a path that begins with the programme, or below it.
func pathCode(programme string, steps []Step) string {
	codes := make([]string, 0, len(steps)+1)
	if programme != "" && (len(steps) == 0 || steps[0].Code != programme) {
		codes = append(codes, programme)
	}
	for _, s := range steps {
		codes = append(codes, s.Code)
	}
	return strings.Join(codes, ">")
}

// key tells two states of an enrolment apart: the student, the path, the period, and the two
// times of change.
func (e FlowEntry) key() uint64 {
	return hash(e.Code, e.PathCode(), e.Period, strconv.FormatInt(e.Modified, 10), strconv.FormatInt(e.StudentModified, 10))
}

// hash is the beginning of a SHA-256 over texts: the same in every process.
func hash(parts ...string) uint64 {
	var buf [256]byte
	b := buf[:0]
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// FlowQuery narrows the flow. The zero value asks for everything.
type FlowQuery struct {
	Since   time.Time // changed at or after, in whole seconds; zero: from the beginning
	Until   time.Time // changed before, in whole seconds; zero: now, by the earlier clock of the two machines
	Period  string    // code of a period
	Student string    // number of a student
}

// Flow gives the enrolments that changed within the bounds, the oldest change first,
// each row once. Time is cut into windows that fit one page of 500, see [Client.Changes];
// more than a page is held at no time, except for a bulk change of more rows within one
// second. A row that cannot be read is a [sis.RowError].
func (c *Client) Flow(ctx context.Context, q FlowQuery) iter.Seq2[FlowEntry, error] {
	return func(yield func(FlowEntry, error) bool) {
		until := q.Until.Unix()
		if q.Until.IsZero() {
			var err error
			if until, err = c.horizon(ctx); err != nil {
				yield(FlowEntry{}, err)
				return
			}
		}
		for s, err := range c.slices(ctx, q, window{since(q.Since), until}) {
			if err != nil {
				yield(FlowEntry{}, err)
				return
			}
			for _, e := range s.faults(c) {
				if !yield(FlowEntry{}, e) {
					return
				}
			}
			for _, row := range s.rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// since is a lower bound in seconds; the zero time is 0.
func since(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(t.Unix(), 0)
}

// horizon is the time up to which the flow can be read: now, by the clock of the service or by
// ours, whichever is earlier. Seconds before it are over on both.
func (c *Client) horizon(ctx context.Context) (int64, error) {
	now := c.cfg.Now().Unix()
	_, header, err := c.flowPage(ctx, FlowQuery{}, window{now, now + 1}, 0, 1)
	if err != nil {
		return 0, err
	}
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		now = min(now, theirs.Unix())
	}
	return now, nil
}

// flowPage asks for one page of a window.
func (c *Client) flowPage(ctx context.Context, q FlowQuery, w window, number, size int) (page[FlowEntry], http.Header, error) {
	v := url.Values{
		"depuis": {strconv.FormatInt(w.from, 10)}, "jusqua": {strconv.FormatInt(w.to, 10)},
		"page": {strconv.Itoa(number)}, "taille": {strconv.Itoa(size)},
	}
	if q.Period != "" {
		v.Set("codePeriode", q.Period)
	}
	if q.Student != "" {
		v.Set("codeApprenant", q.Student)
	}
	resp, err := c.get(ctx, opFlow, c.cfg.Endpoints.INS+"/gestion/flux-inscriptions/pagine", v)
	if err != nil {
		return page[FlowEntry]{}, nil, err
	}
	p, err := decodePage[FlowEntry](opFlow, resp)
	return p, resp.Header, err
}

// noCode is the reason of a row that says of nobody.
var noCode = &passerelle.ParseError{Type: "student", Rule: "required", Want: "the number of the student"}

// flowStudent is the student of a row. It has no birthplace: the flow does not give one.
func (c *Client) flowStudent(e FlowEntry) (sis.Student, error) {
	if e.Code == "" {
		return sis.Student{}, c.row(opFlow, "codeApprenant", "", noCode)
	}
	birth, err := date(e.BirthDate)
	if err != nil {
		return sis.Student{}, c.row(opFlow, "dateDeNaissance", e.Code, err)
	}
	s := sis.Student{
		ID: c.id(e.Code), Internal: e.StudentUUID,
		Person: passerelle.Person{
			BirthName: e.BirthName, GivenNames: [3]string{e.GivenName}, Sex: sex(e.Sex), BirthDate: birth,
		},
		INE:           number(e.INE),
		Nationalities: nationalities(string(e.Nationality)),
		ModifiedAt:    epoch(max(e.Modified, e.StudentModified)),
		Provenance:    sis.Provenance{Source: opFlow},
	}
	if e.UsageName != e.BirthName {
		s.Person.UsageName = e.UsageName
	}
	if s.INE != "" {
		s.INEState = sis.INEUnverified // the flow tells the number, not what INES said of it
	}
	if len(e.Emails) > 0 {
		s.PersonalEmail = e.Emails[0].Address
	}
	return s, nil
}

// flowEnrolment is the enrolment of a row.
func (c *Client) flowEnrolment(e FlowEntry) (sis.Enrolment, error) {
	if e.Code == "" {
		return sis.Enrolment{}, c.row(opFlow, "codeApprenant", "", noCode)
	}
	at, err := c.instant(e.EnrolledAt)
	if err != nil {
		return sis.Enrolment{}, c.row(opFlow, "dateInscription", e.Code, err)
	}
	state := e.State
	if state == "" {
		state = e.StateAlias
	}
	out := sis.Enrolment{
		Student: c.id(e.Code), ID: e.PathCode() + "@" + e.Period, Year: e.Year, Period: e.Period, UAI: e.UAI, Component: e.Component,
		Programme: programme(e.Programme, e.Path, e.Period, string(e.SISE)),
		Main:      e.Main != nil && *e.Main,
		Status:    status(state), Payment: e.Payment, Regime: string(e.Regime), Mobility: mobility(e.Mobility),
		INE: number(e.INE), ValidatedAt: at, ModifiedAt: epoch(e.Modified),
		Provenance: sis.Provenance{Source: opFlow},
	}
	return out, nil
}

// programme is what the last object of a path says.
func programme(code string, path []Step, period, sise string) sis.Programme {
	p := sis.Programme{Code: code, Version: period, SISE: sise}
	if n := len(path); n > 0 {
		p.Code, p.Label = path[n-1].Code, path[n-1].Label
	}
	return p
}
