package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/transport"
)

// nobody is an invented person, whom INES does not know.
var nobody = passerelle.Person{
	BirthName: "VÉRIFICATION DE SERVICE", GivenNames: [3]string{"PASSERELLE"}, Sex: passerelle.SexFemale,
	BirthDate: passerelle.NewDate(1900, 1, 1), Birthplace: passerelle.Birthplace{Commune: "75101"},
}

// once is the policy of a check: one attempt, in its time.
func (d *doctor) once() transport.Config {
	return transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}, TotalTimeout: d.opts.timeout, AttemptTimeout: d.opts.timeout}
}

// checkINES looks at the contract, and searches for an invented person.
func checkINES(ctx context.Context, d *doctor) {
	contract, err := d.cfg.INESContract()
	if err != nil {
		d.fault("contract", cut(err.Error()), "the mapping names an element of the WSDL for each part of a request; see ines.ContractFromWSDL")
		return
	}
	if d.cfg.INES.Reference {
		d.fault("contract", "this is the invented reference contract: it speaks to a fake", "ask the ministry for the WSDL, and write its mapping")
	} else {
		d.ok("contract", "the mapping fits the WSDL (%s)", contract.Name)
	}
	client, err := d.cfg.OpenINES(d.once(), false)
	if !d.opened(err) {
		return
	}
	address := d.cfg.INES.Endpoint
	if address == "" {
		address = contract.Endpoint
	}
	if !d.reach(ctx, "address", address, d.cfg.INES.TLS) || d.opts.offline {
		return
	}
	if !client.Can(ines.OpSearch) {
		d.unchecked("account", "the contract has no search: nothing else can be asked without creating", "")
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	_, err = client.Search(ctx, ines.SearchRequest{Person: nobody})
	d.answered("account", err, "a search is answered; nobody was registered")
}

// checkParticulier asks the service about its own token.
func checkParticulier(ctx context.Context, d *doctor) {
	s := d.cfg.Particulier
	client, err := d.cfg.OpenParticulier(d.once())
	if !d.opened(err) || !d.reach(ctx, "address", s.BaseURL, s.TLS) || d.opts.offline {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	info, err := client.Introspect(ctx)
	if d.answered("token", err, "the token is known, with "+strconv.Itoa(len(info.Scopes))+" scopes: "+strings.Join(info.Scopes, " ")) && len(info.Scopes) == 0 {
		d.fault("scopes", "the token has no scope: every answer will be refused", "the habilitation (DataPass) names the scopes")
	}
	d.unchecked("pace", "the client keeps to the published limits, but no call tells who else uses the token", "programs that share the token share one limiter")
	if s.BaseURL == particulier.Staging {
		d.fault("environment", "this is the test environment: its people are invented", "base_url "+particulier.Production)
	}
}

// checkSUPDATA can only look at the address: the service has one call, and it creates.
func checkSUPDATA(ctx context.Context, d *doctor) {
	s := d.cfg.SUPDATA
	_, err := d.cfg.OpenSUPDATA(d.once())
	if !d.opened(err) || !d.reach(ctx, "address", s.BaseURL, s.TLS) {
		return
	}
	d.unchecked("key", "the service has no call that creates nothing", "the first enrolment that is fed shows it: feed one, and read it back")
	if s.Codes == nil {
		d.fault("codes", "the codes of status and régime are inferred: the real ones are not public", "ask the service for the list, and write it into supdata.codes")
	}
}

// nobodyINE is a number that nobody has, of the right form.
var nobodyINE = ine.MustParse("000000000AA")

// checkAGLAE looks at the contract, and asks about a number that nobody has: the
// question changes nothing at the Crous.
func checkAGLAE(ctx context.Context, d *doctor) {
	contract, err := d.cfg.AGLAEContract()
	if err != nil {
		d.fault("contract", cut(err.Error()), "the mapping names an element of the WSDL for each part of the dialogue; see aglae.ContractFromWSDL")
		return
	}
	if d.cfg.AGLAE.Reference {
		d.fault("contract", "this is the invented reference contract: it speaks to a fake", "ask your Crous for the WSDL, and write its mapping")
	} else {
		d.ok("contract", "the mapping fits the WSDL (%s)", contract.Name)
	}
	address := d.cfg.AGLAE.Endpoint
	if address == "" {
		address = contract.Endpoint
	}
	client, err := d.cfg.OpenAGLAE(d.once())
	if !d.opened(err) || !d.reach(ctx, "address", address, d.cfg.AGLAE.TLS) || d.opts.offline {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	answer, err := client.Ask(ctx, aglae.Question{Student: "doctor", Year: d.cfg.Year, INE: nobodyINE})
	if d.answered("account", err, "a question is answered ("+answer.Verdict.String()+")") && answer.Verdict == aglae.Holder {
		d.fault("answer", "a number that nobody has is answered as a holder", "the mapping reads the wrong element, or maps the wrong word: no answer can be believed")
	}
}

// checkCVEC asks for a certificate that nobody has.
func checkCVEC(ctx context.Context, d *doctor) {
	client, err := d.cfg.OpenCVEC(d.once())
	if !d.opened(err) || !d.reach(ctx, "address", d.cfg.CVEC.BaseURL, d.cfg.CVEC.TLS) || d.opts.offline {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	_, err = client.Verify(ctx, cvec.Request{Number: cvec.MustParse("VER5ZZZZZZ99"), Key: cvec.NameKeyOf("VERIFICATION")})
	if errors.Is(err, passerelle.ErrNotFound) {
		err = nil // the service says that it knows no such certificate
	}
	d.answered("verification", err, "the service answers")
}

// checkRouter reads the first card of the establishment.
func checkRouter(ctx context.Context, d *doctor) {
	s := d.cfg.Router
	address := cmp.Or(s.BaseURL, map[string]string{"sandbox": router.SandboxURL, "production": router.ProductionURL}[s.Environment])
	client, err := d.cfg.OpenRouter(d.once())
	if !d.opened(err) || !d.reach(ctx, "address", address, s.TLS) || d.opts.offline {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	for _, e := range client.Cards(ctx, router.ListRequest{As: s.PIC}) {
		err = e
		break
	}
	if errors.Is(err, passerelle.ErrForbidden) {
		d.fault("token", cut(err.Error()), "the production router answers 403 to addresses that it does not know: send this machine's address; or the token is of another organisation")
		return
	}
	d.answered("token", err, "the list of cards answers")
	d.unchecked("token end", "the router does not tell when a token ends", "its web pages show the date: note it")
}
