package omobilities_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities/omobilitiestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// untold takes notifications and tells nobody.
func untold(context.Context, ...cnr.Change) error { return nil }

// desk returns the desk of S with mobilities, all pending.
func desk(tb testing.TB, rules omobilities.Rules, mobilities ...omobilities.Mobility) *omobilities.Sender {
	tb.Helper()
	s, err := omobilities.NewSender(omobilities.SenderConfig{Store: omobilities.NewMemory(), Notify: untold, Rules: rules, Clock: func() time.Time { return march }})
	if err != nil {
		tb.Fatal(err)
	}
	for _, m := range mobilities {
		if _, err := s.Nominate(tb.Context(), m); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// network has uni-a, which sends students, and the two others.
func network(tb ewptest.TB, p omobilities.Provider, max int) *ewptest.Network {
	return ewptest.NewNetwork(tb, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return omobilities.Register(u.Server, p, omobilities.Limits{IDs: max})
		}},
		{HEI: uniB}, {HEI: uniC},
	}})
}

func client(n *ewptest.Network, hei ewp.HEIID) *omobilities.Client {
	return omobilities.NewClient(n.University(hei.String()).Client)
}

// ids collects the identifiers of a sequence, sorted.
func ids[T any](t *testing.T, all iter.Seq2[T, error], id func(T) string) string {
	t.Helper()
	var list []string
	for v, err := range all {
		if err != nil {
			t.Error(err)
		}
		list = append(list, id(v))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func idOf(m omobilities.Mobility) string { return m.ID }
func itself(s string) string             { return s }

// three are mobilities of three kinds to uni-b, and one to uni-c.
func three() []omobilities.Mobility {
	m1, m2, m3, m4 := nomination("m1"), nomination("m2"), nomination("m3"), omobilitiestest.Mobility("m4", uniA, uniC)
	m2.Nomination.Year = "2025/2026"
	m3.Nomination.ActivityAttributes = omobilities.ShortTermBlended
	for _, m := range []*omobilities.Mobility{&m2, &m3} {
		m.Nomination.ProposalID = omobilities.ProposalID(m.ID, m.Nomination)
	}
	return []omobilities.Mobility{m1, m2, m3, m4}
}

func TestGetAndIndex(t *testing.T) {
	t.Parallel()
	n := network(t, desk(t, strict, three()...), 2)
	c := client(n, uniB)
	for i, q := range map[int]struct{ ids, want string }{
		0: {"m1", "m1"}, 1: {"m1 m2 m3 m4 m5", "m1 m2 m3"}, 2: {"m4", ""}, 3: {"", ""}, 4: {"m3 é m1", "m1 m3"},
	} {
		got := ids(t, c.Get(t.Context(), omobilities.GetRequest{HEI: uniA, IDs: strings.Fields(q.ids)}), idOf)
		testutil.Equal(t, fmt.Sprintf("%d: get", i), got, q.want)
	}
	for i, q := range map[int]struct {
		r    omobilities.IndexRequest
		want string
	}{
		0: {omobilities.IndexRequest{}, "m1 m2 m3"},
		1: {omobilities.IndexRequest{Year: "2025/2026"}, "m2"},
		2: {omobilities.IndexRequest{Year: "1999/2000"}, ""},
		3: {omobilities.IndexRequest{Attributes: omobilities.ShortTermBlended}, "m3"},
		4: {omobilities.IndexRequest{Attributes: "of the future"}, ""},
		5: {omobilities.IndexRequest{GlobalID: "URN:schac:personaluniquecode:int:esi:uni-a.example:M2"}, "m2"},
		6: {omobilities.IndexRequest{ModifiedSince: march}, "m1 m2 m3"},
		7: {omobilities.IndexRequest{ModifiedSince: april}, ""},
		8: {omobilities.IndexRequest{Year: "2026/2027", Attributes: omobilities.LongTerm, ModifiedSince: march.Add(-time.Hour)}, "m1"},
	} {
		q.r.HEI = uniA
		testutil.Equal(t, fmt.Sprintf("%d: index", i), ids(t, c.Index(t.Context(), q.r), itself), q.want)
	}
	for _, err := range c.Index(t.Context(), omobilities.IndexRequest{HEI: uniA, Year: "2026"}) {
		if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 400 {
			t.Errorf("a year in another form: %v; want 400", err)
		}
	}
	for _, err := range c.Get(t.Context(), omobilities.GetRequest{HEI: uniC, IDs: []string{"m1"}}) {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a host without the API: %v; want ErrNotFound", err)
		}
	}
}

// TestUpdate compares the statuses of decisions, and what S has after each.
func TestUpdate(t *testing.T) {
	t.Parallel()
	s := desk(t, strict, three()...)
	n := network(t, s, 2)
	b := client(n, uniB)
	right := func(id string, v omobilities.Verdict) omobilities.Update {
		r, err := records(t, s)[id], error(nil)
		if err != nil {
			t.Fatal(err)
		}
		return decision(r, v)
	}
	stale := right("m1", omobilities.Approve)
	stale.ProposalID = "p0"
	if _, err := s.Cancel(t.Context(), omobilities.Key{Sending: uniA, ID: "m3"}); err != nil {
		t.Fatal(err)
	}
	unknown := right("m1", omobilities.Approve)
	unknown.ID = "m9"
	for i, q := range []struct {
		by     ewp.HEIID
		update omobilities.Update
		status int // 0 is 200
		after  omobilities.Status
	}{
		0: {uniB, stale, 409, omobilities.Pending},
		1: {uniC, right("m1", omobilities.Approve), 400, omobilities.Pending},
		2: {uniB, right("m1", omobilities.Approve), 0, omobilities.Approved},
		3: {uniB, right("m1", omobilities.Approve), 0, omobilities.Approved},
		4: {uniB, right("m1", omobilities.Reject), 409, omobilities.Approved},
		5: {uniB, right("m2", omobilities.Reject), 0, omobilities.Rejected},
		6: {uniB, right("m2", omobilities.Approve), 0, omobilities.Approved},
		7: {uniB, right("m3", omobilities.Approve), 409, omobilities.Cancelled},
		8: {uniB, right("m4", omobilities.Approve), 400, omobilities.Pending},
		9: {uniB, unknown, 400, ""},
	} {
		_, err := client(n, q.by).Update(t.Context(), omobilities.UpdateRequest{HEI: uniA, Update: q.update})
		e, _ := errors.AsType[*ewp.Error](err)
		switch {
		case q.status == 0 && err != nil, q.status != 0 && (e == nil || e.Status != q.status):
			t.Errorf("%d: %v; want status %d", i, err, q.status)
		case q.status == 409 && (e.Response == nil || !e.Response.UserMessages.Has("en") || !errors.Is(err, passerelle.ErrConflict)):
			t.Errorf("%d: no word for the person: %+v", i, e.Response)
		}
		if got := records(t, s)[q.update.ID].Mobility.Status; got != q.after {
			t.Errorf("%d: %s is %s; want %s", i, q.update.ID, got, q.after)
		}
	}
	if got := records(t, s)["m1"].Version; got != 3 {
		t.Errorf("version %d; want 3: nominated, told and approved once", got)
	}
	if _, err := b.Update(t.Context(), omobilities.UpdateRequest{HEI: uniA, Update: omobilities.Update{Verdict: omobilities.Reject, ID: "m1", ProposalID: "p"}}); passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("a rejection without a comment: %v; want one that is not sent", err)
	}
	testutil.Equal(t, "statistics", rowsOf(t, b), []omobilities.YearStats{{Year: "2025/2026", Approved: 1}, {Year: "2026/2027", Pending: 1, Approved: 1}})
}

