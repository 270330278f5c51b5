package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ine/checkine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

// limit is how many people or dossiers a state shows unless it is asked for more.
const limit = 20

// shown is how many elements are shown: ?limit=N.
func shown(q url.Values, have int) int {
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 0 {
		n = limit
	}
	return min(n, have)
}

func (h *house) startINES() error {
	s, err := inestest.New(inestest.Config{Seed: h.seed, Population: h.population, Now: h.clock.Now})
	if err != nil {
		return err
	}
	h.ines = s
	// Advance ends what is due, and the clock has moved already.
	h.clock.moved = append(h.clock.moved, func(time.Duration) error { return s.Advance(0) })
	address, err := h.serve(s.Handler())
	if err != nil {
		return err
	}
	f := &fake{
		name: "ines", url: address, notes: "INES, SOAP and REST; the SOAP contract is invented, the real one is not public",
		more: map[string]any{
			"soap": address + inestest.PathSOAP, "wsdl": address + inestest.PathSOAP + "?wsdl", "token": address + inestest.PathToken,
			"verify": address + inestest.PathVerify, "client": "client", "secret": "secret", "channel": "channel",
		},
		state: func(q url.Values) (any, error) { return inesState(s, q) },
		actions: map[string]action{
			"add": do(`put somebody into the register: {"person":{…},"numbers":["…"]}; without numbers one is created`, func(in struct {
				Person  passerelle.Person `json:"person"`
				Numbers []ine.Number      `json:"numbers"`
			}) (any, error) {
				return s.Add(in.Person, in.Numbers...)
			}),
			"resolve": do(`decide a litige: {"id":"…","number":"…"}; without number it is somebody new`, func(in struct {
				ID     string     `json:"id"`
				Number ine.Number `json:"number"`
			}) (any, error) {
				return nil, s.ResolveLitige(in.ID, in.Number)
			}),
			"maintain": do(`close for a time: {"for":"1h"}`, func(in struct {
				For string `json:"for"`
			}) (any, error) {
				d, err := time.ParseDuration(in.For)
				if err != nil {
					return nil, badRequest("for: want a duration such as 1h")
				}
				s.Maintain(d)
				return nil, nil
			}),
			"expire-tokens": do("make every token of the REST side dead", func(struct{}) (any, error) {
				s.ExpireTokens()
				return nil, nil
			}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds:      texts(inestest.AllFaults()),
		operations: texts([]ines.Operation{ines.OpVerify, ines.OpSearch, ines.OpRegister, ines.OpFollowUp, inestest.OpToken}),
		setShares:  func(shares map[string]float64) error { return s.SetFaults(inesFaults(shares)) },
		setNext:    func(op string, k []string) { s.Script(ines.Operation(op), typed[inestest.Fault](k)...) },
		presets:    map[string]map[string]float64{"mild": inesShares(inestest.Mild), "harsh": inesShares(inestest.Harsh)},
	})
}

// fields are the shares of f by their fault.
func fields(f *inestest.Faults) map[inestest.Fault]*float64 {
	return map[inestest.Fault]*float64{
		inestest.Unavailable: &f.Unavailable, inestest.Maintenance: &f.Maintenance, inestest.RateLimited: &f.RateLimited,
		inestest.Unauthorized: &f.Unauthorized, inestest.CutBefore: &f.CutBefore, inestest.ServerFault: &f.ServerFault,
		inestest.ClientFault: &f.ClientFault, inestest.Slow: &f.Slow, inestest.AnswerLost: &f.AnswerLost, inestest.Truncated: &f.Truncated,
		inestest.WrongCharset: &f.WrongCharset, inestest.ServerFaultAfter: &f.ServerFaultAfter, inestest.Duplicated: &f.Duplicated,
		inestest.LitigeStorm: &f.LitigeStorm, inestest.LateCreation: &f.LateCreation,
	}
}

func inesFaults(shares map[string]float64) inestest.Faults {
	var f inestest.Faults
	at := fields(&f)
	for k, share := range shares {
		*at[inestest.Fault(k)] = share
	}
	return f
}

func inesShares(f inestest.Faults) map[string]float64 {
	shares := make(map[string]float64)
	for k, share := range fields(&f) {
		if *share > 0 {
			shares[string(k)] = *share
		}
	}
	return shares
}

// inesState tells of the register, or with ?student=REF of the registrations under a
// reference.
func inesState(s *inestest.Service, q url.Values) (any, error) {
	if ref := q.Get("student"); ref != "" {
		return count(s.RegistrationsOf(ref)), nil
	}
	people, dossiers, litiges := s.People(), s.Dossiers(), s.Litiges()
	requests := make(map[string]map[string]int)
	for _, op := range []ines.Operation{ines.OpVerify, ines.OpSearch, ines.OpRegister, ines.OpFollowUp, inestest.OpToken} {
		requests[string(op)] = map[string]int{"received": s.Received(op), "processed": s.Processed(op)}
	}
	return map[string]any{
		"population": len(people), "people": people[:shown(q, len(people))], "dossiers": dossiers[:shown(q, len(dossiers))],
		"litiges": litiges[:shown(q, len(litiges))], "created": len(s.Created()), "created_twice": s.Twice(), "requests": requests,
	}, nil
}

func count(c inestest.Count) any {
	return map[string]int{"received": c.Received, "processed": c.Processed, "created": c.Created}
}

func (h *house) startCheckINE() error {
	address, err := h.serve(checkine.Handler(nil))
	if err != nil {
		return err
	}
	h.open(&fake{name: "checkine", url: address, notes: "the universities' key service; the rule of the key is deduced; no faults"})
	return nil
}

func (h *house) startSUPDATA() error {
	store := supdatatest.Sandbox()
	store.AddEstablishment("0542493S", "Université d'Exemple")
	for _, r := range h.ines.People() {
		store.AddStudent(supdatatest.Student{INE: r.Master.String(), Person: r.Person})
	}
	s := supdatatest.New(supdatatest.Config{Store: store, Seed: h.seed, Now: h.clock.Now})
	h.students = store
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "supdata", url: address + supdatatest.Prefix, notes: "the write API of SUPDATA; codes of status and régime are inferred, the real ones are not public",
		more: map[string]any{"key": supdatatest.TestKey},
		state: func(q url.Values) (any, error) {
			if number := q.Get("ine"); number != "" {
				return map[string]any{"enrolments": store.Enrolments(number)}, nil
			}
			return map[string]any{"enrolments": store.Count(), "recorded_twice": store.Twice(), "requests": s.Requests(), "peak": s.Peak()}, nil
		},
		actions: map[string]action{
			"add-student": do(`make a person known: {"ine":"…","person":{…}}`, func(in struct {
				INE    string            `json:"ine"`
				Person passerelle.Person `json:"person"`
			}) (any, error) {
				store.AddStudent(supdatatest.Student{INE: in.INE, Person: in.Person})
				return nil, nil
			}),
			"add-establishment": do(`make an establishment known: {"uai":"…","name":"…"}`, func(in struct {
				UAI  string `json:"uai"`
				Name string `json:"name"`
			}) (any, error) {
				store.AddEstablishment(in.UAI, in.Name)
				return nil, nil
			}),
			"replace-on-second": do("let a second call for one enrolment replace the first", func(struct{}) (any, error) {
				store.ReplaceOnSecond()
				return nil, nil
			}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds: texts(supdatatest.AllFaults()),
		setShares: func(shares map[string]float64) error {
			s.SetFaults(typedShares[supdatatest.Fault](shares))
			return nil
		},
		setNext: func(_ string, k []string) { s.Script(typed[supdatatest.Fault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, supdatatest.Unavailable, supdatatest.Slow, supdatatest.AnswerLost),
			"harsh": even(0.04, supdatatest.Unavailable, supdatatest.Maintenance, supdatatest.Cut, supdatatest.Slow, supdatatest.AnswerLost,
				supdatatest.Truncated, supdatatest.InternalAfter, supdatatest.GatewayAfter),
		},
	})
}

// health is what the pings of API Particulier answer.
var health = []string{"ok", "bad_gateway", "maintenance", "unknown"}

func (h *house) startParticulier() error {
	s := particuliertest.New(particuliertest.Config{
		Students: h.students, Scholarships: holders{h.crous, h.ines.People, h.clock.Now}, Seed: h.seed, Now: h.clock.Now,
	})
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "particulier", url: address, notes: "API Particulier: student status (what SUPDATA was fed) and grants (what AGLAE has), v2 to v4",
		more: map[string]any{"token": particuliertest.TestToken, "recipient": particuliertest.TestRecipient},
		state: func(q url.Values) (any, error) {
			return map[string]any{"requests": s.Requests(q.Get("path")), "banned": s.Banned()}, nil
		},
		actions: map[string]action{
			"health": do(`set what the pings answer: {"status":"maintenance"}`, func(in struct {
				Status string `json:"status"`
			}) (any, error) {
				for _, known := range health {
					if in.Status == known {
						s.SetHealth(in.Status)
						return nil, nil
					}
				}
				return nil, badRequest(fmt.Sprintf("status %q: want one of %v", in.Status, health))
			}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds: texts(particuliertest.AllFaults()),
		setShares: func(shares map[string]float64) error {
			s.SetFaults(typedShares[particuliertest.Fault](shares))
			return nil
		},
		setNext: func(_ string, k []string) { s.Script(typed[particuliertest.Fault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, particuliertest.Internal, particuliertest.ProviderTemporary, particuliertest.Slow),
			"harsh": even(0.04, particuliertest.Internal, particuliertest.Network, particuliertest.ProviderDown, particuliertest.ProviderTimeout,
				particuliertest.Maintenance, particuliertest.Page, particuliertest.Truncated, particuliertest.Cut),
		},
	})
}
