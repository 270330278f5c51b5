package router_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

const (
	picA, picB = "999465982", "999893752"
	number     = "d88b02c1-894e-1038-a711-001999465982"
	number2    = "50228de1-8944-1038-a3d5-001999465982"
)

var (
	ada    = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB")
	today  = time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	tokens = []router.Organisation{{PIC: picA, Token: "token-of-a"}, {PIC: picB, Token: "token-of-b"}}
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// bed is a fake router and a client of it.
type bed struct {
	fake   *esctest.Router
	client *router.Client
	config router.Config
}

func newBed(tb testing.TB, config esctest.RouterConfig) *bed {
	tb.Helper()
	if config.Organisations == nil {
		config.Organisations = tokens
	}
	if config.Now == nil {
		config.Now = func() time.Time { return today }
	}
	b := &bed{fake: must(esctest.NewRouter(config))(tb)}
	server := esctest.NewServer(b.fake)
	tb.Cleanup(server.Close)
	b.config = b.fake.ClientConfig(server.URL)
	b.config.Transport.Retry = transport.RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond, MaxRetryAfter: time.Millisecond}
	b.client = must(router.New(b.config))(tb)
	return b
}

// operations returns what the fake was asked since the last time.
func (b *bed) operations() []string {
	var out []string
	for _, r := range b.fake.Requests() {
		out = append(out, r.Operation)
	}
	return out
}

func personWrite(as string) router.PersonWrite {
	return router.PersonWrite{As: as, Person: router.PersonUpdate{Identifier: ada, Enrolments: []router.Enrolment{
		{Organisation: as, FullName: "Ada Lovelace", Email: "ada@univ-ville.example", Level: router.Master},
	}}}
}

func cardWrite(number string) router.CardWrite {
	return router.CardWrite{As: picA, Card: router.CardUpdate{
		Number: number, State: router.Active, Type: router.CardSmartNoCDZ, Issuer: picA, Person: ada,
		IssuedAt: passerelle.MustParseDate("2026-09-01"), ExpiresAt: passerelle.MustParseDate("2027-09-30"),
	}}
}

func TestPersonsAndCards(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]esctest.RouterConfig{
		"plain": {}, "date-times": {DateTimes: true}, "lower case": {LowerCase: true}, "loose": {Loose: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, ctx := newBed(t, quirks), t.Context()
			created := must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
			if !esi.MustParse(created.Identifier).Equal(ada) {
				t.Errorf("identifier %s", created.Identifier)
			}
			got := must(b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}))(t)
			m, ok := got.Membership(picA)
			if !ok || m.FullName != "Ada Lovelace" || m.Contact.Email != "ada@univ-ville.example" || m.Level.Key != "MASTER" {
				t.Errorf("membership %+v", m)
			}
			if want := "univ-fictive-1.example"; !quirks.Loose && m.Organisation.Schac() != want {
				t.Errorf("home organisation %q, want %q", m.Organisation.Schac(), want)
			}
			w := personWrite(picA)
			w.Person.Enrolments[0].Level = ""
			updated := must(b.client.UpdatePerson(ctx, w))(t)
			if m, _ := updated.Membership(picA); m.Level != nil && m.Level.Key != "" {
				t.Errorf("level %+v, want none", m.Level)
			}

			card := must(b.client.CreateCard(ctx, cardWrite(number)))(t)
			if card.Number != number || card.State.Key != "ACTIVE" || card.Type.Key != "SMART_NO_CDZ" || card.ExpiresAt.Date != passerelle.MustParseDate("2027-09-30") {
				t.Errorf("card %+v", card)
			}
			// One that is over, and revived by a state with a new date.
			over := cardWrite(number)
			over.Card.ExpiresAt = passerelle.MustParseDate("2026-09-30")
			if card = must(b.client.UpdateCard(ctx, over))(t); card.State.Key != router.Text(router.Expired) {
				t.Errorf("state %s, want EXPIRED", card.State.Key)
			}
			if card = must(b.client.UpdateCard(ctx, cardWrite(number)))(t); card.State.Key != router.Text(router.Active) {
				t.Errorf("state %s, want ACTIVE", card.State.Key)
			}
			assigned := must(b.client.CreateCard(ctx, cardWrite("")))(t)
			if !strings.HasSuffix(assigned.Number, "-988"+picA) {
				t.Errorf("assigned number %s", assigned.Number)
			}
			status := must(b.client.CardStatus(ctx, router.CardRequest{Number: number}))(t)
			if status.Status != router.Active || status.Issuer != picA {
				t.Errorf("status %+v", status)
			}

			for _, n := range []string{number, assigned.Number} {
				if err := b.client.DeleteCard(ctx, router.CardRequest{As: picA, Number: n}); err != nil {
					t.Error(err)
				}
			}
			if _, err := b.client.Card(ctx, router.CardRequest{As: picA, Number: number}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("deleted card: %v", err)
			}
			if err := b.client.DeletePerson(ctx, router.PersonRequest{As: picA, ESI: ada}); err != nil {
				t.Error(err)
			}
			if _, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("deleted person: %v", err)
			}
		})
	}
}

