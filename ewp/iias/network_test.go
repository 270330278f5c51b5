package iias_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var uniC = ewp.MustParseHEIID("uni-c.example")

// serving is a university that serves agreements, those with the partners concluded;
// it leaves what it serves in at.
func serving(at **ewptest.IIAs, hei ewp.HEIID, partners ...ewp.HEIID) ewptest.UniversityConfig {
	return ewptest.UniversityConfig{HEI: hei, Register: func(u *ewptest.University) (err error) {
		*at, err = ewptest.ServeIIAs(u, partners...)
		return err
	}}
}

// TestNegotiation is the whole way of an agreement over the network: proposed, answered,
// mapped, approved on both sides, modified, approved anew.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	var a, b *ewptest.IIAs
	ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{serving(&a, uniA), serving(&b, uniB)}})
	ctx := t.Context()
	settle := func() {
		t.Helper()
		if err := ewptest.SettleIIAs(ctx, a, b); err != nil {
			t.Fatal(err)
		}
	}
	proposal := ewptest.IIASheet(uniA, uniB)
	proposal.Partner.ID = ""
	idA, idB := proposal.Own.ID, ewptest.IIASheet(uniB, uniA).Own.ID
	r, due, err := iias.Create(proposal.Agreement(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iias.Keep(ctx, a.Store, r, due, a.Sync.Notify); err != nil {
		t.Fatal(err)
	}
	settle()
	proposals := b.Proposals()
	if len(proposals) != 1 || proposals[0].ID() != idA || proposals[0].PartnerID() != "" || proposals[0].Hash() != r.Own.Hash {
		t.Fatalf("B got %v, want the proposal of A", proposals)
	}
	answer := iias.Mirror(proposals[0].Agreement(), idB, "B/1")
	r, due, err = iias.Create(answer, proposals[0], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iias.Keep(ctx, b.Store, r, due, b.Sync.Notify); err != nil {
		t.Fatal(err)
	}
	settle()
	get := func(side *ewptest.IIAs, id string) iias.Record {
		t.Helper()
		r, err := side.Store.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := get(a, idA); r.PartnerID != idB || r.Seen.Hash != get(b, idB).Own.Hash {
		t.Fatalf("A knows of %+v, want the answer of B", r)
	}
	approve := func() {
		t.Helper()
		for side, id := range map[*ewptest.IIAs]string{a: idA, b: idB} {
			if _, err := side.Sync.Approve(ctx, id, get(side, id).Seen.Hash); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		for side, id := range map[*ewptest.IIAs]string{a: idA, b: idB} {
			if r := get(side, id); !r.IsMutual() || len(r.Due) > 0 {
				t.Fatalf("not concluded: %+v", r)
			}
		}
	}
	approve()

	// A wants more places; until B agrees, the former state stands approved.
	before := get(a, idA).Own
	_, err = iias.Do(ctx, a.Store, idA, a.Sync.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		agreement, err := r.Own.Agreement()
		if err != nil {
			return r, nil, err
		}
		agreement.Conditions.StudentStudies[0].MobilitiesPerYear.Value = "7"
		return r.Modify(agreement, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	settle()
	if r, err := a.Sync.Hear(ctx, idA); err != nil || r.ApprovedByPartner != before.Hash || r.IsMutual() || !r.CanRevert() {
		t.Errorf("after a modification: %+v, %v; want the approval of the state before", r, err)
	}
	theirs, err := get(b, idB).Seen.Agreement()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := get(b, idB).Own.Agreement()
	if err != nil {
		t.Fatal(err)
	}
	if d := iias.Differences(ours, theirs); len(d) != 2 || !strings.Contains(d[0].Content+d[1].Content, "mobilities-per-year=7") {
		t.Errorf("differences %v, want the condition with 7 places, and the one with 2", d)
	}
	if _, err := iias.Do(ctx, b.Store, idB, b.Sync.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		return r.Modify(iias.Mirror(theirs, idB, "B/1"), time.Now())
	}); err != nil {
		t.Fatal(err)
	}
	settle()
	approve()
	for hei, c := range map[ewp.HEIID]*iias.Client{uniB: a.Sync.Client, uniA: b.Sync.Client} {
		stats, err := c.Stats(ctx, hei)
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "statistics of "+hei.String(), stats, iias.Stats{Fetchable: 1, BothApproved: 1})
	}
}

// TestDeletion: a partner that deletes its proposal leaves the other with a copy of its
// own, without mapping.
func TestDeletion(t *testing.T) {
	t.Parallel()
	var a, b *ewptest.IIAs
	ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{serving(&a, uniA, uniB), serving(&b, uniB, uniA)}})
	sheet := ewptest.IIASheet(uniA, uniB)
	sheet.Own.ID, sheet.Partner.ID = "second", ""
	r, due, err := iias.Create(sheet.Agreement(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iias.Keep(t.Context(), a.Store, r, due, a.Sync.Notify); err != nil {
		t.Fatal(err)
	}
	if err := ewptest.SettleIIAs(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	v := b.Proposals()[0]
	if r, due, err = iias.Create(iias.Mirror(v.Agreement(), "second-b", "2"), v, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := iias.Keep(t.Context(), b.Store, r, due, b.Sync.Notify); err != nil {
		t.Fatal(err)
	}
	if err := ewptest.SettleIIAs(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Sync.Approve(t.Context(), "second-b", v.Hash()); err == nil {
		t.Error("what was shown before it was mapped is approved")
	}
	if _, err := iias.Do(t.Context(), a.Store, "second", a.Sync.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) { return r.Delete(time.Now()) }); err != nil {
		t.Fatal(err)
	}
	if err := ewptest.SettleIIAs(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	if r, err = b.Store.Get(t.Context(), "second-b"); err != nil || r.PartnerID != "" || r.Own.IsZero() {
		t.Errorf("%+v, %v; want a copy without mapping", r, err)
	}
	var ids []string
	for id, err := range a.Sync.Client.Index(t.Context(), iias.IndexRequest{HEI: uniB}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	testutil.Equal(t, "what B shows A", ids, []string{ewptest.IIASheet(uniB, uniA).Own.ID, "second-b"})
}

// TestAccess: a third university sees nothing of an agreement that is not its own, at
// any endpoint, by any method.
func TestAccess(t *testing.T) {
	t.Parallel()
	var a, b, c *ewptest.IIAs
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		serving(&a, uniA, uniB), serving(&b, uniB, uniA), serving(&c, uniC),
	}})
	sheet := ewptest.IIASheet(uniA, uniB)
	// What each of the endpoints says to the partner, and to a third.
	type asked struct {
		api      ewp.API
		endpoint string
		params   url.Values
		partner  string // what must be in the answer
	}
	for _, q := range []asked{
		{ewp.IIAs, "get", url.Values{"iia_id": {sheet.Own.ID}}, "<iia-hash>"},
		{ewp.IIAs, "index", nil, sheet.Own.ID},
		{ewp.IIAs, "index", url.Values{"receiving_academic_year_id": {"2027/2028"}}, sheet.Own.ID},
		{ewp.IIAsApproval, "", url.Values{"iia_id": {sheet.Partner.ID}}, "<iia-hash>"},
		{ewp.IIAsApproval, "", url.Values{"iia_id": {sheet.Own.ID}}, "<iias-approval-response"},
	} {
		for _, method := range []string{"GET", "POST"} {
			partner := call(t, n, uniB, q.api, q.endpoint, method, q.params)
			if !strings.Contains(partner, q.partner) {
				t.Errorf("%s %s %v: the partner gets %s", method, q.api, q.params, partner)
			}
			third := call(t, n, uniC, q.api, q.endpoint, method, q.params)
			for _, secret := range []string{sheet.Own.ID, sheet.Partner.ID, "<iia-hash>", "uni-b"} {
				if strings.Contains(third, secret) {
					t.Errorf("%s %s %v: a third university gets %s", method, q.api, q.params, third)
				}
			}
		}
	}
	// The statistics hold counts alone, and the notifications answer everybody alike.
	for _, q := range []asked{{api: ewp.IIACNR}, {api: ewp.IIAApprovalCNR}} {
		q.params = url.Values{"iia_id": {sheet.Partner.ID}}
		if partner, third := call(t, n, uniB, q.api, "", "POST", q.params), call(t, n, uniC, q.api, "", "POST", q.params); partner != third {
			t.Errorf("%s: the partner gets %s, a third university %s", q.api, partner, third)
		}
	}
	before, err := a.Store.Get(t.Context(), sheet.Own.ID)
	if err != nil {
		t.Fatal(err)
	}
	call(t, n, uniC, ewp.IIAApprovalCNR, "", "POST", url.Values{"iia_id": {sheet.Own.ID}})
	if err := ewptest.SettleIIAs(t.Context(), a, b, c); err != nil {
		t.Fatal(err)
	}
	if after, err := a.Store.Get(t.Context(), sheet.Own.ID); err != nil || after.Version != before.Version+0 && after.Own != before.Own {
		t.Errorf("a notification of a third university changed the record: %+v, %v", after, err)
	}
	// All endpoints were asked.
	served := map[string]bool{}
	for r := range n.University("uni-a.example").Server.Routes() {
		served[strings.TrimSpace(r.API.String()+" "+r.Endpoint.Name)] = true
	}
	for _, done := range []string{"echo", "iias get", "iias index", "iias stats", "iias-approval", "iia-cnr", "iia-approval-cnr"} {
		delete(served, done)
	}
	if len(served) > 0 {
		t.Errorf("endpoints that this test does not ask: %v", served)
	}
	// A provider that gives too much gives nothing away.
	leaky := leak{iias.FromStore(a.Store), a.Store}
	n2 := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error { return iias.Register(u.Server, leaky, 0) }}, {HEI: uniC},
	}})
	if third := call(t, n2, uniC, ewp.IIAs, "get", "GET", url.Values{"iia_id": {sheet.Own.ID}}); strings.Contains(third, "hei-id") {
		t.Errorf("a third university gets %s", third)
	}
}

// leak is a provider that gives copies to whoever asks.
type leak struct {
	iias.Provider
	store iias.Store
}

func (l leak) Agreements(ctx context.Context, _ ewpserver.Parties, ids []string) iter.Seq2[iias.Revision, error] {
	return func(yield func(iias.Revision, error) bool) {
		for _, id := range ids {
			r, err := l.store.Get(ctx, id)
			if !yield(r.Own, err) {
				return
			}
		}
	}
}

// unchanged is a host whose copies are not those that its hashes are of.
type unchanged struct {
	iias.Provider
	change func(string) string
}

func (p unchanged) Agreements(ctx context.Context, parties ewpserver.Parties, ids []string) iter.Seq2[iias.Revision, error] {
	return func(yield func(iias.Revision, error) bool) {
		for r, err := range p.Provider.Agreements(ctx, parties, ids) {
			r.XML = p.change(r.XML)
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestFetchRefuses: what cannot be approved is not taken for a copy, and the reason told.
func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	id := ewptest.IIASheet(uniA, uniB).Own.ID
	for name, c := range map[string]struct {
		id     string
		change func(string) string
		check  func(error) bool
	}{
		"changed after hashing": {id, func(x string) string {
			return strings.Replace(x, "<mobilities-per-year>2<", "<mobilities-per-year>20<", 1)
		}, func(err error) bool {
			e, ok := errors.AsType[*iias.HashError](err)
			return ok && e.Declared != e.Computed.String() && errors.Is(err, passerelle.ErrProtocol) && strings.Contains(e.Error(), e.Declared)
		}},
		"no hash": {id, func(x string) string { return x[:strings.Index(x, "<iia-hash>")] + "</iia>" }, func(err error) bool {
			e, ok := errors.AsType[*iias.HashError](err)
			return ok && e.Declared == ""
		}},
		"version 6": {id, func(x string) string { return strings.ReplaceAll(x, "stable-v7", "stable-v6") }, func(err error) bool {
			e, ok := errors.AsType[*iias.VersionError](err)
			return ok && e.Major == 6 && errors.Is(err, passerelle.ErrProtocol)
		}},
		"unknown": {"unknown", func(x string) string { return x }, func(err error) bool {
			_, ok := errors.AsType[*iias.AbsentError](err)
			return ok && errors.Is(err, passerelle.ErrNotFound)
		}},
		"no identifier": {"", func(x string) string { return x }, func(err error) bool { return errors.Is(err, passerelle.ErrInvalid) }},
		"another one in its place": {id, func(x string) string { return strings.Replace(x, id, "another", 1) }, func(err error) bool {
			_, ok := errors.AsType[*iias.AbsentError](err)
			return ok
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
				{HEI: uniB}, {HEI: uniA, Register: func(u *ewptest.University) error {
					r, err := ewptest.ConcludedIIA(uniA, uniB)
					if err != nil {
						return err
					}
					store := iias.NewMemory()
					if _, err := store.Put(t.Context(), r); err != nil {
						return err
					}
					return iias.Register(u.Server, unchanged{iias.FromStore(store), c.change}, 0)
				}},
			}})
			v, err := iias.NewClient(n.University("uni-b.example").Client).Fetch(t.Context(), iias.FetchRequest{HEI: uniA, ID: c.id})
			if v != nil || !c.check(err) {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
}

// TestWrongOrder: a copy whose owner does not stand first is not taken for one.
func TestWrongOrder(t *testing.T) {
	t.Parallel()
	a := ewptest.IIASheet(uniA, uniB).Agreement()
	slices.Reverse(a.Partners)
	a.Partners[0].Code = "x"
	r, err := iias.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	answer := []byte(`<iias-get-response xmlns="` + iias.Namespace + `">` + r.XML + `</iias-get-response>`)
	if v, err := iias.Verify(answer, uniA, uniB, a.Partners[0].IIAID, day); v != nil || !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("%v, %v; want ErrProtocol", v, err)
	}
}

// TestPartnerOfVersion6: a partner that is behind is told from one without agreements.
func TestPartnerOfVersion6(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniB}, {HEI: uniA, Manifest: func(m *discovery.Manifest) {
			e := discovery.ForMajor(ewp.IIAs, 6)
			e.Security = discovery.Signed
			e.Version = ewp.MustParseVersion("6.3.0")
			e.Elements = append(e.Elements, discovery.Value("get-url", "https://127.0.0.1:1/get"), discovery.Value("max-iia-ids", "1"),
				discovery.Value("max-iia-codes", "1"), discovery.Value("index-url", "https://127.0.0.1:1/index"))
			m.APIs = append(m.APIs, e)
		}},
	}})
	_, err := iias.NewClient(n.University("uni-b.example").Client).Fetch(t.Context(), iias.FetchRequest{HEI: uniA, ID: "1"})
	e, ok := errors.AsType[*ewpclient.ResolveError](err)
	if !ok || e.Problem != ewpclient.OtherVersion || !slices.Equal(e.Declared, []string{"6.3.0"}) {
		t.Errorf("%v; want it known that the partner has 6.3.0", err)
	}
}

