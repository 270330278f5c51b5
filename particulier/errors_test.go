package particulier_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// taxonomy is everything that an error may be.
var taxonomy = []error{
	passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrAmbiguous, passerelle.ErrGone, passerelle.ErrUnauthorized,
	passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable, passerelle.ErrProtocol,
}

// checkKind fails the test unless err is of one kind and of no other.
func checkKind(t *testing.T, what string, err, want error) {
	t.Helper()
	for _, kind := range taxonomy {
		if got := errors.Is(err, kind); got != (kind == want) {
			t.Errorf("%s: errors.Is(%v, %q) = %v", what, err, kind, got)
		}
	}
}

// known is a person of whom the fake tells something.
type known struct{}

func (known) StudentStatusByINE(ine string) (particulier.StudentStatus, bool) {
	return statusOfKnown(), ine == "1234567890V"
}

func (known) StudentStatusByIdentity(passerelle.Person) []particulier.StudentStatus {
	return []particulier.StudentStatus{statusOfKnown()}
}

func statusOfKnown() particulier.StudentStatus {
	return particulier.StudentStatus{
		INE: particulier.Some("1234567890V"),
		Identity: particulier.Some(particulier.StudentIdentity{
			BirthName: particulier.Some("ESSAI"), GivenName: particulier.Some("CAMILLE"), BirthDate: particulier.Some(particulier.DateText("2003-04-05")),
		}),
		Admissions: particulier.Some([]particulier.Admission{
			{
				Begin: particulier.Some(particulier.DateText("2026-09-01")), End: particulier.Some(particulier.DateText("2027-08-31")),
				Status: particulier.Some(particulier.Enrolled), Regime: particulier.Some(particulier.RegimeOf("contrat d'apprentissage")), Commune: particulier.Some("67482"),
				Establishment: particulier.Some(particulier.Establishment{UAI: particulier.Some("0011402U"), Name: particulier.Some("ESSAI")}),
			},
			{
				Begin: particulier.Some(particulier.DateText("2026-09-01")), End: particulier.Some(particulier.DateText("2027-08-31")),
				Status: particulier.Some(particulier.Admitted), Regime: particulier.Some(particulier.RegimeOf("régime nouveau")), Commune: particulier.Field[string]{State: particulier.Null},
				Establishment: particulier.Some(particulier.Establishment{UAI: particulier.Some("0010814E"), Name: particulier.Some("ESSAI 2")}),
			},
		}),
	}
}

const knownINE = "1234567890V"

