package ewpserver_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestNotification goes through the validator's steps for change notifications, in
// both forms.
func TestNotification(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	var mu sync.Mutex
	var taken []string
	take := func(_ context.Context, n ewpserver.Notice) error {
		mu.Lock()
		defer mu.Unlock()
		switch n.IDs[0] {
		case "full":
			return passerelle.ErrUnavailable
		case "odd":
			return passerelle.ErrInvalid
		}
		taken = append(taken, fmt.Sprint(n.HEI, " from ", n.Caller, ": ", n.IDs))
		return nil
	}
	b.handle(t, ewp.IIACNR, "", ewpserver.Notification{ID: "iia_id", Take: take})
	b.handle(t, ewp.OMobilityLACNR, "", ewpserver.Notification{ID: "omobility_id", Max: 2, Sender: "sending_hei_id", Take: take})
	type step struct {
		path, params string
		status       int
		want         string
	}
	for i, test := range []step{
		0:  {"/iia-cnr", "iia_id=1", 200, "own.example from partner.example: [1]"},
		1:  {"/iia-cnr", "iia_id=this-is-some-unknown-and-unexpected-id", 200, "own.example from partner.example: [this-is-some-unknown-and-unexpected-id]"},
		2:  {"/iia-cnr", "", 400, ""},
		3:  {"/iia-cnr", "iia_id=1&iia_id=1", 400, ""},
		4:  {"/iia-cnr", "iia_id=", 200, ""},
		5:  {"/iia-cnr", "iia_id=a+b", 200, ""},
		6:  {"/iia-cnr", "iia_id=full", 503, ""},
		7:  {"/iia-cnr", "iia_id=odd", 500, ""}, // a 4xx would end it
		8:  {"/iia-cnr?iia_id=1", "", 400, ""},
		9:  {"/omobility-la-cnr", "sending_hei_id=partner.example&omobility_id=1&omobility_id=2", 200, "own.example from partner.example: [1 2]"},
		10: {"/omobility-la-cnr", "sending_hei_id=partner.example&omobility_id=1&omobility_id=1", 200, "own.example from partner.example: [1]"},
		11: {"/omobility-la-cnr", "sending_hei_id=partner.example&omobility_id=1&omobility_id=2&omobility_id=3", 400, ""},
		12: {"/omobility-la-cnr", "omobility_id=1", 400, ""},
		13: {"/omobility-la-cnr", "sending_hei_id=partner.example", 400, ""},
		14: {"/omobility-la-cnr", "sending_hei_id=partner.example&sending_hei_id=partner.example&omobility_id=1", 400, ""},
		15: {"/omobility-la-cnr", "sending_hei_id=third.example&omobility_id=1", 200, ""}, // in the name of another
	} {
		mu.Lock()
		taken = nil
		mu.Unlock()
		r := b.do(t, form(test.path, test.params))
		r.wantStatus(t, test.status)
		mu.Lock()
		if got := strings.Join(taken, "; "); got != test.want {
			t.Errorf("%d: %s %s: taken %q, want %q", i, test.path, test.params, got, test.want)
		}
		mu.Unlock()
		if r.status == 200 {
			if root, items := r.items(t); len(items) > 0 || !strings.HasSuffix(root.Local, "-cnr-response") {
				t.Errorf("%d: answer %s", i, r.body)
			}
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		r := b.do(t, call{method: method, target: "/iia-cnr?iia_id=1", key: partnerKey()})
		r.wantStatus(t, 405)
		testutil.Equal(t, "Allow", r.header.Get("Allow"), "POST")
	}
}

// proposal is a document as the updates have it.
type proposal struct {
	Approve *struct {
		Mobility string `xml:"omobility-id"`
		Proposal string `xml:"proposal-id"`
		Number   int    `xml:"number"`
	} `xml:"approve-proposal-v1"`
}

const updateNS = "https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-request.xsd"

// TestUpdate goes through the validator's steps for updates.
func TestUpdate(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OMobilities, "update", ewpserver.Update[proposal]{
		Root: xml.Name{Space: updateNS, Local: "omobilities-update-request"},
		Apply: func(_ context.Context, p ewpserver.Parties, d *proposal) (ewp.Texts, error) {
			switch {
			case d.Approve == nil:
				return nil, passerelle.FieldErrors{{Field: "omobilities-update-request", Rule: "required", Want: "approve-proposal-v1 or reject-proposal-v1"}}
			case d.Approve.Mobility != "known":
				return nil, passerelle.ErrNotFound
			case p.Caller != partner:
				return nil, passerelle.ErrForbidden
			case d.Approve.Proposal != "current":
				return nil, &ewpserver.Error{Err: passerelle.ErrConflict, UserMessages: ewp.Texts{{Lang: "en", Value: "The nomination changed."}}}
			}
			return ewp.Texts{{Lang: "en", Value: "Thank you."}, {Value: "Merci."}}, nil
		},
	})
	doc := func(content string) string {
		return `<omobilities-update-request xmlns="` + updateNS + `">` + content + `</omobilities-update-request>`
	}
	approve := func(mobility, proposal string) string {
		return doc("<approve-proposal-v1><omobility-id>" + mobility + "</omobility-id><proposal-id>" + proposal + "</proposal-id></approve-proposal-v1>")
	}
	post := func(body string) call {
		return call{method: "POST", target: "/omobilities/update", body: body, key: partnerKey(), header: map[string][]string{"Content-Type": {"text/xml"}}}
	}
	for name, test := range map[string]struct {
		call   call
		status int
		in     string // in the answer
	}{
		"correct":             {post(approve("known", "current")), 200, `<success-user-message xmlns="` + ewp.NamespaceCommon + `" xml:lang="en">Thank you.</success-user-message>`},
		"application/xml":     {post(approve("known", "current")).with("Content-Type", "application/xml; charset=utf-8"), 200, "Merci."},
		"gzip":                {post(zip(approve("known", "current"))).with("Content-Encoding", "gzip"), 200, "Merci."},
		"unknown mobility":    {post(approve("x", "current")), 400, "may update"},
		"unknown proposal":    {post(approve("known", "x")), 409, "The nomination changed."},
		"another participant": {post(approve("known", "current")).as(thirdKey()), 400, "may update"},
		"no type":             {post(doc("")), 400, "approve-proposal-v1"},
		"unknown type":        {post(doc("<burn-proposal-v1/>")), 400, "approve-proposal-v1"},
		"another root":        {post(`<x xmlns="` + updateNS + `"/>`), 400, "omobilities-update-request"},
		"another namespace":   {post(`<omobilities-update-request/>`), 400, "omobilities-update-request"},
		"not well-formed":     {post(approve("known", "current")[:150]), 400, "the expected document"},
		"more after the root": {post(approve("known", "current") + "<x/>"), 400, "the expected document"},
		"no XML":              {post("omobility_id=1"), 400, "the expected document"},
		"nothing":             {post(""), 400, "the expected document"},
		"DOCTYPE":             {post(`<!DOCTYPE x [<!ENTITY e "x">]>` + approve("known", "&e;")), 400, "doctype"},
		"wrong type of value": {post(doc("<approve-proposal-v1><number>secret-0123456789A</number></approve-proposal-v1>")), 400, "another type"},
		"a form":              {form("/omobilities/update", "omobility_id=known"), 415, "Content-Type"},
		"GET":                 {get("/omobilities/update"), 405, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.do(t, test.call)
			r.wantStatus(t, test.status)
			if text := r.plain(t); !strings.Contains(text, test.in) || strings.Contains(text, "0123456789A") {
				t.Errorf("answer %s\nwant in it %s", text, test.in)
			}
		})
	}
}

