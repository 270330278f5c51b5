package particuliertest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

// Fault is a kind of trouble. Each stands for one body of the error catalogue, or for one
// way in which an answer is lost or damaged.
type Fault string

// The faults.
const (
	NoFault Fault = ""

	TooMany           Fault = "429"              // with Retry-After and RateLimit-Reset
	TooManyBare       Fault = "429-bare"         // as the server answers before it knows the version: {"errors":["…"]}, no delay
	InFlight          Fault = "in-flight"        // 409, 00015
	InFlightText      Fault = "in-flight-text"   // 409 with a text in errors, as in v2
	Internal          Fault = "internal"         // 500, 00500
	Network           Fault = "network"          // 502, 00501 with retry_in 10
	ProviderDown      Fault = "provider-down"    // 502, xx001
	ProviderTimeout   Fault = "provider-timeout" // 504, xx002
	ProviderName      Fault = "provider-name"    // 502, xx004
	ProviderRefused   Fault = "provider-refused" // 502, xx006
	ProviderTooMany   Fault = "provider-429"     // 502, xx008
	ProviderCert      Fault = "provider-cert"    // 502, xx009
	ProviderTemporary Fault = "provider-busy"    // 502, xx011
	ProviderInternal  Fault = "provider-000"     // 502, xx000
	ProviderUnknown   Fault = "provider-999"     // 502, xx999
	Maintenance       Fault = "maintenance"      // 503, xx020
	Ambiguous         Fault = "ambiguous"        // 409, xx015
	IdentityRefused   Fault = "identity-refused" // 422, 00366
	Version           Fault = "version"          // 422, 00402
	Page              Fault = "page"             // 503 with a page of HTML
	PageOK            Fault = "page-200"         // 200 with a page of HTML
	PageNotFound      Fault = "page-404"         // 404 with a page of HTML: says nothing of anybody
	Null              Fault = "null"             // 200 with the body null
	Empty             Fault = "empty"            // 200 with data null
	Holes             Fault = "holes"            // 200 with every inner object null
	WrongType         Fault = "wrong-type"       // 200 with a number where a list should be
	WrongCharset      Fault = "wrong-charset"    // bytes that are not UTF-8
	Truncated         Fault = "truncated"        // half of the body, then the connection is cut
	Cut               Fault = "cut"              // the connection is cut
	Slow              Fault = "slow"             // after Config.Delay
	PlainMedia        Fault = "plain-media"      // application/json, as documented
)

// AllFaults lists the kinds of trouble.
func AllFaults() []Fault {
	return []Fault{
		TooMany, TooManyBare, InFlight, InFlightText, Internal, Network, ProviderDown, ProviderTimeout, ProviderName, ProviderRefused,
		ProviderTooMany, ProviderCert, ProviderTemporary, ProviderInternal, ProviderUnknown, Maintenance, Ambiguous, IdentityRefused, Version,
		Page, PageOK, PageNotFound, Null, Empty, Holes, WrongType, WrongCharset, Truncated, Cut, Slow, PlainMedia,
	}
}

// Script sets the faults of the next requests, one by one, before any draw;
// [NoFault] lets one through.
func (s *Service) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// SetFaults replaces the shares of trouble.
func (s *Service) SetFaults(shares map[Fault]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = maps.Clone(shares)
}

// draw picks the fault of the next request. The caller holds the lock.
func (s *Service) draw() Fault {
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		return f
	}
	if len(s.faults) == 0 {
		return NoFault
	}
	at := rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.requests))).Float64()
	for _, f := range slices.Sorted(maps.Keys(s.faults)) {
		if at < s.faults[f] {
			return f
		}
		at -= s.faults[f]
	}
	return NoFault
}

