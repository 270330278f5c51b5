package ewpserver_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// thing is an object of an API of the tests.
type thing struct {
	ID   string `xml:"ounit-id"`
	Code string `xml:"ounit-code"`
}

// things are what partner may see, and one that it may not.
var things = []thing{{"id-1", "code 1"}, {"id-2", "code 2"}, {"hidden", "hidden"}, {"refused", "refused"}}

// find is a provider as one would write it.
func find(_ context.Context, q ewpserver.Query) iter.Seq2[thing, error] {
	return func(yield func(thing, error) bool) {
		asked := func(list []string, value string) bool {
			for _, v := range list {
				if v == value {
					return true
				}
			}
			return false
		}
		for _, t := range things {
			if !asked(q.IDs, t.ID) && !asked(q.Codes, t.Code) {
				continue
			}
			var err error
			switch {
			case q.Caller != partner || t.ID == "hidden":
				err = passerelle.ErrNotFound
			case t.ID == "refused":
				err = passerelle.ErrForbidden
			}
			if !yield(t, err) {
				return
			}
		}
		if asked(q.IDs, "broken") {
			yield(thing{}, errors.New("the base says no to student 0123456789A"))
		}
	}
}

// TestGetByIDsAndCodes goes through the validator's pattern of identifiers and
// codes with an institution, as the organizational units have it.
func TestGetByIDsAndCodes(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OrganizationalUnits, "", ewpserver.Get[thing]{
		ID: "ounit_id", Max: 3, Code: "ounit_code", MaxCodes: 2,
		Owner: ewpserver.Owner{Param: "hei_id"}, Item: "ounit", Find: find,
	})
	const unknown = "this-is-some-unknown-and-unexpected-id"
	for name, test := range map[string]struct {
		params string
		status int
		want   string // the objects, by identifier
	}{
		"one known id":                         {"hei_id=own.example&ounit_id=id-1", 200, "id-1"},
		"one known code":                       {"hei_id=own.example&ounit_code=code+1", 200, "id-1"},
		"one unknown id":                       {"hei_id=own.example&ounit_id=" + unknown, 200, ""},
		"one unknown code":                     {"hei_id=own.example&ounit_code=" + unknown, 200, ""},
		"known and unknown ids":                {"hei_id=own.example&ounit_id=id-2&ounit_id=" + unknown, 200, "id-2"},
		"known and unknown codes":              {"hei_id=own.example&ounit_code=code+2&ounit_code=" + unknown, 200, "id-2"},
		"two known ids":                        {"hei_id=own.example&ounit_id=id-2&ounit_id=id-1", 200, "id-1 id-2"},
		"case counts":                          {"hei_id=own.example&ounit_id=ID-1", 200, ""},
		"no identifier at all":                 {"hei_id=own.example&ounit_id=a+b&ounit_id=", 200, ""},
		"an id that is too long":               {"hei_id=own.example&ounit_id=" + strings.Repeat("x", 65), 200, ""},
		"nothing":                              {"", 400, ""},
		"no hei":                               {"ounit_id=id-1", 400, ""},
		"hei only":                             {"hei_id=own.example", 400, ""},
		"known id, unknown hei":                {"hei_id=" + unknown + "&ounit_id=id-1", 400, ""},
		"known code, unknown hei":              {"hei_id=" + unknown + "&ounit_code=code+1", 400, ""},
		"hei in another case":                  {"hei_id=OWN.example&ounit_id=id-1", 400, ""},
		"max ids":                              {"hei_id=own.example&ounit_id=id-1&ounit_id=id-1&ounit_id=id-1", 200, "id-1"},
		"max+1 ids, one known":                 {"hei_id=own.example" + strings.Repeat("&ounit_id=id-1", 4), 400, ""},
		"max+1 ids, unknown":                   {"hei_id=own.example" + strings.Repeat("&ounit_id="+unknown, 4), 400, ""},
		"max+1 ids, malformed":                 {"hei_id=own.example" + strings.Repeat("&ounit_id=", 4), 400, ""},
		"max codes":                            {"hei_id=own.example" + strings.Repeat("&ounit_code=code+1", 2), 200, "id-1"},
		"max+1 codes":                          {"hei_id=own.example" + strings.Repeat("&ounit_code=code+1", 3), 400, ""},
		"wrong name":                           {"hei_id=own.example&ounit_id_param=id-1", 400, ""},
		"id and code":                          {"hei_id=own.example&ounit_id=id-1&ounit_code=code+1", 400, ""},
		"hei twice":                            {"hei_id=own.example&hei_id=own.example&ounit_id=id-1", 400, ""},
		"hei known and unknown":                {"hei_id=own.example&hei_id=" + unknown + "&ounit_id=id-1", 400, ""},
		"unknown parameter":                    {"hei_id=own.example&ounit_id=id-1&x=y&x=y", 200, "id-1"},
		"what the caller may not see":          {"hei_id=own.example&ounit_id=hidden&ounit_id=id-1&ounit_id=refused", 200, "id-1"},
		"an object that cannot be looked up":   {"hei_id=own.example&ounit_id=id-1&ounit_id=broken", 500, ""},
		"a malformed id beside the known":      {"hei_id=own.example&ounit_id=%20&ounit_id=id-1", 200, "id-1"},
		"the same one as GET and POST body ok": {"ounit_id=id-1&hei_id=own.example", 200, "id-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []call{form("/organizational-units", test.params), get("/organizational-units?" + test.params)} {
				r := b.do(t, c)
				r.wantStatus(t, test.status)
				if strings.Contains(r.body, "0123456789A") {
					t.Errorf("the caller is told what the base said: %s", r.body)
				}
				if test.status == 200 {
					testutil.Equal(t, c.method+": objects", ids(t, r, "ounits-response", "ounit"), test.want)
				}
			}
			// A third university sees nothing, and gets the same refusals.
			r := b.do(t, form("/organizational-units", test.params).as(thirdKey()))
			r.wantStatus(t, test.status)
			if test.status == 200 {
				testutil.Equal(t, "objects for a third", ids(t, r, "ounits-response", "ounit"), "")
			}
		})
	}
}