func rowsOf(t *testing.T, c *omobilities.Client) []omobilities.YearStats {
	t.Helper()
	var rows []omobilities.YearStats
	for row, err := range c.Stats(t.Context(), uniA) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// records returns those of a desk by identifier.
func records(t *testing.T, desk interface {
	Records(context.Context) iter.Seq2[omobilities.Record, error]
}) map[string]omobilities.Record {
	t.Helper()
	all := map[string]omobilities.Record{}
	for r, err := range desk.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Mobility.ID] = r
	}
	return all
}

// careless is a provider that shows everything to everybody.
type careless struct{ *omobilities.Sender }

func (c careless) Mobilities(ctx context.Context, _ ewpserver.Parties, ids []string) iter.Seq2[omobilities.Mobility, error] {
	return func(yield func(omobilities.Mobility, error) bool) {
		for r, err := range c.Records(ctx) {
			if !yield(r.Mobility, err) {
				return
			}
		}
	}
}

// TestThirdUniversity asks every endpoint by every method as an institution that has no
// part in a mobility, with whatever it may have guessed. Not a byte of it comes out.
func TestThirdUniversity(t *testing.T) {
	t.Parallel()
	m := nomination("m1")
	m.Nomination.Comment = "only for the two"
	m.Nomination.ProposalID = omobilities.ProposalID("m1", m.Nomination)
	s := desk(t, strict, m)
	for name, p := range map[string]omobilities.Provider{"desk": s, "careless provider": careless{s}} {
		n := network(t, p, 10)
		secrets := []string{"m1", "Zoé", "Ζωή", "Exemple", "zoe.exemple", "2004-02-29", m.Nomination.ProposalID, "iia-1", "only for", m.Student.GlobalID, "uni-b.example"}
		asked := 0
		for route := range n.University(uniA.String()).Server.Routes() {
			if route.API == ewp.Echo || route.API == ewp.OMobilityStats {
				continue // counts are for everybody, and name nobody
			}
			for _, params := range []url.Values{
				{"omobility_id": {"m1"}}, {"omobility_id": {"m1"}, "receiving_hei_id": {"uni-b.example"}}, {}, {"global_id": {m.Student.GlobalID}},
				{"receiving_academic_year_id": {"2026/2027"}}, {"modified_since": {"2000-01-01T00:00:00Z"}},
			} {
				for _, method := range []string{"GET", "POST", "PUT", "HEAD"} {
					asked++
					status, text := ask(t, n, uniC, route, method, params, nil)
					for _, secret := range secrets {
						if strings.Contains(text, secret) {
							t.Errorf("%s: %s %s %v: %d with %q:\n%s", name, method, route.Path, params, status, secret, text)
						}
					}
				}
			}
			for _, v := range []omobilities.Verdict{omobilities.Approve, omobilities.Reject} {
				doc, err := decision(records(t, s)["m1"], v).Encode()
				if err != nil {
					t.Fatal(err)
				}
				status, text := ask(t, n, uniC, route, "POST", nil, doc)
				for _, secret := range secrets[1:] { // it sent the identifier itself
					if strings.Contains(text, secret) || status == 200 && route.Endpoint.Name == "update" {
						t.Errorf("%s: %s %s: %d with %q:\n%s", name, v, route.Path, status, secret, text)
					}
				}
			}
		}
		if asked != 3*6*4 {
			t.Errorf("%s: %d questions; want three endpoints", name, asked)
		}
		if got := records(t, s)["m1"].Mobility.Status; got != omobilities.Pending {
			t.Errorf("%s: a third institution made it %s", name, got)
		}
		// The receiving one sees it, so the questions were good ones.
		testutil.Equal(t, name, ids(t, client(n, uniB).Get(t.Context(), omobilities.GetRequest{HEI: uniA, IDs: []string{"m1"}}), idOf), "m1")
	}
}