// TestErrorBodies tells every body of the catalogue apart, in v3 and in v2.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault    particuliertest.Fault
		http     int
		code     particulier.Code
		kind     error
		v2http   int
		v2code   particulier.Code
		v2kind   error
		provider particulier.Code // for whichever provider
	}{
		0:  {particuliertest.TooMany, 429, "00429", passerelle.ErrRateLimited, 429, "", passerelle.ErrRateLimited, ""},
		1:  {particuliertest.TooManyBare, 429, "", passerelle.ErrRateLimited, 429, "", passerelle.ErrRateLimited, ""},
		2:  {particuliertest.InFlight, 409, "00015", passerelle.ErrConflict, 409, "", passerelle.ErrConflict, ""},
		3:  {particuliertest.InFlightText, 409, "", passerelle.ErrConflict, 409, "", passerelle.ErrConflict, ""},
		4:  {particuliertest.Internal, 500, "00500", passerelle.ErrUnavailable, 500, "error", passerelle.ErrUnavailable, ""},
		5:  {particuliertest.Network, 502, "00501", passerelle.ErrUnavailable, 502, "network_error", passerelle.ErrUnavailable, ""},
		6:  {particuliertest.ProviderDown, 502, "25001", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx001"},
		7:  {particuliertest.ProviderTimeout, 504, "25002", passerelle.ErrUnavailable, 503, "network_error", passerelle.ErrUnavailable, "xx002"},
		8:  {particuliertest.ProviderName, 502, "25004", passerelle.ErrUnavailable, 503, "network_error", passerelle.ErrUnavailable, "xx004"},
		9:  {particuliertest.ProviderRefused, 502, "25006", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx006"},
		10: {particuliertest.ProviderTooMany, 502, "25008", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx008"},
		11: {particuliertest.ProviderCert, 502, "25009", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx009"},
		12: {particuliertest.ProviderTemporary, 502, "25011", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx011"},
		13: {particuliertest.ProviderInternal, 502, "25000", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx000"},
		14: {particuliertest.ProviderUnknown, 502, "25999", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx999"},
		15: {particuliertest.Maintenance, 503, "25020", passerelle.ErrUnavailable, 503, "data_provider_error", passerelle.ErrUnavailable, "xx020"},
		16: {particuliertest.Ambiguous, 409, "25015", passerelle.ErrAmbiguous, 409, "conflict", passerelle.ErrAmbiguous, "xx015"},
		17: {particuliertest.IdentityRefused, 422, "00366", passerelle.ErrInvalid, 400, "bad_request", passerelle.ErrInvalid, ""},
		18: {particuliertest.Version, 422, "00402", passerelle.ErrGone, 400, "bad_request", passerelle.ErrInvalid, ""},
		19: {particuliertest.Page, 503, "", passerelle.ErrUnavailable, 503, "", passerelle.ErrUnavailable, ""},
		20: {particuliertest.PageOK, 200, "", passerelle.ErrProtocol, 200, "", passerelle.ErrProtocol, ""},
		21: {particuliertest.PageNotFound, 404, "", passerelle.ErrProtocol, 404, "", passerelle.ErrProtocol, ""},
		22: {particuliertest.Null, 200, "", passerelle.ErrProtocol, 200, "", passerelle.ErrProtocol, ""},
		23: {particuliertest.Empty, 200, "", passerelle.ErrProtocol, 200, "", passerelle.ErrProtocol, ""},
		24: {particuliertest.WrongType, 200, "", passerelle.ErrProtocol, 200, "", passerelle.ErrProtocol, ""},
		25: {particuliertest.WrongCharset, 200, "", passerelle.ErrProtocol, 200, "", passerelle.ErrProtocol, ""},
		26: {particuliertest.Truncated, 200, "", passerelle.ErrUnavailable, 200, "", passerelle.ErrUnavailable, ""},
		27: {particuliertest.Cut, 0, "", passerelle.ErrUnavailable, 0, "", passerelle.ErrUnavailable, ""},
		28: {particuliertest.NoFault, 404, "25003", passerelle.ErrNotFound, 404, "not_found", passerelle.ErrNotFound, "xx003"},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			s := particuliertest.NewServer(t, particuliertest.Config{Students: known{}})
			for _, version := range []particulier.Version{particulier.V3, particulier.V2} {
				ine := knownINE
				if c.fault == particuliertest.NoFault {
					ine = "1234567891A" // unknown
				}
				s.Script(c.fault, c.fault)
				cfg := s.ClientConfig()
				cfg.Transport.Retry.MaxAttempts = 1
				status, err := newClient(t, cfg).StudentStatusByINE(t.Context(), particulier.INERequest{INE: ine, Version: version})
				code, wantHTTP, kind := c.code, c.http, c.kind
				if version == particulier.V2 {
					code, wantHTTP, kind = c.v2code, c.v2http, c.v2kind
				}
				e, ok := errors.AsType[*particulier.Error](err)
				if !ok || e.HTTP != wantHTTP {
					t.Fatalf("v%d: %+v, %v; want an *Error with status %d", version, status, err, wantHTTP)
				}
				checkKind(t, fmt.Sprintf("v%d", version), err, kind)
				if code != "" && !errors.Is(err, code) {
					t.Errorf("v%d: %v is not code %s", version, err, code)
				}
				if c.provider != "" && version == particulier.V3 && !errors.Is(err, c.provider) {
					t.Errorf("%v is not code %s", err, c.provider)
				}
				for _, other := range []particulier.Code{"00100", "25003", "xx003", "26015", "not_found", "00105"} {
					if other != code && other != c.provider && errors.Is(err, other) {
						t.Errorf("v%d: %v is also code %s", version, err, other)
					}
				}
				s.Advance(time.Hour) // past the pause of a 429
			}
		})
	}
}

// TestTokens tells the refusals of tokens apart.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := particuliertest.NewServer(t, particuliertest.Config{
		Students: known{},
		Tokens: map[string]particuliertest.Token{
			"good": {ID: "id-1", Name: "good", Scopes: []string{"mesri_identite", "mesri_admissions"}}, "expired": {State: particuliertest.TokenExpired},
			"black": {State: particuliertest.TokenBlacklisted}, "gone": {State: particuliertest.TokenNotFound}, "address": {WrongAddress: true},
			"cnous": {Scopes: []string{"cnous_email"}},
		},
		FranceConnect: map[string]particuliertest.Pivot{"old": {Expired: true}, "bare": {NoIdentity: true}},
	})
	for i, c := range []struct {
		token, franceConnect string
		code, v2             particulier.Code
		kind, v2kind         error
	}{
		0: {"unknown", "", particulier.CodeToken, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		1: {"expired", "", particulier.CodeTokenExpired, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		2: {"black", "", particulier.CodeTokenBlacklisted, "", passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		3: {"gone", "", particulier.CodeTokenUnknown, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		4: {"address", "", particulier.CodeAddress, particulier.V2AccessDenied, passerelle.ErrForbidden, passerelle.ErrUnauthorized},
		5: {"cnous", "", particulier.CodeScope, particulier.V2AccessDenied, passerelle.ErrForbidden, passerelle.ErrUnauthorized},
		6: {"good", "mal<forme", particulier.CodeFranceConnectMalformed, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		7: {"good", "unknown", particulier.CodeFranceConnectUnknown, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		8: {"good", "old", particulier.CodeFranceConnectUnknown, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
		9: {"good", "bare", particulier.CodeFranceConnectScopes, particulier.V2AccessDenied, passerelle.ErrUnauthorized, passerelle.ErrUnauthorized},
	} {
		cfg := s.ClientConfig()
		cfg.Token = c.token
		client := newClient(t, cfg)
		for _, version := range []particulier.Version{particulier.V3, particulier.V2} {
			var err error
			if c.franceConnect != "" {
				_, err = client.StudentStatusByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: c.franceConnect, Version: version})
			} else {
				_, err = client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE, Version: version})
			}
			code, kind := c.code, c.kind
			if version == particulier.V2 {
				code, kind = c.v2, c.v2kind
			}
			checkKind(t, fmt.Sprintf("%d, v%d", i, version), err, kind)
			if code != "" && !errors.Is(err, code) {
				t.Errorf("%d, v%d: %v; want code %s", i, version, err, code)
			}
		}
	}
}

// TestAsksAgain says which failures are asked again, and how often.
func TestAsksAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault particuliertest.Fault
		again bool
	}{
		0: {particuliertest.ProviderDown, true},
		1: {particuliertest.ProviderTimeout, true},
		2: {particuliertest.ProviderTemporary, true},
		3: {particuliertest.InFlight, true},
		4: {particuliertest.Page, true},
		5: {particuliertest.Cut, true},
		6: {particuliertest.Maintenance, false},
		7: {particuliertest.ProviderRefused, false},
		8: {particuliertest.Internal, false},
		9: {particuliertest.Ambiguous, false},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			s := particuliertest.NewServer(t, particuliertest.Config{Students: known{}})
			cfg := s.ClientConfig()
			cfg.Transport.Retry.MinWait, cfg.Transport.Retry.MaxWait = time.Millisecond, time.Millisecond
			s.Script(c.fault)
			_, err := newClient(t, cfg).StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE})
			if requests := s.Requests(""); (err == nil) != c.again || (requests == 2) != c.again {
				t.Errorf("%v after %d requests; asked again: want %v", err, requests, c.again)
			}
		})
	}
	// The duplicate of a call in flight is asked once more, and only once.
	s := particuliertest.NewServer(t, particuliertest.Config{Students: known{}})
	cfg := s.ClientConfig()
	cfg.Transport.Retry.MinWait, cfg.Transport.Retry.MaxWait = time.Millisecond, time.Millisecond
	s.Script(particuliertest.InFlight, particuliertest.InFlight)
	if _, err := newClient(t, cfg).StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE}); !errors.Is(err, particulier.CodeInFlight) || s.Requests("") != 2 {
		t.Errorf("in flight twice: %v after %d requests; want code 00015 after 2", err, s.Requests(""))
	}
}

