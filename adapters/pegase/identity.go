package pegase

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"net/url"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// Coded is a value of a nomenclature.
type Coded struct {
	Type string `json:"type,omitempty"` // nomenclature: PAYSETNATIONALITES, COMMUNENAISSANCE…
	Code Text   `json:"code"`
	Date string `json:"dateConsommation,omitempty"` // YYYY-MM-DD: the day at which the code was looked up
}

// code returns the code of a value that may be absent.
func (c *Coded) code() string {
	if c == nil {
		return ""
	}
	return string(c.Code)
}

// Summary is one line of the search of identities (IDT 1.6.0). It is personal data.
type Summary struct {
	ID                string   `json:"id"` // UUID
	PegaseID          string   `json:"identifiantApprenantPegase"`
	Code              string   `json:"codeApprenant,omitempty"` // number of the student; empty for who is not one yet
	BirthName         string   `json:"nomNaissance"`
	GivenName         string   `json:"prenom"`
	Sex               string   `json:"sexe"` // F or M
	BirthDate         string   `json:"dateNaissance"`
	INE               string   `json:"ineMaitre,omitempty"`
	OtherINEs         []string `json:"inesSupplementaires"`
	Nationality       *Coded   `json:"nationalite,omitempty"`
	PossibleDuplicate bool     `json:"temoinDoublonPotentiel,omitempty"`
}

// LogValue gives the UUID and nothing else.
func (s Summary) LogValue() slog.Value { return slog.StringValue(s.ID) }

// Identity is a whole identity (IDT 1.6.0), as far as this module uses it; Raw has the rest. It
// is personal data.
type Identity struct {
	ID        string      `json:"id"` // UUID
	PegaseID  string      `json:"identifiantApprenantPegase"`
	BirthName string      `json:"nomNaissance"`
	GivenName string      `json:"prenom"`
	Email     string      `json:"email"`
	Status    ines.Status `json:"statutIne"`
	Locked    bool        `json:"temoinVerrouille"` // an enrolment file is open: the identity cannot be changed now
	Profile   *Profile    `json:"profilApprenant,omitempty"`

	Raw json.RawMessage `json:"-"` // the answer as received
}

// LogValue gives the UUID and the state of the INE.
func (i Identity) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", i.ID), slog.String("ine_status", string(i.Status)))
}

// Profile is what an identity holds as a student.
type Profile struct {
	Code              string   `json:"codeApprenant,omitempty"`
	INE               string   `json:"ineMaitre,omitempty"`
	OtherINEs         []string `json:"listeINEsAlternatifs,omitempty"` // five at the most
	CivilStatus       *Civil   `json:"etatCivil,omitempty"`
	Contact           *Contact `json:"donneesContact,omitempty"`
	PossibleDuplicate bool     `json:"temoinDoublonPotentiel,omitempty"`
	Deceased          bool     `json:"temoinDecede,omitempty"`
}

// Civil is the civil status of an identity, names of the birth certificate apart.
type Civil struct {
	Sex             string `json:"sexe"`
	BirthDate       string `json:"dateNaissance"`
	UsageName       string `json:"nomUsage,omitempty"`
	GivenName2      string `json:"prenom2,omitempty"`
	GivenName3      string `json:"prenom3,omitempty"`
	BirthCommune    *Coded `json:"communeNaissance,omitempty"`                // INSEE code
	BirthTownAbroad string `json:"libelleCommuneNaissanceEtranger,omitempty"` // free text
	BirthCountry    *Coded `json:"paysNaissance,omitempty"`                   // three digits, 100 is France
	Nationality     *Coded `json:"nationalite,omitempty"`
	Nationality2    *Coded `json:"nationalite2,omitempty"`
}

// Contact is the part of the contact data that this module uses.
type Contact struct {
	InstitutionalEmail string `json:"adresseElectroniqueInstitutionnelle,omitempty"`
	RescueEmail        string `json:"adresseElectroniqueSecours,omitempty"`
}

// SearchQuery filters the search of identities. The zero value asks for everybody.
type SearchQuery struct {
	Status    ines.Status // state of the INE: A_VERIFIER, CONFIRME, DONNEES_INCOMPLETES, INCONNU, LITIGE
	Code      string      // number of the student
	INE       string      // any of the numbers of the person
	BirthName string
	GivenName string
	Partial   bool // texts are contained, not equal
}

func (q SearchQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"etatIneMaitre": string(q.Status), "codeApprenant": q.Code, "ine": q.INE, "nom": q.BirthName, "prenom": q.GivenName,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Partial {
		v.Set("exact", "false")
	}
	return v
}

// maxPasses bounds how often a search that people leave while it is read is read again.
const maxPasses = 4

// Search gives the identities that match, in pages of 500. People leave a search by state
// while it is read, and those behind them move up over the border of a page: when the
// total changes meanwhile the pages are read again, four times at the most, and who was given
// already is not given again. One who leaves for another who comes is not noticed. It keeps some twenty bytes for each. An identity that cannot be read is a
// [sis.RowError].
func (c *Client) Search(ctx context.Context, q SearchQuery) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		given := make(map[uint64]struct{})
		for pass := range maxPasses {
			moved := false
			total := int64(-1)
			for number := 0; ; number++ {
				p, err := c.searchPage(ctx, q, number)
				if err != nil {
					yield(Summary{}, err)
					return
				}
				if total >= 0 && p.Total != total {
					moved = true
				}
				total = p.Total
				if pass == 0 {
					for _, f := range p.bad {
						if !yield(Summary{}, c.row(opSearch, f.field, "", misshapen(f))) {
							return
						}
					}
				}
				for _, s := range p.Items {
					key := hash(s.ID, s.PegaseID, s.Code)
					if _, again := given[key]; again {
						continue
					}
					given[key] = struct{}{}
					if !yield(s, nil) {
						return
					}
				}
				if p.last(number, pageSize) {
					break
				}
			}
			if !moved {
				return
			}
		}
	}
}