// thousands lists so many identifiers.
type thousands struct {
	iias.Provider
	n int
}

func (p thousands) IDs(context.Context, ewpserver.Parties, iias.Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range p.n {
			if !yield(fmt.Sprintf("0f7a5682-faf7-49a7-9cc7-%012d", i), nil) {
				return
			}
		}
	}
}

// TestBigIndex: an index of 100 000 identifiers goes through spools of 1 MiB, one
// identifier at a time.
func TestBigIndex(t *testing.T) {
	t.Parallel()
	const many = 100_000
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return iias.Register(u.Server, thousands{iias.FromStore(iias.NewMemory()), many}, 0)
		}},
		{HEI: uniB, Client: func(cfg *ewpclient.Config) { cfg.Memory, cfg.Dir = 1<<20, t.TempDir() }},
	}})
	next := 0
	for id, err := range iias.NewClient(n.University("uni-b.example").Client).Index(t.Context(), iias.IndexRequest{HEI: uniA}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("0f7a5682-faf7-49a7-9cc7-%012d", next); id != want {
			t.Fatalf("number %d is %s", next, id)
		}
		next++
	}
	testutil.Equal(t, "identifiers", next, many)
}

// TestIndexFilter: years and modified_since, as the client sends them.
func TestIndexFilter(t *testing.T) {
	t.Parallel()
	var a *ewptest.IIAs
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{serving(&a, uniA, uniB), {HEI: uniB}}})
	c := iias.NewClient(n.University("uni-b.example").Client)
	r, err := a.Store.Get(t.Context(), ewptest.IIASheet(uniA, uniB).Own.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range []struct {
		request iias.IndexRequest
		want    int
	}{
		0: {iias.IndexRequest{}, 1},
		1: {iias.IndexRequest{Years: []string{"2026/2027"}}, 1},
		2: {iias.IndexRequest{Years: []string{"2025/2026"}}, 0},
		3: {iias.IndexRequest{Years: []string{"2025/2026", "2028/2029"}}, 1},
		4: {iias.IndexRequest{Years: []string{"2029/2030"}}, 0},
		5: {iias.IndexRequest{Years: []string{"2027/2027"}}, 1},
		6: {iias.IndexRequest{ModifiedSince: r.Changed}, 1},
		7: {iias.IndexRequest{ModifiedSince: r.Changed.Add(time.Second).In(time.FixedZone("", 5400))}, 0},
		8: {iias.IndexRequest{ModifiedSince: r.Changed.Add(-time.Hour), Years: []string{"2028/2029"}}, 1},
	} {
		q.request.HEI = uniA
		got := 0
		for _, err := range c.Index(t.Context(), q.request) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			got++
		}
		if got != q.want {
			t.Errorf("%d: %d identifiers, want %d", i, got, q.want)
		}
	}
	for _, err := range c.Index(t.Context(), iias.IndexRequest{HEI: uniA, Years: []string{"2026"}}) {
		if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 400 {
			t.Errorf("a year that is none: %v; want 400", err)
		}
	}
}

