package omobilitylas_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// office is what the sending institution of the tests has.
type office struct {
	store   la.Store
	sender  *la.Sender
	network *ewptest.Network

	mu      sync.Mutex
	due     []cnr.Change
	decided []string
	failing error // of the outbox
	notices []ewpserver.Notice
}

func (o *office) notify(_ context.Context, changes ...cnr.Change) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failing == nil {
		o.due = append(o.due, changes...)
	}
	return o.failing
}

func (o *office) take(_ context.Context, n ewpserver.Notice) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notices = append(o.notices, n)
	return nil
}

// newOffice returns one at uni-a, with these states, on a network where uni-b and uni-c
// serve notifications.
func newOffice(t *testing.T, states ...la.State) *office {
	t.Helper()
	o := &office{store: la.NewMemory()}
	for _, s := range states {
		if _, err := o.store.Put(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	o.sender, err = la.NewSender(la.SenderConfig{Store: o.store, Notify: o.notify, Clock: func() time.Time { return day(9) }, Decided: func(_ context.Context, s la.State) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.decided = append(o.decided, s.Agreement.OMobilityID+" "+string(s.Stage()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	listens := func(u *ewptest.University) error {
		return errors.Join(
			la.RegisterNotifications(u.Server, o.take, la.Limits{OMobilityIDs: 2}),
			la.RegisterIncoming(u.Server, func(ctx context.Context, p ewpserver.Parties) iter.Seq2[la.Incoming, error] {
				rows, err := la.CountIncoming(o.store.States(ctx), p.HEI)
				return func(yield func(la.Incoming, error) bool) {
					for _, r := range rows {
						if !yield(r, err) {
							return
						}
					}
				}
			}))
	}
	o.network = ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error { return la.Register(u.Server, o.sender, la.Limits{OMobilityIDs: 2}) }},
		{HEI: uniB, Register: listens}, {HEI: uniC, Register: listens},
	}})
	return o
}

func (o *office) client(hei ewp.HEIID) *la.Client {
	return la.NewClient(o.network.University(hei.String()).Client)
}

// ids collects the identifiers that come, and the first error.
func ids[T any](seq iter.Seq2[T, error], id func(T) string) (list []string, failure error) {
	for v, err := range seq {
		if err != nil && failure == nil {
			failure = err
			continue
		}
		list = append(list, id(v))
	}
	slices.Sort(list)
	return list, failure
}

func itself(s string) string            { return s }
func agreementID(a la.Agreement) string { return a.OMobilityID }

// five are states of all kinds, all of uni-a to uni-b but the last.
func five() []la.State {
	year := agreement("m3", doctoral())
	year.YearID, year.Student.GlobalID = "2025/2026", "urn:other"
	other := agreement("m5", semester())
	other.Receiving.HEI = uniC
	return []la.State{
		proposed("m1"), must(la.NewState(agreement("m2", blended()), day(3))), must(la.NewState(year, at)),
		must(proposed("m4").Withdraw(day(1))), must(la.NewState(other, at)),
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	o := newOffice(t, five()...)
	got, err := ids(o.client(uniB).Get(t.Context(), la.GetRequest{HEI: uniA, IDs: []string{"m1", "m5", "m2", "m3", "m1", "m4", "no"}}), agreementID)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "agreements", got, []string{"m1", "m2", "m3"})
	one, err := o.client(uniB).One(t.Context(), la.Key{Sending: uniA, ID: "m1"})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "agreement", one, proposed("m1").Agreement, documenttest.HEIs)
	for _, id := range []string{"m4", "m5", "no"} {
		if _, err := o.client(uniB).One(t.Context(), la.Key{Sending: uniA, ID: id}); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", id, err)
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	o := newOffice(t, five()...)
	for i, c := range map[int]struct {
		ask  la.IndexRequest
		want []string
	}{
		0: {la.IndexRequest{}, []string{"m1", "m2", "m3"}},
		1: {la.IndexRequest{Years: []string{"2025/2026"}}, []string{"m3"}},
		2: {la.IndexRequest{Years: []string{"2025/2026", "2026/2027"}}, []string{"m1", "m2", "m3"}},
		3: {la.IndexRequest{GlobalID: "urn:other"}, []string{"m3"}},
		4: {la.IndexRequest{Type: la.Blended}, []string{"m2"}},
		5: {la.IndexRequest{Type: la.Doctoral, Years: []string{"2026/2027"}}, nil},
		6: {la.IndexRequest{ModifiedSince: day(2)}, []string{"m2"}},
		7: {la.IndexRequest{ModifiedSince: day(3)}, []string{"m2"}},
		8: {la.IndexRequest{ModifiedSince: day(4)}, nil},
	} {
		c.ask.HEI = uniA
		got, err := ids(o.client(uniB).Index(t.Context(), c.ask), itself)
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		testutil.Equal(t, "list "+string(rune('0'+i)), got, c.want)
	}
	if _, err := ids(o.client(uniB).Index(t.Context(), la.IndexRequest{HEI: uniA, Type: "summer"}), itself); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a type that is none: %v, want ErrInvalid", err)
	}
}

// TestUpdate: what the two answers of a receiving institution do, the statuses of what
// is refused, and the notifications.
func TestUpdate(t *testing.T) {
	t.Parallel()
	o := newOffice(t, five()...)
	ctx := t.Context()
	if err := o.sender.Resume(ctx); err != nil || len(o.due) != 5 {
		t.Fatalf("%v, %d changes are told at the start; want 5, what was withdrawn included", err, len(o.due))
	}
	o.due = nil
	b := o.client(uniB)
	m1 := proposed("m1")
	words, err := b.Update(ctx, la.NewComment(m1.Agreement, "Logic is full", receivingSigned))
	if err != nil || !words.Has("en") || !words.Has("fr") {
		t.Errorf("comment: %v, %v", words, err)
	}
	if len(o.due) != 0 {
		t.Error("a comment changes nothing that is shown, and was notified")
	}
	stale := approve(m1)
	stale.Approve.ProposalID = "old"
	for name, c := range map[string]struct {
		as     ewp.HEIID
		r      la.UpdateRequest
		status int
		kind   error
	}{
		"another proposal": {uniB, stale, 409, passerelle.ErrConflict},
		"by a third":       {uniC, approve(m1), 400, passerelle.ErrInvalid},
		"not known":        {uniB, approve(proposed("m9")), 400, passerelle.ErrInvalid},
		"another's":        {uniB, approve(must(la.NewState(func() la.Agreement { a := agreement("m5", semester()); a.Receiving.HEI = uniC; return a }(), at))), 400, passerelle.ErrInvalid},
	} {
		_, err := o.client(c.as).Update(ctx, c.r)
		e, ok := errors.AsType[*ewp.Error](err)
		if !ok || e.Status != c.status || !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %d", name, err, c.status)
		} else if c.status == 409 && !e.Response.UserMessages.Has("en") {
			t.Errorf("%s: there are no words for the person", name)
		}
	}
	if _, err := b.Update(ctx, approve(m1)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Update(ctx, approve(m1)); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("approved twice: %v, want ErrConflict", err)
	}
	testutil.Equal(t, "decisions", o.decided, []string{"m1 first-commented", "m1 agreed"})
	route := cnr.Route{From: uniA, To: uniB, API: ewp.OMobilityLACNR}
	if len(o.due) != 1 || o.due[0] != (cnr.Change{Route: route, ID: "m1"}) {
		t.Errorf("notified: %v", o.due)
	}
	one := must(b.One(ctx, m1.Key()))
	if one.Proposal != nil || one.First == nil || *one.First.ReceivingSignature != receivingSigned {
		t.Errorf("after the approval: %+v", one.First)
	}

	// An outbox that fails leaves the change due.
	o.failing = passerelle.ErrUnavailable
	m2 := must(o.store.Get(ctx, la.Key{Sending: uniA, ID: "m2"}))
	if _, err := b.Update(ctx, approve(m2)); err != nil {
		t.Errorf("an approval that was taken: %v", err)
	}
	if s := must(o.store.Get(ctx, m2.Key())); !s.Due || s.Stage() != la.Agreed {
		t.Errorf("%s, due %t", s.Stage(), s.Due)
	}
	if _, err := o.sender.Do(ctx, m1.Key(), func(s la.State, at time.Time) (la.State, error) { return s.Propose(changesOf(), at) }); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("the outbox fails: %v", err)
	}
	o.failing, o.due = nil, nil
	if err := o.sender.Resume(ctx); err != nil || len(o.due) != 2 {
		t.Errorf("%v, %d changes are told again, want 2", err, len(o.due))
	}
}

