package main

import (
	"net/url"

	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

// The institution of the fake router.
const (
	samplePIC   = "999999990"
	sampleToken = "jeton-de-carte"
)

// routerFields are the shares of f by their fault.
func routerFields(f *esctest.Faults) map[esctest.Fault]*float64 {
	return map[esctest.Fault]*float64{
		esctest.Unavailable: &f.Unavailable, esctest.Maintenance: &f.Maintenance, esctest.RateLimited: &f.RateLimited, esctest.CutBefore: &f.CutBefore,
		esctest.InternalError: &f.InternalError, esctest.Slow: &f.Slow, esctest.AnswerLost: &f.AnswerLost, esctest.Truncated: &f.Truncated,
		esctest.BadGateway: &f.BadGateway, esctest.NotJSON: &f.NotJSON,
	}
}

// routerOperations are the operations whose next requests can be told apart.
var routerOperations = []string{
	"persons", "create-person", "person", "update-person", "delete-person", "cards", "create-card", "card", "update-card", "delete-card",
	"card-status", "qr", "generate-escn", "csv-config", "validate-csv", "set-picture", "picture", "delete-picture", "verify", "certificates",
}

func (h *house) startRouter() error {
	s, err := esctest.NewRouter(esctest.RouterConfig{
		Organisations: []router.Organisation{{PIC: samplePIC, Token: sampleToken}}, Now: h.clock.Now, Seed: h.seed,
	})
	if err != nil {
		return err
	}
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "router", url: address, notes: "the ESC-Router, version 2, and the public verifier; quirks as they were observed",
		more: map[string]any{"api": address + "/esc-rest/api/v2", "verifier": address + "/esc-verifier-service/api/v1", "pic": samplePIC, "token": sampleToken},
		state: func(q url.Values) (any, error) {
			if number := q.Get("card"); number != "" {
				card, ok := s.Card(number)
				if !ok {
					return nil, notFound("card")
				}
				return card, nil
			}
			if id := q.Get("person"); id != "" {
				enrolments := s.Person(id)
				if enrolments == nil {
					return nil, notFound("person")
				}
				return map[string]any{"enrolments": enrolments}, nil
			}
			persons, cards := s.Counts()
			return map[string]any{"persons": persons, "cards": cards}, nil
		},
		actions: map[string]action{
			"seed": do(`put a card and its holder in: {"card":{…},"enrolment":{…}}, as the API takes them`, func(in struct {
				Card      router.CardUpdate `json:"card"`
				Enrolment router.Enrolment  `json:"enrolment"`
			}) (any, error) {
				if in.Card.Number == "" || in.Card.Person == (esi.ID{}) {
					return nil, badRequest("want the number of the card and the identifier of its holder")
				}
				s.SeedCard(in.Card, in.Enrolment)
				return nil, nil
			}),
			"anonymise": do(`make a person one who does not come back: {"person":"urn:…"}`, func(in struct {
				Person string `json:"person"`
			}) (any, error) {
				s.Anonymise(in.Person)
				return nil, nil
			}),
			"expire-token": do(`refuse the token of an institution from now on: {"pic":"…"}`, func(in struct {
				PIC string `json:"pic"`
			}) (any, error) {
				s.ExpireToken(in.PIC)
				return nil, nil
			}),
			"quirks": do(`set how it behaves: {"page_cap":10,"date_times":true,"lower_case":true,"loose":true,"html_errors":true,"unlisted":true,"ignore_search":true,"cards_block_persons":true}`, func(in struct {
				PageCap           int  `json:"page_cap"`
				DateTimes         bool `json:"date_times"`
				LowerCase         bool `json:"lower_case"`
				Loose             bool `json:"loose"`
				HTMLErrors        bool `json:"html_errors"`
				Unlisted          bool `json:"unlisted"`
				IgnoreSearch      bool `json:"ignore_search"`
				CardsBlockPersons bool `json:"cards_block_persons"`
			}) (any, error) {
				s.Change(func(c *esctest.RouterConfig) {
					c.PageCap, c.DateTimes, c.LowerCase, c.Loose = in.PageCap, in.DateTimes, in.LowerCase, in.Loose
					c.HTMLErrors, c.Unlisted, c.IgnoreSearch, c.CardsBlockPersons = in.HTMLErrors, in.Unlisted, in.IgnoreSearch, in.CardsBlockPersons
				})
				return nil, nil
			}),
			"requests": do("show the requests got so far, and forget them", func(struct{}) (any, error) {
				got := make([]map[string]any, 0, limit)
				for _, r := range s.Requests() {
					got = append(got, map[string]any{"operation": r.Operation, "pic": r.PIC, "body": r.Body, "status": r.Status})
				}
				return map[string]any{"requests": got}, nil
			}),
		},
	}
	h.open(f)
	harsh, harshShares := esctest.Harsh, make(map[string]float64)
	for k, share := range routerFields(&harsh) {
		if *share > 0 {
			harshShares[string(k)] = *share
		}
	}
	return h.withFaults(f, &faults{
		kinds: texts([]esctest.Fault{
			esctest.Unavailable, esctest.Maintenance, esctest.RateLimited, esctest.CutBefore, esctest.InternalError, esctest.Slow, esctest.AnswerLost,
			esctest.Truncated, esctest.BadGateway, esctest.NotJSON,
		}),
		operations: routerOperations,
		setShares: func(shares map[string]float64) error {
			s.Change(func(c *esctest.RouterConfig) {
				c.Faults = esctest.Faults{}
				at := routerFields(&c.Faults)
				for k, share := range shares {
					*at[esctest.Fault(k)] = share
				}
			})
			return nil
		},
		setNext: func(op string, k []string) { s.Script(op, typed[esctest.Fault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, esctest.Unavailable, esctest.Slow, esctest.AnswerLost), "harsh": harshShares,
		},
	})
}