// failure is the error that a fault answers, if it is one.
func (f Fault) failure(op operation) (reply, bool) {
	p := op.provider
	switch f {
	case InFlight:
		return op.fail(http.StatusConflict, "00015", "Conflit", "Une requête avec les mêmes paramètres est déjà en cours de traitement."), true
	case InFlightText:
		return texts(http.StatusConflict, "Une requête avec les mêmes paramètres est déjà en cours de traitement."), true
	case Internal:
		return op.fail(http.StatusInternalServerError, "00500", "Erreur interne", "Une erreur interne s'est produite, l'équipe a été prévenue."), true
	case Network:
		r := op.fail(http.StatusBadGateway, "00501", "Erreur réseau", "Une erreur réseau est survenue.")
		if op.version > 2 {
			r.body = errorsBody(wireError{Code: "00501", Title: "Erreur réseau", Detail: "Une erreur réseau est survenue.", Meta: map[string]any{"retry_in": 10}})
		}
		return r, true
	case ProviderDown:
		return op.failProvider(http.StatusBadGateway, p+"001", "Fournisseur de donnée indisponible"), true
	case ProviderTimeout:
		return op.failProvider(http.StatusGatewayTimeout, p+"002", "Temps d'attente dépassé"), true
	case ProviderName:
		return op.failProvider(http.StatusBadGateway, p+"004", "Erreur de résolution DNS"), true
	case ProviderRefused:
		return op.failProvider(http.StatusBadGateway, p+"006", "Authentification refusée par le fournisseur"), true
	case ProviderTooMany:
		return op.failProvider(http.StatusBadGateway, p+"008", "Trop de requêtes vers le fournisseur"), true
	case ProviderCert:
		return op.failProvider(http.StatusBadGateway, p+"009", "Certificat du fournisseur invalide"), true
	case ProviderTemporary:
		return op.failProvider(http.StatusBadGateway, p+"011", "Erreur temporaire du fournisseur"), true
	case ProviderInternal:
		return op.failProvider(http.StatusBadGateway, p+"000", "Erreur interne du fournisseur"), true
	case ProviderUnknown:
		return op.failProvider(http.StatusBadGateway, p+"999", "Réponse du fournisseur inconnue"), true
	case Maintenance:
		return op.failProvider(http.StatusServiceUnavailable, p+"020", "Maintenance du fournisseur"), true
	case Ambiguous:
		return op.ambiguous(), true
	case IdentityRefused:
		return op.fail(http.StatusUnprocessableEntity, "00366", "Entité non traitable", "L'identité a été refusée par le fournisseur."), true
	case Version:
		return op.fail(http.StatusUnprocessableEntity, "00402", "Version non supportée", "Cette version de l'API n'est pas supportée."), true
	}
	return reply{}, false
}

// spoil damages a success.
func (f Fault) spoil(r reply) reply {
	page := func(status int) reply {
		return reply{status: status, media: "text/html; charset=utf-8", body: []byte("<html><body><h1>Service momentanément indisponible</h1></body></html>\n")}
	}
	switch f {
	case Page:
		return page(http.StatusServiceUnavailable)
	case PageOK:
		return page(http.StatusOK)
	case PageNotFound:
		return page(http.StatusNotFound)
	case Null:
		return reply{status: http.StatusOK, media: r.media, body: []byte("null")}
	case Empty:
		return reply{status: http.StatusOK, media: r.media, body: []byte(`{"data":null,"links":{},"meta":{}}`)}
	case Holes:
		return reply{status: http.StatusOK, media: r.media, body: []byte(`{"data":{"identite":null,"admissions":[{"date_debut":null,"date_fin":null,"est_inscrit":null,"regime_formation":null,"code_cog_insee_commune":null,"etablissement_etudes":null}]},"links":{},"meta":{}}`)}
	case WrongType:
		return reply{status: http.StatusOK, media: r.media, body: []byte(`{"data":{"admissions":5,"email":5},"links":{},"meta":{}}`)}
	case WrongCharset:
		r.body = append(append([]byte{}, r.body[:max(0, len(r.body)-1)]...), []byte(`,"x":"`+"\xe9"+`"}`)...)
	case PlainMedia:
		r.media = "application/json"
	}
	return r
}