// meddle serves what is not S's, or was not asked for, beside what is.
func meddle(context.Context, ewpserver.Query) iter.Seq2[omobilities.Mobility, error] {
	return func(yield func(omobilities.Mobility, error) bool) {
		_ = yield(omobilitiestest.Mobility("m1", uniC, uniB), nil) && yield(nomination("uninvited"), nil) && yield(nomination("m2"), nil)
	}
}

// nothing is an index that lists nothing.
var nothing = ewpserver.Index{Item: "omobility-id", List: func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}}

// TestForeignObjects: a host cannot slip mobilities between others to a client, nor
// those that it was not asked for.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			get := ewpserver.Get[omobilities.Mobility]{ID: "omobility_id", Max: 5, Item: "student-mobility", Find: meddle}
			update := ewpserver.HandlerFunc(func(context.Context, *ewpserver.Request, *ewpserver.Answer) error { return passerelle.ErrNotFound })
			return errors.Join(u.Server.Handle(ewp.OMobilities, "get", get), u.Server.Handle(ewp.OMobilities, "index", nothing), u.Server.Handle(ewp.OMobilities, "update", update))
		}}, {HEI: uniB},
	}})
	var got, refused []string
	for m, err := range client(n, uniB).Get(t.Context(), omobilities.GetRequest{HEI: uniA, IDs: []string{"m1", "m2"}}) {
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Error(err)
			}
			refused = append(refused, err.Error())
			continue
		}
		got = append(got, m.ID)
	}
	testutil.Equal(t, "mobilities", got, []string{"m2"})
	testutil.Equal(t, "refused", len(refused), 1)
}

