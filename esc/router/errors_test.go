package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	must(b.client.CreateCard(ctx, cardWrite(number)))(t)
	gone := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	b.fake.Anonymise(gone.String())
	asB := cardWrite(number)
	asB.As, asB.Card.Issuer = picB, picB
	wrongPIC := cardWrite(number2)
	wrongPIC.As = picB
	var leaks testutil.Leaks
	leaks.Secret(t, "123456789AB", "987654321CD", "Lovelace", "token-of-a", "ada@univ", number)
	cases := []struct {
		name string
		call func() error
		is   error
		code string
	}{
		0: {"unknown person", func() error {
			_, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:000000000AA")})
			return err
		}, passerelle.ErrNotFound, ""},
		1: {"another institution's person", func() error { _, err := b.client.Person(ctx, router.PersonRequest{As: picB, ESI: ada}); return err }, passerelle.ErrForbidden, router.CodeAccessDenied},
		2: {"anonymised person", func() error { _, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: gone}); return err }, passerelle.ErrGone, ""},
		3: {"person exists", func() error { _, err := b.client.CreatePerson(ctx, personWrite(picA)); return err }, passerelle.ErrConflict, router.CodePersonExists},
		4: {"card exists", func() error { _, err := b.client.CreateCard(ctx, cardWrite(number)); return err }, passerelle.ErrConflict, router.CodeCardExists},
		5: {"good token, another institution in the body", func() error { _, err := b.client.CreateCard(ctx, wrongPIC); return err }, passerelle.ErrUnauthorized, ""},
		6: {"another institution's card", func() error { return b.client.DeleteCard(ctx, router.CardRequest{As: picB, Number: number}) }, passerelle.ErrForbidden, router.CodeAccessDenied},
		7: {"another institution's person deleted", func() error { return b.client.DeletePerson(ctx, router.PersonRequest{As: picB, ESI: ada}) }, passerelle.ErrForbidden, router.CodeAccessDenied},
		8: {"unknown card verified", func() error { _, err := b.client.Verify(ctx, router.CardRequest{Number: number2}); return err }, passerelle.ErrNotFound, router.CodeUnknownCard},
		9: {"card of somebody not registered", func() error { _, err := b.client.CreateCard(ctx, asB); return err }, passerelle.ErrInvalid, ""},
		10: {"page in place of JSON", func() error {
			b.fake.Script("person", esctest.NotJSON)
			_, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada})
			return err
		}, passerelle.ErrProtocol, ""},
		11: {"internal error", func() error {
			b.fake.Script("update-card", esctest.InternalError)
			_, err := b.client.UpdateCard(ctx, cardWrite(number))
			return err
		}, passerelle.ErrUnavailable, "SE-9999"},
		12: {"away", func() error {
			b.fake.Script("", esctest.Unavailable, esctest.Maintenance, esctest.BadGateway)
			_, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada})
			return err
		}, passerelle.ErrUnavailable, ""},
		13: {"token expired", func() error {
			b.fake.ExpireToken(picB)
			_, err := b.client.Person(ctx, router.PersonRequest{As: picB, ESI: ada})
			return err
		}, passerelle.ErrUnauthorized, ""},
		14: {"errors as pages", func() error {
			b.fake.Change(func(c *esctest.RouterConfig) { c.HTMLErrors = true })
			_, err := b.client.CreatePerson(ctx, personWrite(picA))
			return err
		}, passerelle.ErrConflict, ""},
		15: {"address not listed", func() error {
			b.fake.Change(func(c *esctest.RouterConfig) { c.Unlisted = true })
			_, err := b.client.CardStatus(ctx, router.CardRequest{Number: number})
			return err
		}, passerelle.ErrForbidden, ""},
	}
	taxonomy := []error{passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrGone, passerelle.ErrUnauthorized, passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable, passerelle.ErrProtocol}
	for i, c := range cases {
		err := c.call()
		leaks.Error(err)
		for _, class := range taxonomy {
			if errors.Is(err, class) != (class == c.is) {
				t.Errorf("%d %s: %v: is %v: %t", i, c.name, err, class, class != c.is)
			}
		}
		if e, ok := errors.AsType[*router.Error](err); ok && e.Code != c.code {
			t.Errorf("%d %s: code %q, want %q", i, c.name, e.Code, c.code)
		}
		if i == 15 && !strings.Contains(err.Error(), "addresses that it does not know") {
			t.Errorf("%d: %v does not say what a bare 403 means", i, err)
		}
	}
	leaks.Check(t)
}

// A code is an answer whatever its status.
func TestCodeWinsOverStatus(t *testing.T) {
	t.Parallel()
	config := router.Config{
		Environment: router.Custom, BaseURL: "https://router.invalid", Organisations: tokens[:1],
		Codes: map[string]error{"ER-7777": passerelle.ErrRateLimited},
	}
	for i, c := range []struct {
		status  int
		body    string
		is      error
		outcome passerelle.Outcome
	}{
		0: {500, `{"code":"ER-0002","message":"m"}`, passerelle.ErrConflict, passerelle.Answered},
		1: {400, `{"code":"ER-0001"}`, passerelle.ErrNotFound, passerelle.Answered},
		2: {401, `{"code":"SE-0000"}`, passerelle.ErrForbidden, passerelle.Answered},
		3: {500, `{"code":"ER-7777"}`, passerelle.ErrRateLimited, passerelle.Answered}, // a code of the caller's table
		4: {500, `{"code":"XX-0000"}`, passerelle.ErrUnavailable, passerelle.Unknown},
		5: {500, ``, passerelle.ErrUnavailable, passerelle.Unknown},
		6: {404, `{"code":null,"message":null}`, passerelle.ErrNotFound, passerelle.Answered},
	} {
		config.Transport.Base = &answering{c.status, []byte(c.body)}
		_, err := must(router.New(config))(t).CreateCard(t.Context(), cardWrite(number))
		if !errors.Is(err, c.is) || passerelle.OutcomeOf(err) != c.outcome {
			t.Errorf("%d: %v, outcome %s, want %v, %s", i, err, passerelle.OutcomeOf(err), c.is, c.outcome)
		}
	}
}
