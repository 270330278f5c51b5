package ewpserver_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// record is what an index is made from.
type record struct {
	id       string
	of       ewp.HEIID
	year     string
	modified time.Time
}

var records = []record{
	{"la-1", partner, "2010/2011", time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)},
	{"la-2", partner, "2020/2020", time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)},
	{"la-3", third, "2010/2011", time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)},
}

// list is a provider as one would write it.
func list(_ context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, r := range records {
			if r.of != f.Caller || r.modified.Before(f.ModifiedSince) || len(f.Years) > 0 && !slices.Contains(f.Years, r.year) {
				continue
			}
			if !yield(r.id, nil) {
				return
			}
		}
	}
}

// TestIndex goes through the validator's steps for indexes, as the learning
// agreements have them.
func TestIndex(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OMobilityLAs, "index", ewpserver.Index{
		Owner: ewpserver.Owner{Param: "sending_hei_id"}, Partner: "receiving_hei_id", Years: "receiving_academic_year_id",
		Since: true, Item: "omobility-id", List: list,
	})
	const own = "sending_hei_id=own.example"
	for name, test := range map[string]struct {
		params string
		status int
		want   string
	}{
		"own":                                {own, 200, "la-1 la-2"},
		"own twice":                          {own + "&" + own, 400, ""},
		"missing":                            {"", 400, ""},
		"unknown":                            {"sending_hei_id=unknown.example", 400, ""},
		"unknown partner":                    {own + "&receiving_hei_id=unknown.example", 200, ""},
		"known and unknown partner":          {own + "&receiving_hei_id=unknown.example&receiving_hei_id=partner.example", 200, "la-1 la-2"},
		"partner that is not the caller":     {own + "&receiving_hei_id=third.example", 200, ""},
		"year":                               {own + "&receiving_academic_year_id=2010/2011", 200, "la-1"},
		"southern year":                      {own + "&receiving_academic_year_id=2020/2020", 200, "la-2"},
		"two years":                          {own + "&receiving_academic_year_id=2020/2020&receiving_academic_year_id=2010/2011", 200, "la-1 la-2"},
		"unknown year":                       {own + "&receiving_academic_year_id=1653/1654", 200, ""},
		"test/test":                          {own + "&receiving_academic_year_id=test/test", 400, ""},
		"2010/2012":                          {own + "&receiving_academic_year_id=2010/2012", 400, ""},
		"2011/2010":                          {own + "&receiving_academic_year_id=2011/2010", 400, ""},
		"2010-2011":                          {own + "&receiving_academic_year_id=2010-2011", 400, ""},
		"2010":                               {own + "&receiving_academic_year_id=2010", 400, ""},
		"good year and bad year":             {own + "&receiving_academic_year_id=2010/2011&receiving_academic_year_id=x", 400, ""},
		"since long ago":                     {own + "&modified_since=2000-02-12T15:19:21%2B01:00", 200, "la-1 la-2"},
		"since the edge":                     {own + "&modified_since=2020-12-31T22:00:00-02:00", 200, "la-2"},
		"since after the edge":               {own + "&modified_since=2021-01-01T00:00:00.001Z", 200, ""},
		"since the future":                   {own + "&modified_since=2099-01-01T00:00:00Z", 200, ""},
		"since twice":                        {own + "&modified_since=2000-02-12T15:19:21%2B01:00&modified_since=2000-02-12T15:19:21%2B01:00", 400, ""},
		"since a date":                       {own + "&modified_since=2000-02-12", 400, ""},
		"since without zone":                 {own + "&modified_since=2000-02-12T15:19:21", 400, ""},
		"since in the American way":          {own + "&modified_since=05/29/2015+05:50", 400, ""},
		"since some word":                    {own + "&modified_since=yesterday", 400, ""},
		"since nothing":                      {own + "&modified_since=", 400, ""},
		"since with a plus left unescaped":   {own + "&modified_since=2000-02-12T15:19:21+01:00", 400, ""},
		"since with a comma":                 {own + "&modified_since=2000-02-12T15:19:21,5Z", 400, ""},
		"a parameter that the API has not":   {own + "&partner_hei_id=x", 200, "la-1 la-2"},
		"all together":                       {own + "&receiving_hei_id=partner.example&receiving_academic_year_id=2010/2011&modified_since=2014-01-01T00:00:00Z", 200, "la-1"},
		"all together, and one that excepts": {own + "&receiving_hei_id=partner.example&receiving_academic_year_id=2010/2011&modified_since=2016-01-01T00:00:00Z", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []call{form("/omobility-las/index", test.params), get("/omobility-las/index?" + test.params)} {
				r := b.do(t, c)
				r.wantStatus(t, test.status)
				if r.status == 200 {
					_, items := r.items(t)
					testutil.Equal(t, "identifiers", strings.ReplaceAll(strings.Join(items, " "), "omobility-id=", ""), test.want)
				}
			}
		})
	}
	r := b.do(t, form("/omobility-las/index", own).as(thirdKey()))
	if _, items := r.items(t); !slices.Equal(items, []string{"omobility-id=la-3"}) {
		t.Errorf("a third university sees %q, want its own", items)
	}
}