// TestManyMobilities serves 5 000 of them in one answer that does not fit into the
// memory of either side, and reads it object by object.
func TestManyMobilities(t *testing.T) { // alone, because it looks at the heap
	const count = 5000
	all := make([]omobilities.Mobility, count)
	wanted := make([]string, count)
	for i := range all {
		wanted[i] = fmt.Sprintf("mobility-%04d", i)
		all[i] = nomination(wanted[i])
		all[i].Nomination.Comment = strings.Repeat("é", 1000)
		all[i].Nomination.ProposalID = omobilities.ProposalID(wanted[i], all[i].Nomination)
	}
	s := desk(t, strict, all...)
	dir := t.TempDir()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return omobilities.Register(u.Server, s, omobilities.Limits{IDs: count})
		}},
		{HEI: uniB, Client: func(cfg *ewpclient.Config) { cfg.Memory, cfg.Dir = 1<<20, dir }},
	}})
	c := client(n, uniB)
	testutil.Equal(t, "index", len(strings.Fields(ids(t, c.Index(t.Context(), omobilities.IndexRequest{HEI: uniA}), itself))), count)
	var size counter
	if err := omobilities.Encode(&size, all); err != nil {
		t.Fatal(err)
	}
	if all = nil; size < 10<<20 {
		t.Errorf("the answer has %d bytes; want more than both sides keep in memory", size)
	}
	seen, peak := 0, uint64(0)
	var memory runtime.MemStats
	heap := func() uint64 {
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	before := heap()
	for m, err := range c.Get(t.Context(), omobilities.GetRequest{HEI: uniA, IDs: wanted}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen%1000 == 0 {
			peak = max(peak, heap())
		}
		if m.Nomination.Comment == "" || m.Validate() != nil {
			t.Fatalf("mobility %d is not whole", seen)
		}
		seen++
	}
	if seen != count {
		t.Errorf("%d mobilities; want %d", seen, count)
	}
	// What is on the heap while the answer is read is a megabyte of it, and buffers.
	if grown := int64(peak) - int64(before); grown > int64(size)/2 {
		t.Errorf("the heap grew by %d bytes for an answer of %d", grown, size)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// TestAnswersValid holds every answer against the published schemas.
func TestAnswersValid(t *testing.T) {
	t.Parallel()
	m := nomination("m1")
	s := desk(t, strict, m)
	n := network(t, said{s}, 2)
	for _, q := range []struct {
		api      ewp.API
		endpoint string
		params   url.Values
		doc      bool
		schema   string
	}{
		{ewp.OMobilities, "get", url.Values{"omobility_id": {"m1"}}, false, getSchema},
		{ewp.OMobilities, "get", url.Values{"omobility_id": {"none"}}, false, getSchema},
		{ewp.OMobilities, "index", nil, false, schemas + "index-response.xsd"},
		{ewp.OMobilityStats, "", nil, false, "ewp-specs-api-omobility-stats/stable-v1/response.xsd"},
		{ewp.OMobilities, "update", nil, true, schemas + "update-response.xsd"},
	} {
		call := ewpclient.Call{HEI: uniA, API: q.api, Endpoint: q.endpoint, Params: q.params}
		if q.doc {
			doc, err := decision(records(t, s)["m1"], omobilities.Approve).Encode()
			if err != nil {
				t.Fatal(err)
			}
			call.XML = doc
		}
		a, err := n.University(uniB.String()).Client.Call(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		documenttest.Valid(t, q.schema, []byte(body(t, a)))
		a.Close()
	}
	messages, err := client(n, uniB).Update(t.Context(), omobilities.UpdateRequest{HEI: uniA, Update: decision(records(t, s)["m1"], omobilities.Approve)})
	testutil.Equal(t, "messages", messages, ewp.Texts{{Lang: "en", Value: "Thank you."}})
	if err != nil {
		t.Error(err)
	}
}

// said is a desk with a word for the person.
type said struct{ *omobilities.Sender }

func (s said) Update(ctx context.Context, p ewpserver.Parties, u omobilities.Update) (ewp.Texts, error) {
	_, err := s.Sender.Update(ctx, p, u)
	return ewp.Texts{{Lang: "en", Value: "Thank you."}}, err
}

// TestOlderVersion: a partner that has version 2 alone is not called, and that is said.
func TestOlderVersion(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			get := ewpserver.Get[omobilities.Mobility]{ID: "omobility_id", Item: "student-mobility", Find: meddle}
			return errors.Join(u.Server.Handle(ewp.OMobilities, "get", get, ewpserver.Major(2)), u.Server.Handle(ewp.OMobilities, "index", nothing, ewpserver.Major(2)))
		}}, {HEI: uniB},
	}})
	for _, err := range client(n, uniB).Index(t.Context(), omobilities.IndexRequest{HEI: uniA}) {
		e, ok := errors.AsType[*ewpclient.ResolveError](err)
		if !ok || e.Problem != ewpclient.OtherVersion || len(e.Declared) != 1 || !strings.HasPrefix(e.Declared[0], "2.") || !strings.Contains(err.Error(), "version") {
			t.Errorf("%v; want that only version 2 is declared", err)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	if err := omobilities.Register(n.University(uniA.String()).Server, nil, omobilities.Limits{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nil provider: %v; want ErrInvalid", err)
	}
	if _, err := omobilities.NewSender(omobilities.SenderConfig{}); len(documenttest.Faults(t, err)) != 2 {
		t.Errorf("an empty desk: %v", err)
	}
	if _, err := omobilities.NewReceiver(omobilities.ReceiverConfig{}); len(documenttest.Faults(t, err)) != 2 {
		t.Errorf("an empty desk: %v", err)
	}
}