// TestOddFaults reads bodies that follow no version.
func TestOddFaults(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		body string
		want []particulier.Fault
	}{
		0: {`{"errors":["Trop de requêtes","autre"]}`, []particulier.Fault{{Detail: "Trop de requêtes"}, {Detail: "autre"}}},
		1: {`{"errors":[{"code":26003,"source":{"header":"X-Forwarded-For"},"meta":null},5,null,"x"]}`, []particulier.Fault{{Code: "26003", Header: "X-Forwarded-For"}, {Detail: "x"}}},
		2: {`{"error":"conflict","reason":"r","message":"m"}`, []particulier.Fault{{Code: "conflict", Title: "r", Detail: "m"}}},
		3: {`{"errors":{}}`, nil},
		4: {`null`, nil},
		5: {`<html>`, nil},
		6: {"{\"error\":\"\xe9\"}", nil},
		7: {`{"errors":[]}`, nil},
	} {
		got := particulier.ParseFaults([]byte(c.body))
		if !slices.Equal(got, c.want) {
			t.Errorf("%d: %+v; want %+v", i, got, c.want)
		}
	}
}

// TestRetryAfterIsKept keeps the asked delay, and tells none from zero.
func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	s := particuliertest.NewServer(t, particuliertest.Config{Students: known{}})
	for i, c := range []struct {
		fault particuliertest.Fault
		want  time.Duration // -1: none
	}{
		0: {particuliertest.Network, 10 * time.Second},
		1: {particuliertest.Internal, -1},
		2: {particuliertest.TooMany, 10 * time.Second},
		3: {particuliertest.TooManyBare, -1},
	} {
		cfg := s.ClientConfig()
		cfg.Transport.Retry.MaxAttempts = 1
		s.Script(c.fault)
		_, err := newClient(t, cfg).StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE})
		e, ok := errors.AsType[*particulier.Error](err)
		if !ok || (e.RetryAfter == nil) != (c.want < 0) || e.RetryAfter != nil && *e.RetryAfter != c.want {
			t.Errorf("%d: %+v; want %v", i, e, c.want)
		}
		s.Advance(time.Hour)
	}
}

