package router_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{DateTimes: true}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	must(b.client.CreateCard(ctx, cardWrite(number)))(t)
	config := b.config
	config.Organisations = nil // the verifier is for everybody
	public := must(router.New(config))(t)
	v := must(public.Verify(ctx, router.CardRequest{Number: number}))(t)
	if v.Issuer.Identifier != picA || v.Holder.Level.Key != "MASTER" || v.IssuerDiffers() {
		t.Errorf("verification %+v", v)
	}
	for day, want := range map[string]router.Verdict{"2026-10-01": router.Accepted, "2027-09-30": router.Accepted, "2027-10-01": router.NotAccepted} {
		if got := v.On(passerelle.MustParseDate(day)); got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
	for i, c := range []struct {
		v    router.Verification
		want router.Verdict
	}{
		0: {router.Verification{}, router.Undecided},
		1: {router.Verification{State: &router.Code{Key: "INACTIVE"}}, router.NotAccepted},
		2: {router.Verification{State: &router.Code{Key: "SOMETHING_NEW"}}, router.NotAccepted},
		3: {router.Verification{State: &router.Code{Key: "ACTIVE"}}, router.Accepted}, // no date
	} {
		if got := c.v.On(passerelle.MustParseDate("2026-10-01")); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
	v.Issuer.Identifier = picB
	if !v.IssuerDiffers() {
		t.Error("a number of another institution is not noticed")
	}
	b.fake.Script("verify", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	if _, err := public.Verify(ctx, router.CardRequest{Number: number}); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("verifier away: %v: this says nothing about the card", err)
	}
	if _, err := public.Card(ctx, router.CardRequest{Number: number}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a call that needs a token: %v", err)
	}
}

func TestNumbersAndQR(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	numbers := must(b.client.GenerateNumbers(ctx, router.NumbersRequest{Prefix: 7, PIC: picA, Count: 100}))(t)
	slices.Sort(numbers)
	if len(slices.Compact(numbers)) != 100 || !strings.HasSuffix(numbers[0], "-007"+picA) {
		t.Errorf("%d numbers like %s", len(numbers), numbers[0])
	}
	b.operations()
	_, err := b.client.GenerateNumbers(ctx, router.NumbersRequest{Prefix: -1, PIC: "1", Count: 101})
	testutil.Equal(t, "faults", err, error(passerelle.FieldErrors{
		{Field: "Prefix", Rule: "range", Want: "0 to 999"}, {Field: "PIC", Rule: "form", Want: "nine digits"}, {Field: "Count", Rule: "range", Want: "1 to 100"},
	}))
	// A 500 to this call is an answer to too many numbers: it is not asked again.
	b.fake.Script("generate-escn", esctest.InternalError)
	if _, err := b.client.GenerateNumbers(ctx, router.NumbersRequest{PIC: picA}); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("internal error: %v", err)
	}
	testutil.Equal(t, "calls", b.operations(), []string{"generate-escn"})

	svg := must(b.client.QR(ctx, router.QRRequest{Number: number, Inverted: true, Size: "xs"}))(t)
	if !bytes.Contains(svg, []byte("<svg")) || !bytes.Contains(svg, []byte("white")) {
		t.Errorf("picture %.80s", svg)
	}
	text := must(b.client.QR(ctx, router.QRRequest{Number: number, Base64: true, Vertical: true}))(t)
	if decoded, err := base64.StdEncoding.DecodeString(string(text)); err != nil || !bytes.Contains(decoded, []byte("<svg")) {
		t.Errorf("base64 picture: %v", err)
	}
	if _, err := b.client.QR(ctx, router.QRRequest{Number: number, Size: "L"}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("size L: %v", err)
	}
}
