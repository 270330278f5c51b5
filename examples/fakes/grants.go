package main

import (
	"encoding/json"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
)

func (h *house) startAGLAE() error {
	var files []aglaetest.File
	for i, r := range h.ines.People() {
		if f, has := fileOf(i, r); has {
			files = append(files, f)
		}
	}
	s, err := aglaetest.New(aglaetest.Config{Files: files, Seed: h.seed, Now: h.clock.Now})
	if err != nil {
		return err
	}
	h.crous = s
	return h.openAGLAE(s)
}

// fileStates are the states of a file, by their names.
var fileStates = func() map[string]aglaetest.FileState {
	states := make(map[string]aglaetest.FileState)
	for s := aglaetest.NotProcessed; s <= aglaetest.Definitive; s++ {
		states[s.String()] = s
	}
	return states
}()

// file is a file at the Crous as the control writes it.
type file struct {
	Number  aglae.GrantNumber `json:"number"`
	State   string            `json:"state"`
	Wishes  []aglae.Wish      `json:"wishes"`
	Flagged bool              `json:"flagged"`
}

func (h *house) openAGLAE(s *aglaetest.Service) error {
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "aglae", url: address, notes: "AGLAE and OLAFE: connector, enrolment event, notification; contract and event format are invented, the real ones are not public",
		more: map[string]any{
			"connector": address + aglaetest.PathConnector, "wsdl": address + aglaetest.PathConnector + "?wsdl",
			"events": address + aglaetest.PathEvent, "olafe": address + aglaetest.PathOLAFE,
		},
		state: func(q url.Values) (any, error) {
			if text := q.Get("number"); text != "" {
				n, err := aglae.ParseGrantNumber(text)
				if err != nil {
					return nil, badRequest("number: want the number of a grant")
				}
				got, ok := s.File(n)
				if !ok {
					return nil, notFound("file")
				}
				return file{got.Number, got.State.String(), got.Wishes, got.Flagged}, nil
			}
			received := make(map[aglaetest.Operation]int)
			for _, op := range []aglaetest.Operation{aglaetest.OpAsk, aglaetest.OpEvent, aglaetest.OpOLAFE} {
				received[op] = s.Received(op)
			}
			return map[string]any{"received": received, "events": s.Events()}, nil
		},
		actions: map[string]action{
			"put": do(`add a file or replace one: {"number":"…","state":"conditional","wishes":[{"uai":"…","programme":"…","level":"…"}]}; states: not processed, papers missing, progress to check, rejected, conditional, definitive`,
				func(in file) (any, error) {
					state, ok := fileStates[in.State]
					if !ok || in.Number.IsZero() {
						return nil, badRequest("want a number, and a state that exists")
					}
					s.Put(aglaetest.File{Number: in.Number, State: state, Wishes: in.Wishes, Flagged: in.Flagged})
					return nil, nil
				}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds:      texts(aglaetest.AllFaults()),
		operations: texts([]aglaetest.Operation{aglaetest.OpAsk, aglaetest.OpEvent, aglaetest.OpOLAFE}),
		setShares:  func(shares map[string]float64) error { return s.SetFaults(typedShares[aglaetest.Fault](shares)) },
		setNext:    func(op string, k []string) { s.Script(aglaetest.Operation(op), typed[aglaetest.Fault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, aglaetest.Unavailable, aglaetest.Slow, aglaetest.AnswerLost),
			"harsh": even(0.04, aglaetest.Unavailable, aglaetest.Maintenance, aglaetest.CutBefore, aglaetest.PageOK, aglaetest.AnswerLost,
				aglaetest.Truncated, aglaetest.ServerFault, aglaetest.UnknownWord),
		},
	})
}

func (h *house) startCnous() error {
	var records []json.RawMessage
	for i, r := range h.ines.People() {
		state, has := grantOf(i)
		if !has || !holder(state) {
			continue
		}
		raw, err := recordOf(r, state, h.clock.Now().Year())
		if err != nil {
			return err
		}
		records = append(records, raw)
	}
	s, err := aglaetest.NewCnous(aglaetest.CnousConfig{Records: records, ExportLooks: 1, Seed: h.seed, Now: h.clock.Now})
	if err != nil {
		return err
	}
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "cnous", url: address + "/statut-boursier", notes: "the API of the Cnous: grants by INE and identity, exports",
		more: map[string]any{
			"token": address + aglaetest.CnousTokenPath, "legacy_token": address + aglaetest.CnousLegacyTokenPath,
			"client": aglaetest.CnousClientID, "secret": aglaetest.CnousClientSecret,
		},
		state: func(q url.Values) (any, error) {
			return map[string]any{"requests": s.Requests(q.Get("path")), "exports": s.Exports(), "tokens": s.TokensIssued()}, nil
		},
		actions: map[string]action{
			"add": do("add a student, or a further campaign of one: a record as the API answers it", func(raw json.RawMessage) (any, error) {
				if err := s.Add(raw); err != nil {
					return nil, badRequest(err.Error())
				}
				return nil, nil
			}),
			"revoke-tokens": do("end the life of all tokens", func(struct{}) (any, error) {
				s.RevokeTokens()
				return nil, nil
			}),
			"purge-exports": do("take the files of exports away", func(struct{}) (any, error) {
				s.PurgeExports()
				return nil, nil
			}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds: texts(aglaetest.AllCnousFaults()),
		setShares: func(shares map[string]float64) error {
			s.SetFaults(typedShares[aglaetest.CnousFault](shares))
			return nil
		},
		setNext: func(_ string, k []string) { s.Script(typed[aglaetest.CnousFault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, aglaetest.CnousDown, aglaetest.CnousSlow, aglaetest.CnousLost),
			"harsh": even(0.04, aglaetest.CnousDown, aglaetest.CnousError, aglaetest.CnousPage, aglaetest.CnousEmpty, aglaetest.CnousTruncated,
				aglaetest.CnousCut, aglaetest.CnousLost, aglaetest.CnousSlow),
		},
	})
}

func (h *house) startCVEC() error {
	var certificates []cvectest.Certificate
	for i, r := range h.ines.People() {
		certificates = append(certificates, certificateOf(i, r))
	}
	s := cvectest.New(cvectest.Config{Certificates: certificates, Seed: h.seed, Now: h.clock.Now})
	address, err := h.serve(s)
	if err != nil {
		return err
	}
	f := &fake{
		name: "cvec", url: address, notes: "verification of CVEC certificates; everybody whom INES knows has one: VER5AAAAAA12 is the first",
		state: func(url.Values) (any, error) { return map[string]any{"requests": s.Requests()}, nil },
		actions: map[string]action{
			"put": do(`add a certificate: {"number":"VER5ABCDEF12","person":{…},"ine":"…","state":"75"}`, func(in struct {
				Number cvec.Number       `json:"number"`
				Person passerelle.Person `json:"person"`
				INE    string            `json:"ine"`
				Crous  string            `json:"crous"`
				State  cvec.State        `json:"state"`
			}) (any, error) {
				if in.Number.IsZero() || in.Person.BirthName == "" {
					return nil, badRequest("want a number and a person with a birth name")
				}
				s.Put(cvectest.Certificate{Number: in.Number, Person: in.Person, INE: in.INE, Crous: in.Crous, State: in.State})
				return nil, nil
			}),
			"state": do(`change the state of a certificate: {"number":"…","state":"80"}`, func(in struct {
				Number cvec.Number `json:"number"`
				State  cvec.State  `json:"state"`
			}) (any, error) {
				if !s.SetState(in.Number, in.State) {
					return nil, notFound("certificate")
				}
				return nil, nil
			}),
		},
	}
	h.open(f)
	return h.withFaults(f, &faults{
		kinds: texts(cvectest.AllFaults()),
		setShares: func(shares map[string]float64) error {
			s.SetFaults(typedShares[cvectest.Fault](shares))
			return nil
		},
		setNext: func(_ string, k []string) { s.Script(typed[cvectest.Fault](k)...) },
		presets: map[string]map[string]float64{
			"mild": even(0.01, cvectest.Down, cvectest.Slow, cvectest.Cut),
			"harsh": even(0.04, cvectest.Down, cvectest.Internal, cvectest.TooMany, cvectest.Page, cvectest.PageNotFound, cvectest.WrongCharset,
				cvectest.Truncated, cvectest.Cut),
		},
	})
}
