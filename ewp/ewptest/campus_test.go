package ewptest_test

import (
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/http"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// campusAPIs are those that a campus is shown by.
var campusAPIs = []ewp.API{ewp.Institutions, ewp.OrganizationalUnits, ewp.Factsheet, ewp.Courses, ewp.SimpleCourseReplication}

// campusNetwork has uni-a with a campus, and two others.
func campusNetwork(t *testing.T, change func(*ewptest.Campus), opts ...ewpserver.Option) *ewptest.Network {
	t.Helper()
	return ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: func(u *ewptest.University) error {
		c := ewptest.NewCampus(u.Institution)
		if change != nil {
			change(&c)
		}
		return c.Serve(u, opts...)
	}}))
}

// unsigned answers are tested elsewhere, and half the combinations.
const unsigned = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.RequestTLS | ewp.ResponseTLS

// TestCampusFits: what a university publishes is right in itself, and fits together.
func TestCampusFits(t *testing.T) {
	t.Parallel()
	c := ewptest.NewCampus(ewp.Institution{ID: ewp.MustParseHEIID(uniA), Names: ewp.Texts{{Lang: "en", Value: "University A"}}})
	errs := []error{c.Institution.Validate(), ounits.Check(c.Units), c.Factsheet.Validate(), c.Factsheet.Warnings().Err()}
	var ids, units []string
	for _, s := range c.Courses {
		errs = append(errs, s.Validate())
		ids = append(ids, s.ID)
	}
	for _, u := range c.Units {
		units = append(units, u.ID)
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	for _, s := range c.Courses {
		for _, part := range s.Parts {
			if !slices.Contains(ids, part) {
				t.Errorf("%s has a part %s that is nowhere", s.ID, part)
			}
		}
		if !slices.Contains(units, s.Unit) {
			t.Errorf("%s is of a unit %s that is nowhere", s.ID, s.Unit)
		}
	}
	testutil.Equal(t, "units", c.Institution.Units, units)
	if c.Factsheet.HEI != c.Institution.ID || c.Institution.RootUnit != "unit-0" {
		t.Errorf("factsheet of %s, root unit %s", c.Factsheet.HEI, c.Institution.RootUnit)
	}
}

// TestCampusConformance holds a campus against the steps, and each answer against the
// published schemas.
func TestCampusConformance(t *testing.T) {
	t.Parallel()
	schemas := map[string]string{
		"institutions-response":       "ewp-specs-api-institutions/stable-v2/response.xsd",
		"ounits-response":             "ewp-specs-api-ounits/stable-v2/response.xsd",
		"factsheet-response":          "ewp-specs-api-factsheet/stable-v1/response.xsd",
		"courses-response":            "ewp-specs-api-courses/stable-v1/response.xsd",
		"course-replication-response": "ewp-specs-api-course-replication/stable-v1/response.xsd",
		"error-response":              "ewp-specs-architecture/stable-v1/common-types.xsd",
	}
	n := campusNetwork(t, nil)
	host := n.Host(uniA, uniB)
	host.Only = campusAPIs
	validate := xmllint(t)
	judged := map[[sha256.Size]byte]error{}
	host.Schema = func(root xml.Name, doc []byte) error {
		sum := sha256.Sum256(doc)
		err, known := judged[sum]
		if !known {
			err = validate(schemas[root.Local], doc)
			judged[sum] = err
		}
		return err
	}
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[ewp.API]int{}
	for _, r := range report {
		counts[r.API]++
		if r.Status > ewptest.Notice || r.Status == ewptest.Skipped || r.Status == ewptest.Notice && r.Step != "declared security methods" {
			t.Errorf("%s\n%s", r, r.Reason)
		}
	}
	// In each of four combinations the validator's own report has as many steps, beside
	// those that are ours; two methods that do not exist are tried in the two by POST.
	for api, want := range map[ewp.API]int{
		ewp.Institutions: 4 + 4*8 + 4, ewp.Factsheet: 4 + 4*8 + 4, ewp.OrganizationalUnits: 6 + 4*20 + 4, ewp.Courses: 6 + 4*(20+7+2) + 4,
		ewp.SimpleCourseReplication: 4 + 4*(11+1) + 4,
	} {
		if counts[api] != want {
			t.Errorf("%s: %d steps, want %d", api, counts[api], want)
		}
	}
}

// giver changes what the providers of a campus give.
type giver struct{ ewptest.Campus }

// Institutions gives the institution whatever is asked for.
func (g giver) Institutions(context.Context, ewpserver.Parties, []ewp.HEIID) iter.Seq2[institutions.HEI, error] {
	return func(yield func(institutions.HEI, error) bool) { yield(g.Institution, nil) }
}

// TestCampusConformanceFinds holds campuses with a fault against the steps.
func TestCampusConformanceFinds(t *testing.T) {
	t.Parallel()
	const (
		fails, warns = ewptest.Failure, ewptest.Warning
		one          = "one known los_id"
	)
	for name, c := range map[string]struct {
		change func(*ewptest.Campus)
		only   ewp.API
		want   map[string]ewptest.Status
	}{
		"root unit not listed": {func(c *ewptest.Campus) { c.Institution.Units = c.Institution.Units[1:] }, ewp.Institutions, map[string]ewptest.Status{
			"one known hei_id": fails, "one known and one unknown hei_id": fails, "exactly 3 known hei_id": fails,
		}},
		"another institution": {func(c *ewptest.Campus) { c.Factsheet.HEI = ewp.MustParseHEIID("other.example") }, ewp.Factsheet, map[string]ewptest.Status{
			"one known hei_id": fails, "one known and one unknown hei_id": fails, "exactly 3 known hei_id": fails,
		}},
		"unit that is listed and not there": {func(c *ewptest.Campus) { c.Units = c.Units[1:] }, ewp.OrganizationalUnits, map[string]ewptest.Status{
			"one known ounit_id": fails, "one known and one unknown ounit_id": fails, "exactly 3 known ounit_id": fails,
		}},
		"course without code": {func(c *ewptest.Campus) { c.Courses[0].Code = "" }, ewp.Courses, map[string]ewptest.Status{one: warns}},
		"instance whose dates are not filtered": {func(c *ewptest.Campus) { c.Courses[0].Instances[0].Start += "T00:00:00" }, ewp.Courses, map[string]ewptest.Status{
			"lois_after that leaves out an instance": warns, "lois_before that leaves out an instance": warns,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := campusNetwork(t, c.change, ewpserver.Security(unsigned)).Host(uniA, uniB)
			host.Only = []ewp.API{c.only}
			testutil.Equal(t, "steps that are not passed", steps(t, host), c.want)
		})
	}
	t.Run("answers to everything", func(t *testing.T) {
		t.Parallel()
		n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: func(u *ewptest.University) error {
			return institutions.Register(u.Server, giver{ewptest.NewCampus(u.Institution)}, institutions.Limits{HEIs: 3})
		}}))
		host := n.Host(uniA, uniB)
		host.Only = []ewp.API{ewp.Institutions}
		// A request for an unknown institution reaches the provider, which lies.
		testutil.Equal(t, "steps that are not passed", steps(t, host), map[string]ewptest.Status{"one unknown hei_id": fails})
	})
}