// TestStats serves counts in both forms.
func TestStats(t *testing.T) {
	t.Parallel()
	type year struct {
		Year    string `xml:"receiving-academic-year-id"`
		Pending int    `xml:"omobility-pending"`
	}
	type counts struct {
		Fetchable int `xml:"iia-fetchable"`
	}
	b := newBed(t, nil)
	b.handle(t, ewp.OMobilityStats, "", ewpserver.Stats[year]{Item: "academic-year-stats",
		Count: func(context.Context, ewpserver.Parties) iter.Seq2[year, error] {
			return func(yield func(year, error) bool) {
				_ = yield(year{"2024/2025", 3}, nil) && yield(year{"2025/2026", 4}, nil)
			}
		}})
	one := func(c counts, err error) func(context.Context, ewpserver.Parties) iter.Seq2[counts, error] {
		return func(context.Context, ewpserver.Parties) iter.Seq2[counts, error] {
			return func(yield func(counts, error) bool) { yield(c, err) }
		}
	}
	b.handle(t, ewp.IIAs, "stats", ewpserver.Stats[counts]{Callers: []ewp.HEIID{partner}, Count: one(counts{7}, nil)})
	b.handle(t, ewp.OMobilityLAs, "stats", ewpserver.Stats[counts]{Count: one(counts{}, errors.New("no"))})

	r := b.do(t, get("/omobility-stats"))
	r.wantStatus(t, 200)
	if want := "<academic-year-stats><receiving-academic-year-id>2025/2026</receiving-academic-year-id><omobility-pending>4</omobility-pending></academic-year-stats></omobility-stats-response>"; !strings.Contains(r.body, want) {
		t.Errorf("rows: %s", r.body)
	}
	r = b.do(t, get("/iias/stats"))
	r.wantStatus(t, 200)
	root, items := r.items(t)
	testutil.Equal(t, "root", root.Local, "iias-stats-response")
	testutil.Equal(t, "fields", items, []string{"iia-fetchable=7"})
	b.do(t, get("/iias/stats").as(thirdKey())).wantStatus(t, 403)
	b.do(t, get("/omobility-las/stats")).wantStatus(t, 500)
	b.do(t, form("/iias/stats", "")).wantStatus(t, 405)
}

// entries lists a folder.
func entries(tb testing.TB, dir string) []string {
	tb.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return slices.Clip(names)
}

// TestUpdateIgnoresQuery: a POST has the parameters of its form, and an update none.
func TestUpdateIgnoresQuery(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OMobilities, "update", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		_, err := fmt.Fprintf(a, "<x>%d</x>", len(r.Params))
		return err
	}))
	r := b.do(t, call{method: "POST", target: "/omobilities/update?omobility_id=1", body: "<x/>", key: partnerKey(), header: map[string][]string{"Content-Type": {"text/xml"}}})
	testutil.Equal(t, "number of parameters", r.body, "<x>0</x>")
}
