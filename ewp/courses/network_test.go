package courses_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var uniA, uniB = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")

// network has uni-a, and uni-b with courses. uni-a keeps nothing of an answer in memory.
func network(p courses.Provider, l courses.Lister) (*ewptest.Network, error) {
	return ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Client: func(cfg *ewpclient.Config) { cfg.Memory = -1 }},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return errors.Join(
				courses.Register(u.Server, p, courses.Limits{IDs: 100, Codes: 2}),
				courses.RegisterReplication(u.Server, l))
		}},
	}})
}

func newNetwork(tb testing.TB, p courses.Provider, l courses.Lister) *courses.Client {
	tb.Helper()
	n, err := network(p, l)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { n.Close() })
	return courses.NewClient(n.University("uni-a.example").Client)
}

// catalogue has a number of courses, and tells what it was asked.
type catalogue struct {
	n     int
	odd   string // an identifier among those of the list
	since time.Time
	calls []int
	fails bool
}

func (c *catalogue) course(i int) courses.Specification {
	return courses.Specification{ID: fmt.Sprintf("CR/%08d", i), Code: fmt.Sprint(i), Titles: ewp.Texts{{Lang: "en", Value: "Course"}}}
}

func (c *catalogue) Changed(_ context.Context, _ ewpserver.Parties, since time.Time) iter.Seq2[string, error] {
	c.since = since
	return func(yield func(string, error) bool) {
		if c.odd != "" && !yield(c.odd, nil) {
			return
		}
		for i := range c.n {
			if !yield(fmt.Sprintf("CR/%08d", i), nil) {
				return
			}
		}
	}
}

func (c *catalogue) Courses(_ context.Context, _ ewpserver.Parties, by courses.Selection) iter.Seq2[courses.Specification, error] {
	c.calls = append(c.calls, len(by.IDs)+len(by.Codes))
	return func(yield func(courses.Specification, error) bool) {
		if c.fails {
			yield(courses.Specification{}, passerelle.ErrUnavailable)
			return
		}
		if !yield(c.course(99_999_999), nil) { // nobody asked for it
			return
		}
		for _, id := range by.IDs {
			var i int
			if _, err := fmt.Sscanf(id, "CR/%d", &i); err == nil && i < c.n && !yield(c.course(i), nil) {
				return
			}
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	other := courses.Specification{ID: "CR/2", Code: "C2", Titles: full.Titles}
	list := courses.List{full, other, {ID: "CR/3", Code: "C3", Titles: full.Titles}}
	c := newNetwork(t, list, list)
	for i, q := range map[int]struct {
		request courses.Request
		want    string
	}{
		0: {courses.Request{IDs: []string{full.ID, "CR/2", "CR/9"}}, "CR/inf-301:2 CR/2:0 "},
		1: {courses.Request{Codes: []string{"C3", "C2", "INF-301"}}, "CR/2:0 CR/3:0 CR/inf-301:2 "},
		2: {courses.Request{IDs: []string{full.ID}, Filter: courses.Filter{After: day}}, "CR/inf-301:0 "},
		3: {courses.Request{IDs: []string{full.ID}, Filter: courses.Filter{Before: day, At: day}}, "CR/inf-301:1 "},
		4: {courses.Request{}, ""},
	} {
		q.request.HEI = uniB
		var got string
		for s, err := range c.Get(t.Context(), q.request) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			got += fmt.Sprintf("%s:%d ", s.ID, len(s.Instances))
		}
		testutil.Equal(t, fmt.Sprintf("%d: courses", i), got, q.want)
	}
	for _, err := range c.Get(t.Context(), courses.Request{HEI: uniB, IDs: []string{"CR/2"}, Codes: []string{"C2"}}) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("identifiers and codes: %v, want ErrInvalid", err)
		}
	}
}

// TestReplicate lists 100 000 identifiers, some 6 MB, which neither side has in memory
// as a whole.
func TestReplicate(t *testing.T) {
	t.Parallel()
	p := &catalogue{n: 100_000}
	c := newNetwork(t, p, p)
	since := time.Date(2025, 9, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	n := 0
	for id, err := range c.Replicate(t.Context(), courses.ReplicationRequest{HEI: uniB, Since: since}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("CR/%08d", n); id != want {
			t.Fatalf("%s, want %s", id, want)
		}
		n++
	}
	testutil.Equal(t, "identifiers", n, p.n)
	if !p.since.Equal(since) {
		t.Errorf("since %v, want %v", p.since, since)
	}
}

// TestAll takes a whole catalogue, more than one batch of it.
func TestAll(t *testing.T) {
	t.Parallel()
	p := &catalogue{n: 1234, odd: "MICRO/1"}
	c := newNetwork(t, p, p)
	seen := map[string]bool{}
	for s, err := range c.All(t.Context(), courses.ReplicationRequest{HEI: uniB}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[s.ID] = true
	}
	testutil.Equal(t, "courses", len(seen), p.n)
	testutil.Equal(t, "calls", p.calls, append(slices.Repeat([]int{100}, 12), 34))
	if !p.since.IsZero() {
		t.Errorf("since %v", p.since)
	}
}

// TestAllEnds: a host that fails is not asked again for the rest.
func TestAllEnds(t *testing.T) {
	t.Parallel()
	p := &catalogue{n: 5000, fails: true}
	c := newNetwork(t, p, p)
	var failures int
	for _, err := range c.All(t.Context(), courses.ReplicationRequest{HEI: uniB}) {
		if !errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("%v, want ErrUnavailable", err)
		}
		failures++
	}
	if failures != 1 {
		t.Errorf("%d errors, want 1", failures)
	}
	for _, err := range c.All(t.Context(), courses.ReplicationRequest{HEI: uniA}) {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a host without the API: %v, want ErrNotFound", err)
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	n, err := network(courses.List{}, courses.List{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s := n.University("uni-b.example").Server
	for i, err := range map[int]error{
		0: courses.Register(s, nil, courses.Limits{}), 1: courses.RegisterReplication(s, nil),
		2: courses.Register(s, courses.List{}, courses.Limits{}), 3: courses.RegisterReplication(s, courses.List{}),
	} {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want ErrInvalid", i, err)
		}
	}
}

// A partner's catalogue, to choose courses for a learning agreement from.
func ExampleClient_All() {
	list := courses.List{full}
	network, err := network(list, list)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	client := courses.NewClient(network.University("uni-a.example").Client)
	for s, err := range client.All(context.Background(), courses.ReplicationRequest{HEI: uniB}) {
		if err != nil {
			log.Fatal(err)
		}
		y := s.Syllabus(passerelle.MustParseDate("2025-10-01"))
		fmt.Println(y.Code, y.Titles.In("en").Value, y.ECTS, y.Language, y.Scale, y.Assessment.In("en").Value)
	}
	// Output:
	// INF-301 Algorithms 7.5 fr 0-20 Written exam, two hours
}
