package particulier

import (
	"net/http"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Code is a code of the error catalogue: five characters in v3 and v4, the word of
// the member error in v2. It is an error, so that errors.Is(err, CodeScope) tells
// bodies apart. Codes that are not listed here are kept as read.
//
// The providers have the same codes behind a prefix of their own, 25 for the
// ministry and 26 for the Cnous: a Code that begins by "xx", such as
// [ProviderNotFound], stands for all of them.
type Code string

// Error returns the code and its meaning.
func (c Code) Error() string {
	if e, ok := c.entry(); ok {
		return "code " + string(c) + ": " + e.meaning
	}
	return "code " + string(c)
}

// The codes of API Particulier itself.
const (
	CodeScope            Code = "00100" // 403: the token has none of the scopes
	CodeToken            Code = "00101" // 401: the token is missing or not valid
	CodeTokenExpired     Code = "00103" // 401
	CodeTokenBlacklisted Code = "00105" // 401
	CodeTokenUnknown     Code = "00106" // 401
	CodeAddress          Code = "00107" // 403: this IP address is not allowed
	CodeInFlight         Code = "00015" // 409: the same token and parameters are being answered
	CodeNoRecipient      Code = "00203" // 422: the recipient is missing (documentation)
	CodeRecipient        Code = "00210" // 422: the recipient is no SIRET, or is missing (server)
	CodeINE              Code = "00360"
	CodeCommune          Code = "00365"
	CodeIdentityRefused  Code = "00366" // 422: the Cnous refused the identity
	CodeCampaignYear     Code = "00368"
	CodeBirthName        Code = "00420"
	CodeGivenNames       Code = "00421"
	CodeBirthYear        Code = "00422"
	CodeBirthMonth       Code = "00423"
	CodeBirthDay         Code = "00424"
	CodeBirthDate        Code = "00425" // not a day that exists
	CodeSex              Code = "00427"
	CodeDepartment       Code = "00428"
	CodeRequestID        Code = "00401"
	CodeVersion          Code = "00402"
	CodeTooMany          Code = "00429" // 429
	CodeInternal         Code = "00500"
	CodeNetwork          Code = "00501"

	CodeFranceConnectMalformed Code = "50001" // 401
	CodeFranceConnectUnknown   Code = "50002" // 401: unknown or expired
	CodeFranceConnectScopes    Code = "50003" // 401: without the pivot identity
)

// The codes of the providers, whichever they are.
const (
	ProviderInternal    Code = "xx000"
	ProviderDown        Code = "xx001"
	ProviderTimeout     Code = "xx002"
	ProviderNotFound    Code = "xx003"
	ProviderName        Code = "xx004" // the server could not resolve the provider's name
	ProviderRefused     Code = "xx006" // the server's own credentials
	ProviderTooMany     Code = "xx008"
	ProviderCertificate Code = "xx009"
	ProviderTemporary   Code = "xx011"
	ProviderAmbiguous   Code = "xx015" // 409: several people match
	ProviderMaintenance Code = "xx020" // 503
	ProviderUnknown     Code = "xx999" // the server did not understand the provider
)

// The words of v2.
const (
	V2BadRequest    Code = "bad_request"
	V2AccessDenied  Code = "access_denied" // 401: the token, or a scope
	V2NotFound      Code = "not_found"
	V2Conflict      Code = "conflict" // 409: several people match
	V2Error         Code = "error"
	V2ProviderError Code = "data_provider_error"
	V2NetworkError  Code = "network_error"
)

// entry is what the catalogue says of a code.
type entry struct {
	kind      error // of the root taxonomy
	transient bool  // asking again in a moment may help
	meaning   string
}

var catalogue = map[Code]entry{
	CodeScope:            {passerelle.ErrForbidden, false, "the token lacks the scopes"},
	CodeToken:            {passerelle.ErrUnauthorized, false, "the token is missing or not valid"},
	CodeTokenExpired:     {passerelle.ErrUnauthorized, false, "the token has expired"},
	CodeTokenBlacklisted: {passerelle.ErrUnauthorized, false, "the token is on the black list"},
	CodeTokenUnknown:     {passerelle.ErrUnauthorized, false, "the token is not known"},
	CodeAddress:          {passerelle.ErrForbidden, false, "the IP address is not allowed"},
	CodeInFlight:         {passerelle.ErrConflict, false, "the same call is being answered"},
	CodeNoRecipient:      {passerelle.ErrInvalid, false, "recipient is missing"},
	CodeRecipient:        {passerelle.ErrInvalid, false, "recipient is not a SIRET"},
	CodeINE:              {passerelle.ErrInvalid, false, "ine"},
	CodeCommune:          {passerelle.ErrInvalid, false, "codeCogInseeCommuneNaissance"},
	CodeIdentityRefused:  {passerelle.ErrInvalid, false, "the identity was refused by the provider"},
	CodeCampaignYear:     {passerelle.ErrInvalid, false, "campaignYear"},
	CodeBirthName:        {passerelle.ErrInvalid, false, "nomNaissance"},
	CodeGivenNames:       {passerelle.ErrInvalid, false, "prenoms"},
	CodeBirthYear:        {passerelle.ErrInvalid, false, "anneeDateNaissance"},
	CodeBirthMonth:       {passerelle.ErrInvalid, false, "moisDateNaissance"},
	CodeBirthDay:         {passerelle.ErrInvalid, false, "jourDateNaissance"},
	CodeBirthDate:        {passerelle.ErrInvalid, false, "the birth date is not a day that exists"},
	"00426":              {passerelle.ErrInvalid, false, "a parameter of the civil identity"},
	CodeSex:              {passerelle.ErrInvalid, false, "sexeEtatCivil"},
	CodeDepartment:       {passerelle.ErrInvalid, false, "codeCogInseeDepartementNaissance"},
	CodeRequestID:        {passerelle.ErrInvalid, false, "the request identifier"},
	CodeVersion:          {passerelle.ErrGone, false, "the version of the API is not supported"},
	CodeTooMany:          {passerelle.ErrRateLimited, true, "too many requests"},
	CodeInternal:         {passerelle.ErrUnavailable, false, "internal error"},
	CodeNetwork:          {passerelle.ErrUnavailable, true, "network error"},

	CodeFranceConnectMalformed: {passerelle.ErrUnauthorized, false, "the FranceConnect token is malformed"},
	CodeFranceConnectUnknown:   {passerelle.ErrUnauthorized, false, "the FranceConnect token is unknown or expired"},
	CodeFranceConnectScopes:    {passerelle.ErrUnauthorized, false, "the FranceConnect token lacks the pivot identity"},

	ProviderInternal:    {passerelle.ErrUnavailable, true, "internal error of the provider"},
	ProviderDown:        {passerelle.ErrUnavailable, true, "the provider is not available"},
	ProviderTimeout:     {passerelle.ErrUnavailable, true, "the provider did not answer in time"},
	ProviderNotFound:    {passerelle.ErrNotFound, false, "nobody was found"},
	ProviderName:        {passerelle.ErrUnavailable, true, "the name of the provider does not resolve"},
	ProviderRefused:     {passerelle.ErrUnavailable, false, "the provider refused the server's credentials"},
	ProviderTooMany:     {passerelle.ErrUnavailable, true, "the provider was asked too often"},
	ProviderCertificate: {passerelle.ErrUnavailable, false, "the certificate of the provider is not good"},
	ProviderTemporary:   {passerelle.ErrUnavailable, true, "temporary error of the provider"},
	ProviderAmbiguous:   {passerelle.ErrAmbiguous, false, "several people match: add birthplace and sex"},
	ProviderMaintenance: {passerelle.ErrUnavailable, false, "the provider is in maintenance"},
	ProviderUnknown:     {passerelle.ErrUnavailable, false, "the provider's answer was not understood"},

	V2BadRequest:    {passerelle.ErrInvalid, false, "wrong or missing parameters"},
	V2AccessDenied:  {passerelle.ErrUnauthorized, false, "the token or a scope"},
	V2NotFound:      {passerelle.ErrNotFound, false, "nobody was found"},
	V2Conflict:      {passerelle.ErrAmbiguous, false, "several people match"},
	V2Error:         {passerelle.ErrUnavailable, false, "internal error"},
	V2ProviderError: {passerelle.ErrUnavailable, true, "error of the provider"},
	V2NetworkError:  {passerelle.ErrUnavailable, true, "network error"},
}

// entry finds c in the catalogue, itself or as the code of a provider.
func (c Code) entry() (entry, bool) {
	e, ok := catalogue[c]
	if !ok && c.ofProvider() {
		e, ok = catalogue["xx"+c[2:]]
	}
	return e, ok
}

// ofProvider reports whether c has the form of a provider's code.
func (c Code) ofProvider() bool {
	return len(c) == 5 && !strings.HasPrefix(string(c), "00") && !strings.HasPrefix(string(c), "50")
}

// matches reports whether a service that answered c answered target.
func (c Code) matches(target Code) bool {
	return c == target || strings.HasPrefix(string(target), "xx") && c.ofProvider() && c[2:] == target[2:]
}

// kindOfStatus is the taxonomy of an answer without a known code. A 404 without one
// is not "nobody was found": it may be a wrong address, or a page of a proxy.
func kindOfStatus(status int) error {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return passerelle.ErrInvalid
	case http.StatusUnauthorized:
		return passerelle.ErrUnauthorized
	case http.StatusForbidden:
		return passerelle.ErrForbidden
	case http.StatusConflict:
		return passerelle.ErrConflict
	case http.StatusGone:
		return passerelle.ErrGone
	case http.StatusTooManyRequests:
		return passerelle.ErrRateLimited
	}
	if status >= 500 {
		return passerelle.ErrUnavailable
	}
	return passerelle.ErrProtocol
}