// TestNotify: identifiers arrive, in as many calls as the partner wants.
func TestNotify(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if err := o.client(uniA).Changed(t.Context(), uniB, "m1", "m2", "m3"); err != nil {
		t.Fatal(err)
	}
	if len(o.notices) != 2 || o.notices[0].Caller != uniA || o.notices[0].HEI != uniB {
		t.Fatalf("notices: %+v", o.notices)
	}
	testutil.Equal(t, "identifiers", append(o.notices[0].IDs, o.notices[1].IDs...), []string{"m1", "m2", "m3"})
	if err := o.client(uniB).Changed(t.Context(), uniA, "m1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a partner without the API: %v, want ErrNotFound", err)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	changed := must(agreed("m6").Propose(changesOf(), day(2)))
	commented := must(changed.Apply(uniB, la.NewComment(changed.Agreement, "No", receivingSigned), day(2)))
	commented.Agreement.OMobilityID = "m7"
	old := agreement("m8", semester())
	old.YearID = "2020/2021"
	o := newOffice(t, append(five(), agreed("m5b"), changed, commented, must(la.NewState(old, at)))...)
	var out []la.Outgoing
	for row, err := range o.client(uniC).Outgoing(t.Context(), uniA) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	testutil.Equal(t, "outgoing", out, []la.Outgoing{
		{YearID: "2025/2026", Total: 1, LatestAwaiting: 1},
		{YearID: "2026/2027", Total: 6, NotModified: 1, Modified: 2, LatestApproved: 1, LatestRejected: 1, LatestAwaiting: 4},
	})
	var in []la.Incoming
	for row, err := range o.client(uniA).Incoming(t.Context(), uniB) {
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, row)
	}
	testutil.Equal(t, "incoming", in, []la.Incoming{
		{YearID: "2025/2026", Total: 1, LatestAwaiting: 1},
		{YearID: "2026/2027", Total: 5, SomeApproved: 3, LatestApproved: 1, LatestRejected: 1, LatestAwaiting: 3},
	})
}