// ids returns the identifiers of the objects in an answer.
func ids(tb testing.TB, r reply, root, item string) string {
	tb.Helper()
	name, _ := r.items(tb)
	if name.Local != root {
		tb.Errorf("root %s, want %s", name.Local, root)
	}
	var list []string
	for part := range strings.SplitSeq(r.plain(tb), "<"+item+">") {
		if _, rest, ok := strings.Cut(part, "-id>"); ok {
			id, _, _ := strings.Cut(rest, "<")
			list = append(list, id)
		}
	}
	return strings.Join(list, " ")
}

// TestGetWithoutOwner is the form of the newest APIs: no institution, one id at
// the most unless said otherwise.
func TestGetWithoutOwner(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.IIAs, "get", ewpserver.Get[thing]{ID: "iia_id", Item: "iia", Find: find})
	for i, test := range []struct {
		params string
		status int
		want   string
	}{
		0: {"iia_id=id-1", 200, "id-1"},
		1: {"iia_id=id-1&iia_id=id-1", 400, ""},
		2: {"", 400, ""},
		3: {"iia_id=x", 200, ""},
		4: {"hei_id=x&hei_id=y&iia_id=id-1", 200, "id-1"},
		5: {"iia_code=code+1", 400, ""},
	} {
		r := b.do(t, get("/iias/get?"+test.params))
		if r.status != test.status {
			t.Errorf("%d: status %d, want %d", i, r.status, test.status)
		}
		if r.status == 200 {
			testutil.Equal(t, fmt.Sprint(i, ": objects"), ids(t, r, "iias-get-response", "iia"), test.want)
		}
	}
	r := b.do(t, get("/iias/get?iia_id=x"))
	testutil.Equal(t, "Cache-Control", r.header.Get("Cache-Control"), "no-store")
	testutil.Equal(t, "Content-Type", r.header.Get("Content-Type"), "application/xml")
	testutil.Equal(t, "empty answer", r.body, `<?xml version="1.0" encoding="UTF-8"?>
<iias-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"></iias-get-response>
`)
	r = b.do(t, get("/iias/get"))
	if !strings.Contains(r.body, "iia_id: required") {
		t.Errorf("the refusal names no parameter: %s", r.body)
	}
}