func TestPostBecomesPut(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	cases := []struct {
		name  string
		want  router.Done
		calls []string
	}{
		0: {"new", router.Created, []string{"create-person"}},
		1: {"exists", router.Updated, []string{"create-person", "update-person"}},
	}
	for i, c := range cases {
		_, done, err := b.client.EnsurePerson(ctx, personWrite(picA))
		if err != nil || done != c.want {
			t.Errorf("person %d %s: %s, %v, want %s", i, c.name, done, err, c.want)
		}
		testutil.Equal(t, c.name, b.operations(), c.calls)
	}
	// Known through another institution: a creation, not a conflict.
	if _, done, err := b.client.EnsurePerson(ctx, personWrite(picB)); err != nil || done != router.Created {
		t.Errorf("second institution: %s, %v", done, err)
	}
	b.operations()

	for i, c := range []struct {
		name   string
		script []esctest.Fault
		want   router.Done
		calls  []string
	}{
		0: {"answer lost", []esctest.Fault{esctest.AnswerLost}, router.Updated, []string{"create-card", "update-card"}},
		1: {"exists", nil, router.Updated, []string{"create-card", "update-card"}},
		2: {"answer cut", []esctest.Fault{esctest.Truncated}, router.Updated, []string{"create-card", "update-card"}},
	} {
		b.fake.Script("create-card", c.script...)
		_, done, err := b.client.EnsureCard(ctx, cardWrite(number))
		if err != nil || done != c.want {
			t.Errorf("card %d %s: %s, %v, want %s", i, c.name, done, err, c.want)
		}
		testutil.Equal(t, c.name, b.operations(), c.calls)
	}
	// Nothing was done: the update does not find it and the first failure is told.
	b.fake.Script("create-card", esctest.Unavailable)
	if _, _, err := b.client.EnsureCard(ctx, cardWrite(number2)); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("router away: %v", err)
	}
	if _, exists := b.fake.Card(number2); exists {
		t.Error("the card was made")
	}
	// A bare creation is never sent twice.
	b.operations()
	b.fake.Script("create-card", esctest.AnswerLost)
	_, err := b.client.CreateCard(ctx, cardWrite(number2))
	if passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("lost answer: %v has outcome %s", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "calls", b.operations(), []string{"create-card"})
}

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