// leaky is a provider that shows everything to everybody.
type leaky struct{ *la.Sender }

func (l leaky) Agreements(ctx context.Context, p ewpserver.Parties, _ []string) iter.Seq2[la.Agreement, error] {
	p.Caller = uniB
	return l.Sender.Agreements(ctx, p, []string{"m1", "m2", "m3"})
}

// TestAccess: a third university gets no byte of an agreement that is not its own, by any
// endpoint and method that the two APIs have; counts of years are all that it can read.
func TestAccess(t *testing.T) {
	t.Parallel()
	o := newOffice(t, five()[:3]...)
	third := o.network.University(uniC.String())
	secret := []string{"m1", "m2", "m3", "Zoé", "Étudiante", "urn:schac", "urn:other", "Algebra", "Stay", "Laboratory", "uni-b.example", "Anne", "Bernd", must(o.store.Get(t.Context(), la.Key{Sending: uniA, ID: "m1"})).Agreement.Proposal.ID}
	doc := func(r la.UpdateRequest) []byte { return must(r.Encode()) }
	stale := approve(proposed("m1"))
	stale.Approve.ProposalID = "x"
	asked := map[ewp.Endpoint]bool{}
	type question struct {
		params url.Values
		xml    []byte
	}
	questions := map[string][]question{
		"get": {
			{params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamID: {"m1", "m2"}}},
			{params: url.Values{la.ParamSending: {"uni-b.example"}, la.ParamID: {"m1"}}},
			{params: url.Values{la.ParamID: {"m1"}}},
		},
		"index": {
			{params: url.Values{la.ParamSending: {"uni-a.example"}}},
			{params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamReceiving: {"uni-b.example"}}},
			{params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamReceiving: {"uni-b.example", "uni-c.example"}, la.ParamGlobalID: {"urn:other"}}},
			{params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamSince: {"2000-01-01T00:00:00Z"}, la.ParamType: {"blended"}}},
		},
		"update": {{xml: doc(approve(proposed("m1")))}, {xml: doc(la.NewComment(proposed("m1").Agreement, "x", receivingSigned))}, {xml: doc(stale)}},
		"stats":  {{}},
		"":       {{params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamID: {"m1"}}}, {params: url.Values{la.ParamSending: {"uni-c.example"}, la.ParamID: {"m1"}}}},
	}
	for _, api := range []ewp.API{ewp.OMobilityLAs, ewp.OMobilityLACNR} {
		host := uniA
		if api == ewp.OMobilityLACNR {
			host = uniB
		}
		for _, e := range api.Endpoints() {
			asked[e] = true
			if len(questions[e.Name]) == 0 {
				t.Errorf("%s %s: no question", api, e.Name)
			}
			for i, q := range questions[e.Name] {
				said := ask(t, third, ewpclient.Call{HEI: host, API: api, Endpoint: e.Name, Params: q.params, XML: q.xml})
				for _, word := range secret {
					if strings.Contains(said, word) {
						t.Errorf("%s %s, question %d: the answer has %q:\n%s", api, e.Name, i, word, said)
					}
				}
			}
			for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"} { // without a name
				said := anonymous(t, o.network, third, host, api, e, method, questions[e.Name][0].params)
				for _, word := range secret {
					if strings.Contains(said, word) {
						t.Errorf("%s %s by %s without a name: the answer has %q", api, e.Name, method, word)
					}
				}
			}
		}
	}
	if len(asked) != 6 {
		t.Errorf("%d endpoints were asked, want 6", len(asked))
	}
	for s, err := range o.store.States(t.Context()) {
		if err != nil || len(s.Decisions) > 0 || s.Stage() != la.FirstProposed {
			t.Errorf("%v changed: %s, %v", s.Key(), s.Stage(), err)
		}
	}
	for _, n := range o.notices {
		if n.Caller != uniC { // a notice in the name of another goes no further
			t.Errorf("a notice of %s was taken", n.Caller)
		}
	}

	// A provider that leaks is held back too.
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return la.Register(u.Server, leaky{o.sender}, la.Limits{OMobilityIDs: 3})
		}},
		{HEI: uniB}, {HEI: uniC},
	}})
	for hei, want := range map[ewp.HEIID][]string{uniC: nil, uniB: {"m1"}} {
		var got []string
		for _, part := range strings.SplitAfter(ask(t, n.University(hei.String()), ewpclient.Call{
			HEI: uniA, API: ewp.OMobilityLAs, Endpoint: "get", Params: url.Values{la.ParamSending: {"uni-a.example"}, la.ParamID: {"m1"}},
		}), "<omobility-id>")[1:] {
			id, _, _ := strings.Cut(part, "<")
			got = append(got, id)
		}
		testutil.Equal(t, "shown to "+hei.String(), got, want)
	}
}