// TestGetEmptyForUnknownOwner is the rule of the transcripts, version 2.
func TestGetEmptyForUnknownOwner(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.IMobilityToRs, "get", ewpserver.Get[thing]{
		ID: "omobility_id", Owner: ewpserver.Owner{Param: "receiving_hei_id", Unknown: ewpserver.EmptyUnknown}, Item: "tor", Find: find,
	})
	for i, test := range []struct {
		params string
		status int
		want   string
	}{
		0: {"receiving_hei_id=own.example&omobility_id=id-1", 200, "id-1"},
		1: {"receiving_hei_id=unknown.example&omobility_id=id-1", 200, ""},
		2: {"omobility_id=id-1", 400, ""},
		3: {"receiving_hei_id=own.example&receiving_hei_id=own.example&omobility_id=id-1", 400, ""},
	} {
		r := b.do(t, form("/imobility-tors/get", test.params))
		if r.status != test.status {
			t.Errorf("%d: status %d, want %d", i, r.status, test.status)
		}
		if r.status == 200 {
			testutil.Equal(t, fmt.Sprint(i, ": objects"), ids(t, r, "imobility-tors-get-response", "tor"), test.want)
		}
	}
}

// TestGetFurtherParameters reads what an API has beside identifiers, early and late.
func TestGetFurtherParameters(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		b := newBed(t, nil)
		b.handle(t, ewp.Courses, "", ewpserver.Get[thing]{
			ID: "los_id", Code: "los_code", Owner: ewpserver.Owner{Param: "hei_id"}, Item: "learningOpportunitySpecification",
			Find: func(_ context.Context, q ewpserver.Query) iter.Seq2[thing, error] {
				if !late {
					q.Check.Date("lois_before")
				}
				return func(yield func(thing, error) bool) {
					before, given := q.Check.Date("lois_before")
					if yield(thing{ID: before.String(), Code: fmt.Sprint(given)}, nil) {
						return
					}
				}
			},
		})
		for i, test := range []struct {
			value  string
			status int
		}{
			0: {"2019-12-31", 200},
			1: {"31-12-2019", 400},
			2: {"2009-12-31 23:59:59", 400},
			3: {"abcd-ef-gh", 400},
			4: {"2019-12-31&lois_before=2019-12-31", 400},
			5: {"2019-12-00", 400},
			6: {"", 400},
		} {
			r := b.do(t, form("/courses", "hei_id=own.example&los_id=CR/1&lois_before="+test.value))
			if r.status != test.status {
				t.Errorf("late %v, %d: %q: status %d, want %d", late, i, test.value, r.status, test.status)
			}
			if test.status == 200 && !strings.Contains(r.body, "2019-12-31") {
				t.Errorf("late %v, %d: %s", late, i, r.body)
			}
		}
	}
}

// TestGetInstitutions asks by identifiers of institutions, which may be longer than
// others.
func TestGetInstitutions(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	long := strings.Repeat("very-long-name.", 5) + "example"
	b.handle(t, ewp.Institutions, "", ewpserver.Get[thing]{ID: "hei_id", Max: 3, HEIs: true, Item: "hei",
		Find: func(_ context.Context, q ewpserver.Query) iter.Seq2[thing, error] {
			return func(yield func(thing, error) bool) {
				for _, hei := range q.HEIs {
					if hei == own || hei.String() == long {
						if !yield(thing{ID: hei.String()}, nil) {
							return
						}
					}
				}
			}
		}})
	for i, test := range []struct {
		params string
		status int
		want   string
	}{
		0: {"hei_id=own.example", 200, "own.example"},
		1: {"hei_id=unknown.example", 200, ""},
		2: {"hei_id=unknown.example&hei_id=" + long + "&hei_id=own.example", 200, long + " own.example"},
		3: {"hei_id=own.example&hei_id=own.example&hei_id=own.example", 200, "own.example"},
		4: {"hei_id=own.example" + strings.Repeat("&hei_id=x", 3), 400, ""},
		5: {"", 400, ""},
		6: {"hei_id_param=own.example", 400, ""},
		7: {"hei_id=+own.example", 200, ""}, // compared as it is written
		8: {"hei_id=&hei_id=a+b", 200, ""},
	} {
		r := b.do(t, form("/institutions", test.params))
		if r.status != test.status {
			t.Errorf("%d: status %d, want %d", i, r.status, test.status)
		}
		if r.status == 200 {
			testutil.Equal(t, fmt.Sprint(i, ": objects"), ids(t, r, "institutions-response", "hei"), test.want)
		}
	}
}