// TestCampusAccess asks every endpoint by each of its methods without a name, and reads
// it as each of the others: a campus is public among members, and to others where that
// is said.
func TestCampusAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []ewpserver.Option
		want int // without a name and without parameters
	}{
		"members":  {nil, http.StatusUnauthorized},
		"everyone": {[]ewpserver.Option{ewpserver.Security(ewpserver.DefaultSecurity | ewp.ClientAnonymous)}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := campusNetwork(t, nil, c.opts...)
			a := n.University(uniA)
			asked := 0
			for r := range a.Server.Routes() {
				if !slices.Contains(campusAPIs, r.API) {
					continue
				}
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					req, err := http.NewRequestWithContext(t.Context(), method, a.URL+r.Path, nil)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := n.HTTP().RoundTrip(req)
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					if resp.StatusCode != c.want {
						t.Errorf("%s %s without a name: %d, want %d", method, r.API, resp.StatusCode, c.want)
					}
					asked++
				}
			}
			testutil.Equal(t, "requests without a name", asked, 2*len(campusAPIs))
			for _, as := range []string{uniB, uniC} {
				readCampus(t, n.University(as).Client, a)
			}
		})
	}
}

// TestCampusClients reads a campus by the clients of all five APIs.
func TestCampusClients(t *testing.T) {
	t.Parallel()
	n := campusNetwork(t, nil)
	a, client := n.University(uniA), n.University(uniB).Client
	readCampus(t, client, a)
	for id, err := range courses.NewClient(client).Replicate(t.Context(), courses.ReplicationRequest{HEI: a.HEI, Since: ewptest.CampusChanged.AddDate(0, 0, 1)}) {
		t.Errorf("%s changed, %v", id, err)
	}
	if _, err := institutions.NewClient(client).Own(t.Context(), ewp.MustParseHEIID(uniC)); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a university without a campus: %v, want ErrNotFound", err)
	}
}

// readCampus reads the campus of a university by a client of another.
func readCampus(t *testing.T, client *ewpclient.Client, a *ewptest.University) {
	t.Helper()
	want := ewptest.NewCampus(a.Institution)
	hei, err := institutions.NewClient(client).Own(t.Context(), a.HEI)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := factsheet.NewClient(client).Own(t.Context(), a.HEI)
	if err != nil {
		t.Fatal(err)
	}
	got := ewptest.Campus{Institution: hei, Factsheet: sheet}
	for u, err := range ounits.NewClient(client).Get(t.Context(), ounits.Request{HEI: a.HEI, IDs: hei.Units}) {
		if err != nil {
			t.Fatal(err)
		}
		got.Units = append(got.Units, u)
	}
	for s, err := range courses.NewClient(client).All(t.Context(), courses.ReplicationRequest{HEI: a.HEI, Since: ewptest.CampusChanged}) {
		if err != nil {
			t.Fatal(err)
		}
		got.Courses = append(got.Courses, s)
	}
	testutil.Equal(t, "institution", got.Institution.ID.String(), want.Institution.ID.String())
	testutil.Equal(t, "units", got.Units, want.Units)
	testutil.Equal(t, "courses", got.Courses, want.Courses)
	testutil.Equal(t, "office", got.Factsheet.Housing, want.Factsheet.Housing)
	testutil.Equal(t, "contacts", got.Institution.Contacts, want.Institution.Contacts)
}

// A university with name, units, factsheet and courses.
func ExampleServeCampus() {
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: ewp.MustParseHEIID("uni-b.example"), Register: func(u *ewptest.University) error {
			_, err := ewptest.ServeCampus(u)
			return err
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	client := courses.NewClient(network.University("uni-a.example").Client)
	request := courses.Request{HEI: ewp.MustParseHEIID("uni-b.example"), Codes: []string{"INF-301"}}
	for course, err := range client.Get(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(course.ID, course.Titles.In("fr").Value, course.Instances[0].ECTS())
	}
	// Output:
	// CR/inf-301 Algorithmique 6
}
