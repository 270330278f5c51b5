package imobilities_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var (
	uniA = ewp.MustParseHEIID("uni-a.example") // sends
	uniB = ewp.MustParseHEIID("uni-b.example") // receives
	uniC = ewp.MustParseHEIID("uni-c.example")

	september = passerelle.MustParseDate("2026-09-01")
	january   = passerelle.MustParseDate("2027-01-31")
	noDay     passerelle.Date
	now       = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
)

func key(sending ewp.HEIID, id string) imobilities.Key {
	return imobilities.Key{Receiving: uniB, Sending: sending, ID: id}
}

// told collects notifications.
type told []cnr.Change

func (t *told) notify(_ context.Context, changes ...cnr.Change) error {
	*t = append(*t, changes...)
	return nil
}

// campus has two students of uni-a, and one of uni-c whose identifier is that of another.
func campus(t *testing.T, s *imobilities.Stays) *imobilities.Stays {
	t.Helper()
	for k, arrival := range map[imobilities.Key]passerelle.Date{key(uniA, "m1"): september, key(uniA, "m2"): noDay, key(uniC, "m1"): january} {
		if _, err := s.Set(t.Context(), k, arrival, noDay, now); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func network(tb ewptest.TB, p imobilities.Provider, max int) *ewptest.Network {
	return ewptest.NewNetwork(tb, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA}, {HEI: uniB, Register: func(u *ewptest.University) error {
			return imobilities.Register(u.Server, p, imobilities.Limits{IDs: max})
		}}, {HEI: uniC},
	}})
}

func client(n *ewptest.Network, hei ewp.HEIID) *imobilities.Client {
	return imobilities.NewClient(n.University(hei.String()).Client)
}