// TestGetAndApprovals: lists are spread over as many calls as the partner wants.
func TestGetAndApprovals(t *testing.T) {
	t.Parallel()
	var a *ewptest.IIAs
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{serving(&a, uniA, uniB), {HEI: uniB}}})
	c := iias.NewClient(n.University("uni-b.example").Client)
	own := ewptest.IIASheet(uniA, uniB).Own.ID
	ids := []string{"1", "2", "3", "4", own, "5"}
	var got []string
	for a, err := range c.Get(t.Context(), iias.Request{HEI: uniA, IDs: ids}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Validate(); err != nil {
			t.Error(err)
		}
		got = append(got, a.Owner().IIAID)
	}
	testutil.Equal(t, "agreements", got, []string{own})
	r, err := a.Store.Get(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	approval, err := c.Approval(t.Context(), uniA, r.PartnerID)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "approval", approval, iias.Approval{ID: r.PartnerID, Hash: r.Approved.Hash})
	if approval, err = c.Approval(t.Context(), uniA, "unknown"); err != nil || approval != (iias.Approval{}) {
		t.Errorf("%+v, %v; want silence", approval, err)
	}
	n.University("uni-a.example").Inject(ewptest.Injection{Fault: ewptest.Unavailable})
	if approval, err = c.Approval(t.Context(), uniA, r.PartnerID); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("%+v, %v; want ErrUnavailable, which is no silence", approval, err)
	}
}

func TestRegisterFaults(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	s := n.University("uni-a.example").Server
	if err := iias.Register(s, nil, 0); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no provider: %v", err)
	}
	if err := iias.RegisterApproval(s, nil, 0); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no approver: %v", err)
	}
	if err := iias.RegisterNotification(s, ewp.OMobilityCNR, nil); len(err.(passerelle.FieldErrors)) != 2 {
		t.Errorf("no notification of agreements, and nobody who takes it: %v", err)
	}
}