// TestIndexFaultsTogether tells a developer all at once.
func TestIndexFaultsTogether(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OMobilities, "index", ewpserver.Index{Years: "receiving_academic_year_id", Since: true, Item: "omobility-id",
		List: func(ctx context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
			t.Error("the provider was asked in spite of faults")
			return list(ctx, f)
		}})
	r := b.do(t, get("/omobilities/index?receiving_academic_year_id=x&modified_since=x"))
	r.wantStatus(t, 400)
	for _, param := range []string{"receiving_academic_year_id", "modified_since"} {
		if !strings.Contains(r.body, param) {
			t.Errorf("no word of %s in %s", param, r.body)
		}
	}
}

// TestStream answers with more than is kept in memory, object by object.
func TestStream(t *testing.T) {
	t.Parallel()
	const n = 30_000
	dir := t.TempDir()
	b := newBed(t, func(c *ewpserver.Config) { c.Answers.Memory, c.Answers.Dir = 1000, dir })
	b.handle(t, ewp.IIAs, "index", ewpserver.Index{Item: "iia-id", List: func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for i := range n {
				if !yield(fmt.Sprint("iia-", i), nil) {
					return
				}
			}
		}
	}})
	for _, coding := range []string{"identity", "gzip"} {
		r := b.do(t, get("/iias/index").with("Accept-Signature", "rsa-sha256").with("Accept-Encoding", coding))
		r.wantStatus(t, 200)
		r.wantSigned(t, ownKey())
		_, items := r.items(t)
		if len(items) != n || items[n-1] != fmt.Sprint("iia-id=iia-", n-1) {
			t.Errorf("%s: %d identifiers, the last %q", coding, len(items), items[len(items)-1])
		}
		if left := entries(t, dir); len(left) > 0 {
			t.Errorf("%s: files are left: %v", coding, left)
		}
	}
}

// TestMajor serves an API in two versions side by side.
func TestMajor(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	list := func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
		return func(func(string, error) bool) {}
	}
	older := ewpserver.Index{Owner: ewpserver.Owner{Param: "receiving_hei_id"}, Item: "omobility-id", List: list}
	b.handle(t, ewp.IMobilityToRs, "index", ewpserver.Index{Item: "omobility-id", List: list})
	b.handle(t, ewp.IMobilityToRs, "index", older, ewpserver.Major(2))
	for i, c := range []struct {
		target    string
		major     int
		namespace string
	}{
		0: {"/imobility-tors/index", 3, "https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/index-response.xsd"},
		1: {"/imobility-tors/v2/index?receiving_hei_id=own.example", 2, "https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v2/endpoints/index-response.xsd"},
	} {
		answer := b.do(t, get(c.target))
		answer.wantStatus(t, 200)
		root, _ := answer.items(t)
		testutil.Equal(t, "root", root, xmlName(c.namespace, "imobility-tors-index-response"))
		path, _, _ := strings.Cut(c.target, "?")
		for r := range b.Routes() {
			if r.Path == path && (r.Major != c.major || r.Endpoint.Namespace != c.namespace) {
				t.Errorf("%d: the route is %+v", i, r)
			}
		}
	}
	if err := b.Handle(ewp.IMobilityToRs, "index", older, ewpserver.Major(2)); err == nil {
		t.Error("a version is served twice at one path")
	}
	if err := b.Handle(ewp.IMobilityToRs, "index", older, ewpserver.Major(-1)); err == nil {
		t.Error("a version below 1 is served")
	}
}
