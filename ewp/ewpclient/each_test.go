package ewpclient_test

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// known answers the agreements that are asked for, but for unknown ones.
func known(h *host, w http.ResponseWriter, r *http.Request) {
	last := h.seen()[len(h.seen())-1]
	var objects []string
	for _, id := range last.form(h.tb)["iia_id"] {
		if id != "unknown" {
			objects = append(objects, iia(id, 1))
		}
	}
	reply{body: answerOf(objects...)}.send(h, w, r)
}

// collect runs a list.
func collect(tb testing.TB, c *ewpclient.Client, call ewpclient.Call, list ewpclient.List) (ids []string, failures []error) {
	tb.Helper()
	for v, err := range ewpclient.Each[agreement](tb.Context(), c, call, list, xml.Name{Local: "iia"}) {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		ids = append(ids, v.ID)
	}
	return ids, failures
}

func TestEach(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct {
		limit  string // of the manifest
		list   ewpclient.List
		bodies []string
		ids    []string
	}{
		0: {"<max-iia-ids>2</max-iia-ids>", ewpclient.List{Values: []string{"1", "2", "3", "4", "5"}}, []string{"iia_id=1&iia_id=2", "iia_id=3&iia_id=4", "iia_id=5"}, []string{"1", "2", "3", "4", "5"}},
		1: {"<max-iia-ids>5</max-iia-ids>", ewpclient.List{Values: []string{"1", "2", "3", "4", "5"}}, []string{"iia_id=1&iia_id=2&iia_id=3&iia_id=4&iia_id=5"}, []string{"1", "2", "3", "4", "5"}},
		2: {"", ewpclient.List{Values: []string{"1", "2"}}, []string{"iia_id=1", "iia_id=2"}, []string{"1", "2"}},
		3: {"<max-iia-ids>lots</max-iia-ids>", ewpclient.List{Values: []string{"1", "2"}}, []string{"iia_id=1", "iia_id=2"}, []string{"1", "2"}},
		4: {"<max-iia-ids>50</max-iia-ids>", ewpclient.List{Values: []string{"1", "unknown", "1"}}, []string{"iia_id=1&iia_id=unknown&iia_id=1"}, []string{"1", "1"}},
		5: {"<max-iia-ids>50</max-iia-ids>", ewpclient.List{Values: []string{"1", "2", "3"}, Max: 2}, []string{"iia_id=1&iia_id=2", "iia_id=3"}, []string{"1", "2", "3"}},
		6: {"<max-iia-ids>50</max-iia-ids>", ewpclient.List{}, nil, nil},
		7: {"<max-iia-ids>50</max-iia-ids>", ewpclient.List{Values: []string{"unknown"}}, []string{"iia_id=unknown"}, nil},
	} {
		c, h := iiaClient(t, tc.limit, nil, known)
		tc.list.Param, tc.list.Limit = "iia_id", "max-iia-ids"
		ids, failures := collect(t, c, getIIAs, tc.list)
		var bodies []string
		for _, r := range h.seen() {
			bodies = append(bodies, r.Body)
		}
		if !slices.Equal(ids, tc.ids) || !slices.Equal(bodies, tc.bodies) || failures != nil {
			t.Errorf("%d: %q by %q, %v; want %q by %q", i, ids, bodies, failures, tc.ids, tc.bodies)
		}
	}
}

// TestEachKeepsParams: what else is asked goes into each call, and the caller's
// value stays as it is.
func TestEachKeepsParams(t *testing.T) {
	t.Parallel()
	c, h := iiaClient(t, "", nil, known)
	call := getIIAs
	call.Params = url.Values{"hei_id": {"uni-example.pl"}}
	collect(t, c, call, ewpclient.List{Param: "iia_id", Values: []string{"1", "2"}})
	for i, r := range h.seen() {
		testutil.Equal(t, "form", r.Body, []string{"hei_id=uni-example.pl&iia_id=1", "hei_id=uni-example.pl&iia_id=2"}[i])
	}
	testutil.Equal(t, "parameters of the caller", call.Params, url.Values{"hei_id": {"uni-example.pl"}})
}