func get(t *testing.T, c *imobilities.Client, ids ...string) []imobilities.Mobility {
	t.Helper()
	var all []imobilities.Mobility
	for m, err := range c.Get(t.Context(), imobilities.GetRequest{HEI: uniB, IDs: ids}) {
		if err != nil {
			t.Error(err)
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b imobilities.Mobility) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// TestGet: each sender gets its own students, also where two gave one identifier.
func TestGet(t *testing.T) {
	t.Parallel()
	n := network(t, campus(t, imobilities.NewStays(new(told).notify)), 2)
	testutil.Equal(t, "uni-a", get(t, client(n, uniA), "m1", "m2", "m3", "m4", "m5"), []imobilities.Mobility{{ID: "m1", Arrival: "2026-09-01"}, {ID: "m2"}})
	testutil.Equal(t, "uni-c", get(t, client(n, uniC), "m1", "m2"), []imobilities.Mobility{{ID: "m1", Arrival: "2027-01-31"}})
	testutil.Equal(t, "uni-b", get(t, client(n, uniB), "m1", "m2"), nil)
	testutil.Equal(t, "nothing asked", get(t, client(n, uniA)), nil)
	for _, err := range client(n, uniB).Get(t.Context(), imobilities.GetRequest{HEI: uniA, IDs: []string{"m1"}}) {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a host without the API: %v", err)
		}
	}
	if err := imobilities.Register(n.University(uniA.String()).Server, nil, imobilities.Limits{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nil provider: %v", err)
	}
}

// TestThirdUniversity asks by every method, as institutions that did not send the student.
func TestThirdUniversity(t *testing.T) {
	t.Parallel()
	s := imobilities.NewStays(new(told).notify)
	if _, err := s.Set(t.Context(), key(uniA, "stay-77"), september, january, now); err != nil {
		t.Fatal(err)
	}
	n := network(t, s, 3)
	asked := 0
	for route := range n.University(uniB.String()).Server.Routes() {
		if route.API == ewp.Echo {
			continue
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD"} {
			for _, by := range []ewp.HEIID{uniC, uniB} {
				asked++
				text := ask(t, n, by, route, method, url.Values{"omobility_id": {"stay-77"}, "receiving_hei_id": {uniB.String()}, "sending_hei_id": {uniA.String()}})
				for _, secret := range []string{"stay-77", "2026-09-01", "2027-01-31", "student-mobility"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s %s by %s: %q in\n%s", method, route.Path, by, secret, text)
					}
				}
			}
		}
	}
	if asked != 10 {
		t.Errorf("%d questions; want one endpoint", asked)
	}
	testutil.Equal(t, "the sender", len(get(t, client(n, uniA), "stay-77")), 1)
}

// ask sends a request in the name of an institution and returns all that comes back.
func ask(t *testing.T, n *ewptest.Network, by ewp.HEIID, route ewpserver.Route, method string, params url.Values) string {
	t.Helper()
	address := n.University(route.HEI.String()).URL + route.Path
	var form io.Reader
	if method == http.MethodPost || method == http.MethodPut {
		form = strings.NewReader(params.Encode())
	} else {
		address += "?" + params.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, form)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: n.University(by.String()).ClientKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	response, err := n.HTTP().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all bytes.Buffer
	if err := response.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	if _, err := all.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// uninvited gives a mobility more than it was asked for.
type uninvited struct{ *imobilities.Stays }

func (u uninvited) Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[imobilities.Mobility, error] {
	return func(yield func(imobilities.Mobility, error) bool) {
		if yield(imobilities.Mobility{ID: "uninvited"}, nil) {
			u.Stays.Mobilities(ctx, p, ids)(yield)
		}
	}
}

func TestUninvited(t *testing.T) {
	t.Parallel()
	n := network(t, uninvited{campus(t, imobilities.NewStays(new(told).notify))}, 2)
	testutil.Equal(t, "mobilities", get(t, client(n, uniA), "m2"), []imobilities.Mobility{{ID: "m2"}})
}

// TestStays goes through what is recorded of a stay, in memory and in a file.
func TestStays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stays")
	inFile, inMemory := new(told), new(told)
	file, err := imobilities.OpenStays(path, inFile.notify)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stays *imobilities.Stays
		told  *told
	}{"memory": {imobilities.NewStays(inMemory.notify), inMemory}, "file": {file, inFile}} {
		k := key(uniA, "m1")
		for i, step := range []struct {
			arrival, departure passerelle.Date
			told               int // notifications so far
			version            int64
			faults             bool
		}{
			0: {noDay, noDay, 0, 1, false},
			1: {noDay, noDay, 0, 1, false},
			2: {september, noDay, 1, 2, false},
			3: {september, noDay, 1, 2, false},
			4: {january, september, 1, 2, true},
			5: {september, january, 2, 3, false},
			6: {september, noDay, 3, 4, false},
			7: {passerelle.Date{Year: 2026}, noDay, 3, 4, true},
		} {
			stay, err := c.stays.Set(t.Context(), k, step.arrival, step.departure, now.Add(time.Duration(i)*time.Hour))
			if (err != nil) != step.faults || step.faults && !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("%s %d: %v", name, i, err)
			}
			if got, err := c.stays.Get(t.Context(), k); err != nil || got.Version != step.version || len(*c.told) != step.told || !step.faults && (got != stay || got.Arrival != step.arrival) {
				t.Errorf("%s %d: %+v, %d told, %v", name, i, got, len(*c.told), err)
			}
		}
		testutil.Equal(t, name+": told", fmt.Sprint((*c.told)[0]), fmt.Sprint(cnr.Change{Route: cnr.Route{From: uniB, To: uniA, API: ewp.IMobilityCNR}, ID: "m1"}))
		if _, err := c.stays.Set(t.Context(), imobilities.Key{ID: "m1"}, september, noDay, now); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: a stay between nobody: %v", name, err)
		}
		if _, err := c.stays.Get(t.Context(), key(uniC, "m1")); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%s: a stay that is none: %v", name, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = imobilities.OpenStays(path, inFile.notify); err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	for s, err := range file.All(t.Context()) {
		if count++; err != nil || s.Arrival != september || s.Version != 4 {
			t.Errorf("after a restart: %+v, %v", s, err)
		}
	}
	testutil.Equal(t, "stays", count, 1)
}