func (c *Client) searchPage(ctx context.Context, q SearchQuery, number int) (page[Summary], error) {
	v := q.values()
	v.Set("page", strconv.Itoa(number))
	v.Set("taille", strconv.Itoa(pageSize))
	if c.cfg.Sort != "-" {
		v.Set("tri", c.cfg.Sort)
	}
	resp, err := c.get(ctx, opSearch, path(c.cfg.Endpoints.IDT, "etablissements", c.cfg.Structure, "identites", "apprenants"), v)
	if err != nil {
		return page[Summary]{}, err
	}
	return decodePage[Summary](opSearch, resp)
}

// Identity reads an identity by its UUID. passerelle.ErrNotFound when there is none.
func (c *Client) Identity(ctx context.Context, id string) (Identity, error) {
	return c.identity(ctx, path(c.cfg.Endpoints.IDT, "etablissements", c.cfg.Structure, "identites", id))
}

// IdentityByPegaseID reads an identity by the login of the person in Pégase.
// passerelle.ErrNotFound when there is none.
func (c *Client) IdentityByPegaseID(ctx context.Context, pegaseID string) (Identity, error) {
	return c.identity(ctx, path(c.cfg.Endpoints.IDT, "etablissements", c.cfg.Structure, "identites", "pegase", pegaseID))
}

func (c *Client) identity(ctx context.Context, address string) (Identity, error) {
	resp, err := c.get(ctx, opIdentity, address, nil)
	if err != nil {
		return Identity{}, err
	}
	i, err := decode[Identity](opIdentity, resp)
	i.Raw = resp.Body
	return i, err
}

// id names a student of the tenant.
func (c *Client) id(code string) sis.StudentID {
	return sis.StudentID{System: c.cfg.System, Local: code}
}

// ours reports whether an ID can be of the tenant: of its system, or of none.
func (c *Client) ours(id sis.StudentID) bool {
	return id.Local != "" && (id.System == c.cfg.System || id.System == "")
}

// summaryStudent is the student of a line of a search for a state.
func (c *Client) summaryStudent(s Summary, state sis.INEState) (sis.Student, error) {
	birth, err := date(s.BirthDate)
	if err != nil {
		return sis.Student{}, c.row(opSearch, "dateNaissance", s.Code, err)
	}
	ine := number(s.INE)
	return sis.Student{
		ID: c.id(s.Code), Internal: s.ID,
		Person: passerelle.Person{
			BirthName: s.BirthName, GivenNames: [3]string{s.GivenName}, Sex: sex(s.Sex), BirthDate: birth,
		},
		INE: ine, INEState: state, OtherINEs: numbers(ine, s.OtherINEs),
		Nationalities: nationalities(s.Nationality.code()),
		Provenance:    sis.Provenance{Source: opSearch},
	}, nil
}

// identityStudent is the student of a whole identity; code is the number under which it
// was looked for.
func (c *Client) identityStudent(i Identity, code string) (sis.Student, error) {
	profile := i.Profile
	if profile == nil {
		profile = &Profile{}
	}
	civil, contact := profile.CivilStatus, profile.Contact
	if civil == nil {
		civil = &Civil{}
	}
	if contact == nil {
		contact = &Contact{}
	}
	if profile.Code != "" {
		code = profile.Code
	}
	birth, err := date(civil.BirthDate)
	if err != nil {
		return sis.Student{}, c.row(opIdentity, "dateNaissance", code, err)
	}
	place, field, err := birthplace(civil.BirthCommune.code(), civil.BirthCountry.code(), civil.BirthTownAbroad)
	if err != nil {
		return sis.Student{}, c.row(opIdentity, field, code, err)
	}
	ine := number(profile.INE)
	return sis.Student{
		ID: c.id(code), Internal: i.ID,
		Person: passerelle.Person{
			BirthName: i.BirthName, UsageName: civil.UsageName,
			GivenNames: [3]string{i.GivenName, civil.GivenName2, civil.GivenName3},
			Sex:        sex(civil.Sex), BirthDate: birth, Birthplace: place,
		},
		INE: ine, INEState: StateOf(i.Status), OtherINEs: numbers(ine, profile.OtherINEs),
		Nationalities: nationalities(civil.Nationality.code(), civil.Nationality2.code()),
		Email:         contact.InstitutionalEmail, PersonalEmail: contact.RescueEmail,
		Provenance: sis.Provenance{Source: opIdentity},
	}, nil
}

// date reads YYYY-MM-DD, with or without a time behind it; empty is no date.
func date(s string) (passerelle.Date, error) {
	if len(s) > 10 && (s[10] == 'T' || s[10] == ' ') {
		s = s[:10]
	}
	if s == "" {
		return passerelle.Date{}, nil
	}
	return passerelle.ParseDate(s)
}