// ask returns the bytes of what a university is told, in an answer or in an error.
func ask(t *testing.T, u *ewptest.University, call ewpclient.Call) string {
	t.Helper()
	a, err := u.Client.Call(t.Context(), call)
	if err != nil {
		e, ok := errors.AsType[*ewp.Error](err)
		if !ok || e.Status == 0 {
			t.Fatalf("%s %s: %v", call.API, call.Endpoint, err)
		}
		return string(e.Raw)
	}
	defer a.Close()
	data, err := io.ReadAll(must(a.Open()))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// anonymous returns what somebody without a name is told.
func anonymous(t *testing.T, n *ewptest.Network, u *ewptest.University, host ewp.HEIID, api ewp.API, e ewp.Endpoint, method string, params url.Values) string {
	t.Helper()
	target, err := u.Client.Resolve(host, api, e.Name)
	if err != nil {
		t.Fatal(err)
	}
	status, data := fetch(t, n, method, target.URL, params)
	if status/100 == 2 {
		t.Errorf("%s %s by %s without a name: status %d", api, e.Name, method, status)
	}
	return string(bytes.ToValidUTF8(data, nil))
}

func fetch(t *testing.T, n *ewptest.Network, method, address string, params url.Values) (int, []byte) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(params.Encode())
	} else {
		address += "?" + params.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := n.HTTP().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, data
}