// TestEachWithoutList makes one call: an index, whose objects are texts.
func TestEachWithoutList(t *testing.T) {
	t.Parallel()
	c, h := iiaClient(t, "", nil, reply{body: `<iias-index-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd"><iia-id>1</iia-id><iia-id>2</iia-id></iias-index-response>`}.send)
	var ids []string
	for id, err := range ewpclient.Each[string](t.Context(), c, ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "index"}, ewpclient.List{}, xml.Name{Local: "iia-id"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	testutil.Equal(t, "identifiers", ids, []string{"1", "2"})
	testutil.Equal(t, "requests", len(h.seen()), 1)
}

// TestEachFailures: what concerns some values does not end the list, what concerns
// the partner does.
func TestEachFailures(t *testing.T) {
	t.Parallel()
	bad := answerOf(iia("2", 1), iia("3", "x"))
	for name, tc := range map[string]struct {
		second answer
		ids    []string
		values []string
		left   []string
		kind   error
	}{
		"status 500":      {reply{status: 500}.send, []string{"1", "3", "4"}, []string{"2"}, nil, passerelle.ErrUnavailable},
		"status 400":      {reply{status: 400}.send, []string{"1", "3", "4"}, []string{"2"}, nil, passerelle.ErrInvalid},
		"no XML":          {reply{body: "x"}.send, []string{"1", "3", "4"}, []string{"2"}, nil, passerelle.ErrProtocol},
		"cut":             {reply{body: bad[:len(bad)-20]}.send, []string{"1", "2", "3", "4"}, []string{"2"}, nil, passerelle.ErrProtocol},
		"status 403":      {reply{status: 403}.send, []string{"1"}, []string{"2"}, []string{"3", "4"}, passerelle.ErrForbidden},
		"status 503":      {reply{status: 503}.send, []string{"1"}, []string{"2"}, []string{"3", "4"}, passerelle.ErrUnavailable},
		"lost":            {lost, []string{"1"}, []string{"2"}, []string{"3", "4"}, passerelle.ErrUnavailable},
		"too long":        {reply{body: answerOf(strings.Repeat("<x/>", 1000))}.send, []string{"1", "3", "4"}, []string{"2"}, nil, passerelle.ErrProtocol},
		"wrong signature": {reply{body: bad, plain: true}.send, []string{"1"}, []string{"2"}, []string{"3", "4"}, passerelle.ErrProtocol},
	} {
		c, _ := iiaClient(t, "", func(cfg *ewpclient.Config) { cfg.Transport.Retry.MaxAttempts, cfg.Transport.MaxBody = 1, 3000 }, known, tc.second, known)
		ids, failures := collect(t, c, getIIAs, ewpclient.List{Param: "iia_id", Values: []string{"1", "2", "3", "4"}})
		if !slices.Equal(ids, tc.ids) || len(failures) == 0 {
			t.Errorf("%s: %q and %v, want %q", name, ids, failures, tc.ids)
			continue
		}
		e, ok := errors.AsType[*ewpclient.ListError](failures[len(failures)-1])
		if !ok || !slices.Equal(e.Values, tc.values) || !slices.Equal(e.Left, tc.left) || !errors.Is(e, tc.kind) {
			t.Errorf("%s: %+v, want values %q and left %q", name, failures, tc.values, tc.left)
		}
	}
}

// TestEachUnreadableObject: one object that is none does not end the answer.
func TestEachUnreadableObject(t *testing.T) {
	t.Parallel()
	c, _ := iiaClient(t, "<max-iia-ids>3</max-iia-ids>", nil, reply{body: answerOf(iia("1", 1), iia("2", "x"), iia("3", 3))}.send)
	ids, failures := collect(t, c, getIIAs, ewpclient.List{Param: "iia_id", Values: []string{"1", "2", "3"}, Limit: "max-iia-ids"})
	testutil.Equal(t, "identifiers", ids, []string{"1", "3"})
	if _, ok := errors.AsType[*ewpclient.ObjectError](errors.Join(failures...)); !ok || len(failures) != 1 {
		t.Errorf("failures: %v", failures)
	}
}

func TestEachRefuses(t *testing.T) {
	t.Parallel()
	c, h := iiaClient(t, "", nil, known)
	for i, tc := range map[int]struct {
		call ewpclient.Call
		list ewpclient.List
		want string
	}{
		0: {ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "put"}, ewpclient.List{}, "Endpoint: unknown: want an endpoint of iias"},
		1: {getIIAs, ewpclient.List{Values: []string{"1"}}, "List.Param: required: want the parameter that the values are of"},
		2: {getIIAs, ewpclient.List{Param: "iia_id", Limit: "max-ids", Max: -1}, "List.Limit: unknown: want an element that the entry of the API may have; List.Max: range: want no negative value; 0 is no limit"},
		3: {ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "get", Params: url.Values{"iia_id": {"1"}}}, ewpclient.List{Param: "iia_id", Values: []string{"2"}}, "List.Param: conflict: want a parameter that is not among those of the call"},
	} {
		_, failures := collect(t, c, tc.call, tc.list)
		if len(failures) != 1 || failures[0].Error() != tc.want || !errors.Is(failures[0], passerelle.ErrInvalid) || passerelle.OutcomeOf(failures[0]) != passerelle.NotSent {
			t.Errorf("%d: %v, want %q", i, failures, tc.want)
		}
	}
	_, failures := collect(t, c, ewpclient.Call{HEI: third, API: ewp.IIAs, Endpoint: "get"}, ewpclient.List{Param: "iia_id", Values: []string{"1", "2"}})
	e, ok := errors.AsType[*ewpclient.ListError](errors.Join(failures...))
	if !ok || e.Values != nil || !slices.Equal(e.Left, []string{"1", "2"}) || passerelle.OutcomeOf(e) != passerelle.NotSent || !errors.Is(e, passerelle.ErrNotFound) {
		t.Errorf("a partner that nobody knows: %v", failures)
	}
	testutil.Equal(t, "requests", len(h.seen()), 0)
}

// TestEachBreak: the caller stops, and no further call is made.
func TestEachBreak(t *testing.T) {
	t.Parallel()
	c, h := iiaClient(t, "", nil, known)
	for range ewpclient.Each[agreement](t.Context(), c, getIIAs, ewpclient.List{Param: "iia_id", Values: []string{"1", "2", "3"}}, xml.Name{Local: "iia"}) {
		break
	}
	testutil.Equal(t, "requests", len(h.seen()), 1)
}
