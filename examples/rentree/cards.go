package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http/httptest"
	"os"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/qr"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
)

const stepCard = "card" // the European student card

const (
	samplePIC    = "999999990"    // invented
	sampleDomain = "univ.example" // schacHomeOrganization of the sample university
)

// card is one card of the sample, as it was printed on the first day.
type card struct {
	Student string     `json:"student"`
	Name    string     `json:"name"` // file name of its pictures
	Number  esc.Number `json:"number"`
	Printed time.Time  `json:"printed"`
	Before  bool       `json:"before_ine,omitempty"` // it was printed before the definitive INE came
	Consent bool       `json:"consent"`
	Leaves  bool       `json:"leaves,omitempty"` // the student withdraws consent at the end of the season
}

// printed is a card and where it stands in the end.
type printed struct {
	card
	outcome string
}

// wantsCard notes the students who get a card: the first ones with a definitive
// number, and two whose definitive number is still to come.
func (r *results) wantsCard(s sis.Student, v ine.Verdict) {
	const most, newcomers = 10, 2
	switch {
	case v.Status == ine.StatusDefinitive && v.Family == ine.RNIE && len(r.holders) < most:
		r.holders = append(r.holders, s)
	case v.Status == ine.StatusProvisional && len(r.newcomers) < newcomers:
		r.newcomers = append(r.newcomers, s)
	}
}

// printCards gives each holder a card number and draws its official code. The
// desk waits for nobody: a card can be printed before the INE is definitive. What
// was printed once is not printed again.
func (s *season) printCards(ctx context.Context, res *results) ([]card, error) {
	cards, err := s.readCards()
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return cards, err
	}
	if err := os.MkdirAll(s.path("cards"), 0o700); err != nil {
		return nil, err
	}
	reservations, err := esc.OpenReservations(s.path("cards/numbers.journal"))
	if err != nil {
		return nil, err
	}
	defer reservations.Close()
	numbers, err := esc.NewGenerator(esc.Config{Prefix: 1, Reservations: reservations})
	if err != nil {
		return nil, err
	}
	for i, student := range append(res.holders[:len(res.holders):len(res.holders)], res.newcomers...) {
		number, err := numbers.Next(ctx, samplePIC)
		if err != nil {
			return nil, err
		}
		c := card{
			Student: student.ID.String(), Name: student.ID.Local, Number: number, Printed: s.now(), Before: i >= len(res.holders), Consent: i != 0, Leaves: i == 1,
		}
		code, err := qr.New(number, "")
		if err != nil {
			return nil, err
		}
		if err := s.picture("cards/"+c.Name+".png", code); err != nil {
			return nil, err
		}
		cards = append(cards, c)
	}
	return cards, writeFile(s.path("cards/cards.json"), func(w io.Writer) error { return writeJSON(w, cards) })
}

func (s *season) readCards() ([]card, error) {
	data, err := os.ReadFile(s.path("cards/cards.json"))
	if err != nil {
		return nil, err
	}
	var cards []card
	return cards, json.Unmarshal(data, &cards)
}

func (s *season) picture(name string, code *qr.Code) error {
	return writeFile(s.path(name), func(w io.Writer) error { return code.WritePNG(w, qr.PNGOptions{}) })
}

// cards registers the cards at the fake router once the numbers are definitive,
// seals and verifies them, and lets one student withdraw.
func (s *season) cards(ctx context.Context, res *results) error {
	cards, err := s.printCards(ctx, res)
	if err != nil {
		return err
	}
	if err := s.seal(ctx, cards); err != nil {
		return err
	}
	fake, err := esctest.NewRouter(esctest.RouterConfig{
		Organisations: []router.Organisation{{PIC: samplePIC, Token: "token-of-the-sample"}}, Now: s.now, Faults: routerFaults[s.opts.faults], Seed: s.opts.seed,
	})
	if err != nil {
		return err
	}
	server := esctest.NewServer(fake)
	defer server.Close()
	return s.register(ctx, res, fake, server, cards)
}

var routerFaults = map[string]esctest.Faults{"none": {}, "mild": {Unavailable: 0.02, AnswerLost: 0.01}, "harsh": esctest.Harsh}

// register brings the router to what is wanted, then takes the students who
// withdraw out again, and asks the public verifier about every card.
func (s *season) register(ctx context.Context, res *results, fake *esctest.Router, server *httptest.Server, cards []card) error {
	client, err := router.New(fake.ClientConfig(server.URL))
	if err != nil {
		return err
	}
	// The fake router forgets when the program ends, so its state lives no longer.
	sync, err := router.NewSync(router.SyncConfig{Client: client, State: &router.MemoryState{}, Now: s.now})
	if err != nil {
		return err
	}
	effects := map[string]router.Result{}
	pass := func(withdrawn bool) error {
		for try := range 5 {
			left := 0
			for result, err := range sync.Run(ctx, s.wanted(ctx, cards, withdrawn)) {
				if err != nil {
					return err
				}
				effects[result.Student] = result
				if result.Effect == router.Deferred {
					left++
				}
			}
			if left == 0 || try == 4 {
				break
			}
		}
		return ctx.Err()
	}
	if err := errors.Join(pass(false), pass(true)); err != nil {
		return err
	}
	for _, c := range cards {
		outcome, detail := s.cardOutcome(ctx, client, c, effects[c.Student])
		res.printed = append(res.printed, printed{c, outcome})
		res.put(res.outcomes, line{c.Student, stepCard, outcome, detail})
	}
	return nil
}

