package aglae

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The preproduction of the Cnous, as the public source of API Particulier names it.
// The production hosts come with the keys.
const (
	CnousPreproduction      = "https://api-pp.nuonet.fr/statut-boursier"
	CnousPreproductionToken = "https://acces-pp.nuonet.fr/api-pp/oauth/token"
)

// CnousConfig is what [NewCnousGrants] needs.
type CnousConfig struct {
	// BaseURL is what stands before /v1/boursier. Required.
	BaseURL string
	// Tokens gives the bearer tokens: see [NewCnousTokens]. Required.
	Tokens transport.TokenSource
	// Transport is the HTTP policy. Its zero MaxBody is 1 MiB here.
	Transport transport.Config
}

// LogValue gives the address.
func (c CnousConfig) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.BaseURL), slog.String("tokens", "***"))
}

// CnousGrants asks the API "Boursier" of the Cnous. It is safe for concurrent use. Its
// errors are passerelle.FieldErrors before anything is sent, *[Error], or that of the
// context.
type CnousGrants struct {
	base   string
	tokens transport.TokenSource
	http   *transport.Client
}

var _ Grants = (*CnousGrants)(nil)

// NewCnousGrants checks the configuration. Its error is passerelle.FieldErrors with all
// faults. Nothing is sent.
func NewCnousGrants(cfg CnousConfig) (*CnousGrants, error) {
	var faults passerelle.FieldErrors
	client := cnousClient(&faults, cfg.BaseURL, cfg.Tokens, cfg.Transport)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &CnousGrants{base: strings.TrimSuffix(cfg.BaseURL, "/"), tokens: cfg.Tokens, http: client}, nil
}

// cnousClient checks what both APIs of the Cnous are configured by.
func cnousClient(faults *passerelle.FieldErrors, base string, tokens transport.TokenSource, policy transport.Config) *transport.Client {
	checkBase(faults, "BaseURL", base)
	if tokens == nil {
		faults.Add("Tokens", "required", "a source of tokens, such as NewCnousTokens makes")
	}
	if policy.MaxBody == 0 {
		policy.MaxBody = 1 << 20
	}
	*faults = append(*faults, policy.Faults("Transport.")...)
	client, err := transport.New(policy)
	if err != nil {
		return nil // the faults are noted
	}
	return client
}

// GrantByINE implements [Grants].
func (c *CnousGrants) GrantByINE(ctx context.Context, q INEGrantQuery) (Grant, error) {
	number := strings.ToUpper(strings.Join(strings.Fields(q.INE), ""))
	var faults passerelle.FieldErrors
	checkCampaign(&faults, q.Campaign)
	if len(number) != 11 || strings.Trim(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		faults.Add("INE", "shape", "the 11 letters and digits of an INE")
	}
	path := "/v1/boursier/" + number
	if q.Campaign != 0 {
		path += "?" + url.Values{"campaignYear": {strconv.Itoa(q.Campaign)}}.Encode()
	}
	return c.ask(ctx, "grants.ine", http.MethodGet, path, nil, q.Campaign, faults)
}

// cnousIdentity is the body of POST /v1/boursier/donnees-pivots.
type cnousIdentity struct {
	LastName     string `json:"lastName"`
	FirstNames   string `json:"firstNames"` // "A, B"
	BirthDate    string `json:"birthDate"`  // dd/MM/yyyy
	BirthPlace   string `json:"birthPlace,omitempty"`
	Civility     string `json:"civility,omitempty"`
	CampaignYear int    `json:"campaignYear,omitempty"`
}

// GrantByIdentity implements [Grants].
func (c *CnousGrants) GrantByIdentity(ctx context.Context, q IdentityGrantQuery) (Grant, error) {
	var faults passerelle.FieldErrors
	checkCampaign(&faults, q.Campaign)
	given := checkPerson(&faults, q.Person)
	return c.ask(ctx, "grants.identity", http.MethodPost, "/v1/boursier/donnees-pivots", cnousIdentity{
		LastName: strings.TrimSpace(q.Person.BirthName), FirstNames: strings.Join(given, ", "), BirthDate: q.Person.BirthDate.French(),
		BirthPlace: q.Person.Birthplace.Code(), Civility: q.Person.Sex.String(), CampaignYear: q.Campaign,
	}, q.Campaign, faults)
}

// cnousPivot is the body of GET /v1/boursier/find.
type cnousPivot struct {
	GivenName    string `json:"given_name"`
	FamilyName   string `json:"family_name"`
	BirthDate    string `json:"birthdate"` // dd/MM/yyyy
	Gender       string `json:"gender,omitempty"`
	BirthPlace   string `json:"birthplace,omitempty"`
	CampaignYear int    `json:"campaignYear,omitempty"`
}