func TestPages(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int{"ten whatever is asked": 0, "as asked": -1, "one": 1} {
		b := newBed(t, esctest.RouterConfig{PageCap: limit})
		want := make(map[string]bool)
		for i := range 25 {
			id := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:1234567" + string(rune('A'+i)) + "9AB")
			w := cardWrite(number[:35] + string("0123456789"[i%10]))
			w.Card.Person = id
			b.fake.SeedCard(router.CardUpdate{Person: id}, router.Enrolment{Organisation: picA})
			want[id.Key()] = true
		}
		got := make(map[string]bool)
		for p, err := range b.client.Persons(t.Context(), router.ListRequest{As: picA, Sort: "identifier", Desc: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if got[esi.MustParse(p.Identifier).Key()] {
				t.Errorf("%s: a person twice", name)
			}
			got[esi.MustParse(p.Identifier).Key()] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d persons, want %d", name, len(got), len(want))
		}
		if calls := len(b.operations()); limit == 0 && calls != 3 {
			t.Errorf("%s: %d pages, want 3", name, calls)
		}
		for range b.client.Persons(t.Context(), router.ListRequest{As: picB}) {
			t.Errorf("%s: another institution sees persons", name)
		}
	}

	// An answer that always is the first page has no end of its own.
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"content":[{"identifier":"x"}],"page":{"number":0,"totalPages":9}}`))
	}))
	t.Cleanup(stuck.Close)
	client := must(router.New(router.Config{Environment: router.Custom, BaseURL: stuck.URL, Organisations: tokens[:1]}))(t)
	rows, last := 0, error(nil)
	for _, err := range client.Persons(t.Context(), router.ListRequest{}) {
		if last = err; err == nil {
			rows++
		}
	}
	if rows != 1 || !errors.Is(last, passerelle.ErrProtocol) {
		t.Errorf("a router that turns in circles: %d rows, %v", rows, last)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	b := newBed(t, esctest.RouterConfig{})
	must(b.client.CreatePerson(t.Context(), personWrite(picA)))(t)
	must(b.client.CreateCard(t.Context(), cardWrite(number)))(t)
	other := cardWrite(number2).Card
	other.Person = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	b.fake.SeedCard(other, router.Enrolment{Organisation: picA})
	if s := router.SearchPerson(ada); s != "person.identifierCode:ESI<+>person.identifier:"+ada.String() {
		t.Errorf("search %s", s)
	}
	var got []string
	for c, err := range b.client.Cards(t.Context(), router.ListRequest{As: picA, Search: router.SearchPerson(ada)}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Number)
	}
	testutil.Equal(t, "cards found", got, []string{number})
}

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

func TestPictures(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	draw := func(w, h int) []byte {
		var buf bytes.Buffer
		if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	who := router.PictureRequest{As: picA, ESI: ada}
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: draw(20, 30)}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a picture of another size: %v", err)
	}
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: draw(20, 30), Resize: true}); err != nil {
		t.Errorf("a picture to scale: %v", err)
	}
	want := draw(200, 300)
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: want}); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "picture", must(b.client.Picture(ctx, who))(t), want)
	if p := must(b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}))(t); !p.Memberships[0].HasPicture {
		t.Error("the person has no picture")
	}
	if err := b.client.DeletePicture(ctx, who); err != nil {
		t.Error(err)
	}
	if _, err := b.client.Picture(ctx, who); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("deleted picture: %v", err)
	}
	who.Organisation = picB
	if _, err := b.client.Picture(ctx, who); !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("another institution's picture: %v", err)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	first := must(b.client.CSVConfig(ctx, picA))(t)
	columns := must(b.client.CSVConfig(ctx, picA))(t)
	if maps.Equal(first, columns) {
		t.Error("the fake does not change the order of the columns")
	}
	row := func(values map[string]string) []string {
		out := make([]string, len(columns))
		for name, at := range columns {
			out[at] = values[name]
		}
		return out
	}
	good := map[string]string{"cardNumber": number, "personIdentifier": ada.String(), "cardType": "PASSIVE", "cardStatusType": "ACTIVE", "issuedAt": "2026-09-01", "expiresAt": "2027-09-30"}
	bad := maps.Clone(good)
	bad["expiresAt"] = "30/09/2027"
	header := make([]string, len(columns))
	for name, at := range columns {
		header[at] = name
	}
	var file bytes.Buffer
	if err := csv.NewWriter(&file).WriteAll([][]string{header, row(good), row(bad)}); err != nil {
		t.Fatal(err)
	}
	faults := must(b.client.ValidateCSV(ctx, router.CSVRequest{As: picA, Operation: router.CSVCreate, File: file.Bytes()}))(t)
	testutil.Equal(t, "faults", faults, []router.CSVFault{{Row: 2, Field: "expiresAt", Message: "not a date"}})
	if persons, cards := b.fake.Counts(); persons+cards != 0 {
		t.Error("a check wrote something")
	}
}

// Processors are left out when they are blank: the router refuses them otherwise.
func TestBlankProcessor(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	w := cardWrite(number)
	w.Card.Processor = "  "
	must(b.client.CreateCard(ctx, w))(t)
	w.Card.Processor = "FR12345678901"
	if card := must(b.client.UpdateCard(ctx, w))(t); card.Processor == nil || card.Processor.Identifier != "FR12345678901" {
		t.Errorf("processor %+v", card.Processor)
	}
}

// What separates addresses stays inside a segment, escapes are escaped again.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.EscapedPath())
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	client := must(router.New(router.Config{Environment: router.Custom, BaseURL: server.URL + "/under/", Organisations: tokens[:1]}))(t)
	_, _ = client.Person(t.Context(), router.PersonRequest{ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:uma.es:a%2Fb")})
	_, _ = client.Card(t.Context(), router.CardRequest{Number: "../persons?x#y"})
	testutil.Equal(t, "paths", paths, []string{
		"/under/esc-rest/api/v2/persons/urn:schac:personalUniqueCode:int:esi:uma.es:a%252Fb", "/under/esc-rest/api/v2/cards/..%2Fpersons%3Fx%23y",
	})
	if _, err := client.Card(t.Context(), router.CardRequest{Number: ".."}); !errors.Is(err, passerelle.ErrInvalid) || len(paths) != 2 {
		t.Errorf("a number of dots: %v", err)
	}
}

// The token goes to the router alone, and its name is chosen by the configuration.
func TestToken(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed with %v", r.Header)
	}))
	t.Cleanup(stranger.Close)
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		http.Redirect(w, r, stranger.URL, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	config := router.Config{Environment: router.Custom, BaseURL: server.URL, Organisations: tokens}
	client := must(router.New(config))(t)
	if _, err := client.Card(t.Context(), router.CardRequest{As: picB, Number: number}); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("redirect: %v", err)
	}
	if got := header.Get("Authorization"); got != "Bearer token-of-b" {
		t.Errorf("authorization %q", got)
	}
	config.AuthHeader = "Key"
	client = must(router.New(config))(t)
	_, _ = client.Card(t.Context(), router.CardRequest{As: picA, Number: number})
	if header.Get("Key") != "token-of-a" || header.Get("Authorization") != "" {
		t.Errorf("headers %v", header)
	}
	if _, err := client.Card(t.Context(), router.CardRequest{Number: number}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no institution named among two: %v", err)
	}
	var leaks testutil.Leaks
	leaks.Secret(t, "token-of-a", "token-of-b")
	leaks.Logger().Info("x", "organisation", tokens[0])
	leaks.Error(errors.New(tokens[0].String()))
	leaks.Check(t)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	fields := func(err error) []string {
		list, _ := errors.AsType[passerelle.FieldErrors](err)
		var out []string
		for _, e := range list {
			out = append(out, e.Field+" "+e.Rule)
		}
		return out
	}
	_, err := router.New(router.Config{})
	testutil.Equal(t, "zero", fields(err), []string{"Environment required"})
	_, err = router.New(router.Config{
		Environment: router.Production, BaseURL: "https://x.example", VerifierURL: "/api", PageSize: -1,
		Organisations: []router.Organisation{{PIC: "12", Token: "a\n"}, {PIC: "12"}}, Transport: transport.Config{MaxBody: -1},
	})
	testutil.Equal(t, "all at once", fields(err), []string{
		"BaseURL contradiction", "VerifierURL url", "Organisations[0].PIC form", "Organisations[0].Token character",
		"Organisations[1].PIC form", "Organisations[1].Token required", "Organisations[1].PIC duplicate", "PageSize range", "Transport.MaxBody range",
	})
	for _, e := range []router.Environment{router.Sandbox, router.Production} {
		if _, err := router.New(router.Config{Environment: e}); err != nil {
			t.Errorf("%s: %v", e, err)
		}
	}
}

var cmpESI = cmp.Comparer(func(a, b esi.ID) bool { return a == b })
