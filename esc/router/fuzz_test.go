package router_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/transport"
)

// answering is a router that gives one answer to everything.
type answering struct {
	status int
	body   []byte
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []struct {
		status int
		body   string
	}{
		{200, `{"identifier":"urn:schac:personalUniqueCode:int:esi:HR:1","organisations":[{"academicLevel":{"key":null,"label":null},"organisation":{"id":7,"identifier":999465982}}]}`},
		{200, `{"content":[{"cardNumber":"x","expiresAt":"2025-06-19T02:00:00.000+02","person":null}],"empty":false,"page":{"number":0,"totalPages":1}}`},
		{200, `["d88b02c1-894e-1038-a711-001999465982"]`},
		{200, `{"cardNumber":"d88b02c1-894e-1038-a711-001999465982","cardStatusType":{"key":"ACTIVE"},"expiresAt":20270930,"issuer":{}}`},
		{200, `{"code":"ER-0001","message":"no card"}`},
		{409, `{"code":"ER-0019","message":"person exists"}`},
		{500, `{"code":{"a":1}}`},
		{403, `<html>`},
		{200, `{"page":{"number":1e400}}`},
		{204, ``},
	} {
		f.Add(seed.status, []byte(seed.body))
	}
	taxonomy := []error{
		passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrGone, passerelle.ErrUnauthorized,
		passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable, passerelle.ErrProtocol,
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		client := must(router.New(router.Config{
			Environment: router.Custom, BaseURL: "https://router.invalid", Organisations: tokens[:1],
			Transport: transport.Config{Base: &answering{status, body}, Retry: transport.RetryPolicy{MaxAttempts: 1}},
		}))(t)
		ctx := t.Context()
		check := func(v any, err error) {
			if err == nil {
				if v != nil {
					if _, err := json.Marshal(v); err != nil {
						t.Errorf("what was read cannot be written: %v", err)
					}
				}
				return
			}
			for _, class := range taxonomy {
				if errors.Is(err, class) {
					return
				}
			}
			t.Errorf("%v is in no class", err)
		}
		check(client.Person(ctx, router.PersonRequest{ESI: ada}))
		check(client.Card(ctx, router.CardRequest{Number: number}))
		check(client.CardStatus(ctx, router.CardRequest{Number: number}))
		v, err := client.Verify(ctx, router.CardRequest{Number: number})
		check(v, err)
		if err == nil {
			v.On(passerelle.MustParseDate("2026-10-01"))
			v.IssuerDiffers()
		}
		check(client.GenerateNumbers(ctx, router.NumbersRequest{PIC: picA}))
		check(client.CSVConfig(ctx, picA))
		for c, err := range client.Cards(ctx, router.ListRequest{}) {
			check(c, err)
			break // a router that always gives the same page has been tested elsewhere
		}
		check(nil, client.DeleteCard(ctx, router.CardRequest{Number: number}))
	})
}