// wanted is what the router shall hold: the students whose INE is definitive.
func (s *season) wanted(ctx context.Context, cards []card, withdrawn bool) iter.Seq2[router.Wanted, error] {
	today := passerelle.DateOf(s.now())
	return func(yield func(router.Wanted, error) bool) {
		for _, c := range cards {
			student, number, err := s.definitive(ctx, c.Student)
			if err != nil {
				yield(router.Wanted{}, err)
				return
			}
			if number.IsZero() {
				continue // the card is in use; the router waits for the number that never changes
			}
			id, err := esi.FromINE(number)
			if err != nil {
				yield(router.Wanted{}, err)
				return
			}
			w := router.Wanted{
				Key: router.Key{PIC: samplePIC, Student: c.Student}, Consent: c.Consent && !(withdrawn && c.Leaves), ESI: id,
				FullName: student.Person.GivenNames[0] + " " + student.Person.BirthName, Email: student.Email, Level: router.Bachelor,
				Cards: []router.WantedCard{{
					Number: c.Number, State: router.Active, Type: router.CardSmartNoCDZ, IssuedAt: passerelle.DateOf(c.Printed), ExpiresAt: today.AddDays(365),
				}},
			}
			if !yield(w, nil) {
				return
			}
		}
	}
}

// definitive finds a student of the base and the definitive number, zero while
// there is none: that of the base, or the one that the campaign brought.
func (s *season) definitive(ctx context.Context, ref string) (sis.Student, ine.Number, error) {
	var student sis.Student
	for row, err := range s.source.Students(ctx, sis.Query{IDs: []sis.StudentID{s.idOf(ref)}}) {
		if err != nil {
			return student, ine.Number{}, err
		}
		student = row
	}
	rec, err := s.ledger.Get(ctx, ref)
	switch {
	case err == nil && rec.State == campaign.StateConfirmed:
		return student, rec.INE, nil
	case err != nil && !errors.Is(err, passerelle.ErrNotFound):
		return student, ine.Number{}, err
	}
	if v := ine.Judge(student.INE); v.Definitive() {
		return student, v.Number, nil
	}
	return student, ine.Number{}, nil
}

// idOf reads a reference of the sample cohort back.
func (s *season) idOf(ref string) sis.StudentID {
	const system = "csv"
	return sis.StudentID{System: system, Local: ref[len(system)+1:]}
}

// cardOutcome says where a card stands in the end, and what the public verifier
// says of it.
func (s *season) cardOutcome(ctx context.Context, client *router.Client, c card, r router.Result) (outcome, detail string) {
	switch {
	case r.Effect == "":
		return "waits", "printed before the definitive INE, which has not come"
	case r.Effect == router.Nothing:
		return "no-consent", "nothing was sent about this student"
	case r.Effect == router.Removed:
		return "withdrawn", "consent withdrawn: card and person were deleted"
	case r.Effect == router.Deferred, r.Effect == router.Refused:
		return string(r.Effect), fmt.Sprint(r.Err)
	}
	answer, err := client.Verify(ctx, router.CardRequest{Number: c.Number.String()})
	if err != nil {
		return "registered", "the public verifier could not be asked: " + err.Error()
	}
	detail = "the public verifier says: " + answer.On(passerelle.DateOf(s.now())).String()
	if c.Before {
		detail = "printed before the definitive INE, registered once it had come; " + detail
	}
	return "registered", detail
}

// seal makes the second, signed code of every card with a test authority, and
// verifies it offline as a reader would.
func (s *season) seal(ctx context.Context, cards []card) error {
	at := s.now()
	authority, err := esctest.NewAuthority(at)
	if err != nil {
		return err
	}
	credential, err := authority.Issue(sampleDomain)
	if err != nil {
		return err
	}
	signer, err := seal.NewSigner(seal.SignerConfig{Key: credential.Key, Certificate: credential.Certificate})
	if err != nil {
		return err
	}
	lists, err := authority.RevocationLists()
	if err != nil {
		return err
	}
	verifier, err := seal.NewVerifier(seal.Policy{
		Policy:  trust.Policy{Roots: []*x509.Certificate{authority.Root}, Time: trust.At(at), Revocation: trust.RevocationLists(lists...)},
		Chains:  credential.Bundle(),
		Issuers: seal.IssuerPICs(map[string][]string{sampleDomain: {samplePIC}}),
	})
	if err != nil {
		return err
	}
	for _, c := range cards {
		jws, err := signer.Sign(seal.Claims{ESCN: c.Number, IssuedAt: at, Expires: seal.EndOf(passerelle.DateOf(c.Printed).AddDays(365), time.UTC)})
		if err != nil {
			return err
		}
		code, err := seal.Code(jws)
		if err != nil {
			return err
		}
		if err := s.picture("cards/"+c.Name+"-seal.png", code); err != nil {
			return err
		}
		if _, err := verifier.Verify(ctx, jws); err != nil {
			return fmt.Errorf("the seal of %s does not verify: %w", c.Student, err)
		}
	}
	return nil
}