// GrantByFranceConnect implements [Grants] with q.Person: the Cnous takes no token of
// FranceConnect. Its operation is a GET with a body; the older one, with a query, is
// not spoken.
func (c *CnousGrants) GrantByFranceConnect(ctx context.Context, q FranceConnectGrantQuery) (Grant, error) {
	var faults passerelle.FieldErrors
	checkCampaign(&faults, q.Campaign)
	given := checkPerson(&faults, q.Person)
	return c.ask(ctx, "grants.franceconnect", http.MethodGet, "/v1/boursier/find", cnousPivot{
		GivenName: strings.Join(given, " "), FamilyName: strings.TrimSpace(q.Person.BirthName), BirthDate: q.Person.BirthDate.French(),
		Gender: q.Person.Sex.String(), BirthPlace: q.Person.Birthplace.Code(), CampaignYear: q.Campaign,
	}, q.Campaign, faults)
}

// checkCampaign only refuses what is no year: the limits of the Cnous are not published.
func checkCampaign(faults *passerelle.FieldErrors, year int) {
	if year != 0 && (year < 2000 || year > 9999) {
		faults.Add("Campaign", "range", "the first year of a school year, or 0")
	}
}

// checkPerson notes what is missing and returns the given names.
func checkPerson(faults *passerelle.FieldErrors, p passerelle.Person) (given []string) {
	if strings.TrimSpace(p.BirthName) == "" {
		faults.Add("Person.BirthName", "required", "the birth name")
	}
	for _, name := range p.GivenNames {
		if name = strings.TrimSpace(name); name != "" {
			given = append(given, name)
		}
	}
	if len(given) == 0 {
		faults.Add("Person.GivenNames[0]", "required", "the first given name")
	}
	if !p.BirthDate.Valid() || p.BirthDate.Partial() {
		faults.Add("Person.BirthDate", "required", "a whole birth date")
	}
	return given
}

// ask makes one request and reads the grant, unless its parameters are wrong.
func (c *CnousGrants) ask(ctx context.Context, operation, method, path string, body any, campaign int, faults passerelle.FieldErrors) (Grant, error) {
	if err := faults.Err(); err != nil {
		finding := GrantRequestRefused
		if len(faults) == 1 && faults[0].Field == "Campaign" {
			finding = GrantCampaignRefused
		}
		return Grant{Finding: finding}, err
	}
	r := &transport.Request{
		Operation: "aglae." + operation, Method: method, URL: c.base + path, Header: http.Header{"Accept": {"application/json"}},
		Class: transport.Read, Token: c.tokens, Judge: judgeCnous,
	}
	if body != nil {
		payload, err := json.Marshal(body)
		if err != nil {
			return Grant{}, &Error{Operation: operation, Result: passerelle.NotSent, Err: &protocolError{"the request is no JSON"}}
		}
		r.Body = payload
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(ctx, r)
	if err != nil {
		return failedGrant(notAnswered(operation, err))
	}
	if resp.Status != http.StatusOK {
		return failedGrant(cnousRefusal(operation, resp))
	}
	records, err := DecodeCnous(resp.Body)
	if err == nil && len(records) > 1 {
		err = passerelle.ErrAmbiguous
	}
	if err != nil {
		return failedGrant(&Error{Operation: operation, HTTP: resp.Status, Raw: capped(resp.Body), Result: passerelle.Answered, Err: err})
	}
	g := records[0].Grant()
	if g.Campaign == 0 {
		g.Campaign = campaign
	}
	return g, nil
}

func failedGrant(e *Error) (Grant, error) {
	return Grant{Finding: findingOf(e, e.HTTP == http.StatusForbidden)}, e
}

// judgeCnous takes a refusal in the service's own words as its answer.
func judgeCnous(resp *transport.Response) transport.Verdict {
	if resp.Status == http.StatusNotFound || resp.Status == http.StatusBadRequest {
		if _, _, ok := parseRefusal(resp.Body); ok {
			return transport.Final
		}
	}
	return transport.ByStatus
}

// cnousRefusal turns an answer that is not a success into an error. A 404 that is not in
// the words of the service is no "not found".
func cnousRefusal(operation string, resp *transport.Response) *Error {
	e := &Error{Operation: operation, HTTP: resp.Status, Raw: capped(resp.Body), Result: passerelle.Answered, Err: resp.Err()}
	code, description, ok := parseRefusal(resp.Body)
	e.Code, e.Message = code, description
	switch {
	case e.Err == nil: // another success than the one that is promised
		e.Err = &protocolError{"status " + strconv.Itoa(resp.Status) + " is not expected"}
	case resp.Status == http.StatusNotFound && !ok:
		e.Err = &protocolError{"a 404 that is not the service's"}
	case ok && resp.Status == http.StatusNotFound:
		e.Err = passerelle.ErrNotFound
	case ok && resp.Status == http.StatusBadRequest:
		e.Err = passerelle.ErrInvalid
	case resp.Status >= 500:
		e.Result = passerelle.OutcomeOf(e.Err)
	}
	return e
}