// TestNotification: an arrival travels to the sender, which fetches it.
func TestNotification(t *testing.T) {
	t.Parallel()
	s := campus(t, imobilities.NewStays(new(told).notify))
	kept := map[string]imobilities.Mobility{}
	var n *ewptest.Network
	fetch := imobilities.Fetcher(func(own ewp.HEIID) *imobilities.Client {
		if own != uniA {
			return nil
		}
		return client(n, own)
	}, func(_ context.Context, receiving ewp.HEIID, m imobilities.Mobility) error {
		if m.ID == "m2" {
			return passerelle.ErrUnavailable
		}
		kept[receiving.String()+" "+m.ID] = m
		return nil
	})
	n = ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return imobilities.RegisterNotifications(u.Server, func(ctx context.Context, notice ewpserver.Notice) error {
				route := cnr.Route{From: notice.Caller, To: notice.HEI, API: ewp.IMobilityCNR}
				return fetch(ctx, cnr.Notification{Route: route, IDs: notice.IDs}) // a test may: an inbox answers first
			}, imobilities.Limits{IDs: 2})
		}},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return imobilities.Register(u.Server, s, imobilities.Limits{IDs: 5})
		}},
	}})
	c := client(n, uniB)
	if err := c.Notify(t.Context(), imobilities.NotifyRequest{HEI: uniA, IDs: []string{"m1", "m8", "m9"}}); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "kept", kept, map[string]imobilities.Mobility{"uni-b.example m1": {ID: "m1", Arrival: "2026-09-01"}})
	from := cnr.Route{From: uniB, To: uniA, API: ewp.IMobilityCNR}
	part, ok := errors.AsType[*cnr.PartError](fetch(t.Context(), cnr.Notification{Route: from, IDs: []string{"m1", "m2"}}))
	if !ok || len(part.Failed) != 1 || part.Failed["m2"] == nil {
		t.Errorf("what cannot be kept: %v", part)
	}
	from.To = uniC
	if err := fetch(t.Context(), cnr.Notification{Route: from, IDs: []string{"m1"}}); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("an institution without a client: %v", err)
	}
}

// TestPersonal: nothing of a stay is logged, nor in an error.
func TestPersonal(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "stay-77", "2026-09-01", "2027-01-31")
	stay, _, err := imobilities.Stay{Key: key(uniA, "stay-77")}.Set(september, january, now)
	if err != nil {
		t.Fatal(err)
	}
	leaks.Logger().Info("", "stay", stay, "key", stay.Key, "mobility", stay.Mobility())
	_, _, err = stay.Set(january, september, now)
	leaks.Error(err)
	leaks.Check(t)
}

// A student arrives: the dates are recorded, the sender is told, and asks.
func Example() {
	ctx := context.Background()
	stays := imobilities.NewStays(func(_ context.Context, changes ...cnr.Change) error {
		fmt.Println("tell", changes[0].To, "by", changes[0].API) // a cnr.Outbox delivers it
		return nil
	})
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return imobilities.Register(u.Server, stays, imobilities.Limits{IDs: 50})
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	stay := imobilities.Key{Receiving: uniB, Sending: uniA, ID: "5c4d7f0a"}
	if _, err := stays.Set(ctx, stay, passerelle.MustParseDate("2026-09-01"), passerelle.Date{}, time.Now()); err != nil {
		log.Fatal(err)
	}
	client := imobilities.NewClient(network.University("uni-a.example").Client)
	for m, err := range client.Get(ctx, imobilities.GetRequest{HEI: uniB, IDs: []string{"5c4d7f0a"}}) {
		if err != nil {
			log.Fatal(err)
		}
		arrival, departure, _ := m.Dates()
		fmt.Println("arrived", arrival, "left", !departure.IsZero())
	}
	// Output:
	// tell uni-a.example by imobility-cnr
	// arrived 2026-09-01 left false
}