// TestLeaks walks every error path and looks for personal data and tokens.
func TestLeaks(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	secrets := []string{knownINE, "Kowalskaïa", "2003-04-05", "secret-token", "secret-fc", "67482", "introuvable", "fournisseur", "Aucun étudiant"}
	leaks.Secret(t, secrets...)
	person := passerelle.Person{
		BirthName: "Kowalskaïa", GivenNames: [3]string{"Noor"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2003-04-05"),
		Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
	for _, fault := range append(particuliertest.AllFaults(), particuliertest.NoFault) {
		s := particuliertest.NewServer(t, particuliertest.Config{
			Tokens: map[string]particuliertest.Token{"secret-token": {}}, FranceConnect: map[string]particuliertest.Pivot{"secret-fc": {FamilyName: "Kowalskaïa", BirthDate: "2003-04-05"}},
		})
		cfg := s.ClientConfig()
		cfg.Token = "secret-token"
		cfg.Limiter = particulier.NewLimiter(-1)
		cfg.Transport.Logger = leaks.Logger()
		cfg.Transport.AttemptTimeout, cfg.Transport.TotalTimeout = 300*time.Millisecond, 400*time.Millisecond
		cfg.Transport.Retry.MinWait, cfg.Transport.Retry.MaxWait = time.Millisecond, time.Millisecond
		client := newClient(t, cfg)
		leaks.Logger().Info("config", "config", cfg)
		leaks.Error(fmt.Errorf("%v %+v", cfg, cfg))
		for _, version := range []particulier.Version{particulier.V3, particulier.V2} {
			s.Script(fault, fault, fault, fault)
			ask := particulier.INERequest{INE: knownINE, Version: version}
			status, err := client.StudentStatusByINE(t.Context(), ask)
			leaks.Error(err)
			leaks.Logger().Info("asked", "request", ask, "status", status, "error", err)
			s.Advance(time.Hour)
			byName := particulier.IdentityRequest{Person: person, Version: version}
			_, err = client.StudentStatusByIdentity(t.Context(), byName)
			leaks.Error(err)
			leaks.Logger().Info("asked", "request", byName, "error", err)
			fc := particulier.FranceConnectRequest{AccessToken: "secret-fc", Version: version}
			_, err = client.StudentStatusByFranceConnect(t.Context(), fc)
			leaks.Error(err)
			leaks.Logger().Info("asked", "request", fc, "error", err)
		}
	}
	bad := newClient(t, particulier.Config{BaseURL: particulier.Staging, Token: "secret-token"})
	_, err := bad.StudentStatusByINE(t.Context(), particulier.INERequest{INE: "1234567890V-"})
	leaks.Error(err)
	person.BirthName = "Kowalskaïa42"
	_, err = bad.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{Person: person})
	leaks.Error(err)
	if !strings.Contains(leaks.Log(), "http attempt") {
		t.Error("nothing was logged: the check proves nothing")
	}
	leaks.Check(t)
}

// TestRedirectsAreRefused: a token never follows a redirect.
func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	cfg := particulier.Config{BaseURL: particulier.Staging, Token: "t", Recipient: particulier.MustParseRecipient(particuliertest.TestRecipient)}
	requests := 0
	cfg.Transport.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		requests++
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: r}, nil
	})
	_, err := newClient(t, cfg).StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE})
	checkKind(t, "redirect", err, passerelle.ErrProtocol)
	if requests != 1 {
		t.Errorf("%d requests; want 1", requests)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
