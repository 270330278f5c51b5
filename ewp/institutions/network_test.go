package institutions_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// observed is a provider that notes who asked for what, and can fail.
type observed struct {
	institutions.List
	failure error
	more    []institutions.HEI // given without being asked

	mu    sync.Mutex
	asked []string
}

func (o *observed) Institutions(ctx context.Context, p ewpserver.Parties, heis []ewp.HEIID) iter.Seq2[institutions.HEI, error] {
	o.mu.Lock()
	o.asked = append(o.asked, fmt.Sprint(p.Caller, p.HEI, heis))
	o.mu.Unlock()
	return func(yield func(institutions.HEI, error) bool) {
		if o.failure != nil && !yield(institutions.HEI{}, o.failure) {
			return
		}
		for _, h := range o.more {
			if !yield(h, nil) {
				return
			}
		}
		o.List.Institutions(ctx, p, heis)(yield)
	}
}

// network has uni-a, and uni-b with a provider.
func network(t *testing.T, p institutions.Provider, max int, opts ...ewpserver.Option) *ewptest.Network {
	t.Helper()
	return ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: ewp.MustParseHEIID("uni-b.example"), Register: func(u *ewptest.University) error {
			return institutions.Register(u.Server, p, institutions.Limits{HEIs: max}, opts...)
		}},
	}})
}

// collect returns the identifiers that came, and the first error.
func collect(seq iter.Seq2[institutions.HEI, error]) (ids []string, failure error) {
	for h, err := range seq {
		if err != nil && failure == nil {
			failure = err
			continue
		}
		ids = append(ids, h.ID.String())
	}
	return ids, failure
}

// TestGet: a list is spread over calls; what is unknown is left out, and what was not
// asked for passed over.
func TestGet(t *testing.T) {
	t.Parallel()
	p := &observed{List: institutions.List{full}, more: []institutions.HEI{{ID: ewp.MustParseHEIID("uninvited.example"), Names: full.Names}}}
	var about []ewp.HEIID
	for _, s := range []string{"x1.example", "x2.example", "uni-b.example", "x3.example", "x1.example", "uni-b.example"} {
		about = append(about, ewp.MustParseHEIID(s))
		if s != "uni-b.example" {
			p.List = append(p.List, institutions.HEI{ID: ewp.MustParseHEIID(s), Names: full.Names})
		}
	}
	p.List = p.List[:3] // x3 is not known
	n := network(t, p, 2)
	c := institutions.NewClient(n.University("uni-a.example").Client)
	got, err := collect(c.Get(t.Context(), institutions.Request{HEI: full.ID, About: about}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	testutil.Equal(t, "institutions", got, []string{"uni-b.example", "x1.example", "x2.example"})
	testutil.Equal(t, "asked", p.asked, []string{
		"uni-a.example uni-b.example [x1.example x2.example]", "uni-a.example uni-b.example [uni-b.example x3.example]",
	})
}

func TestOwn(t *testing.T) {
	t.Parallel()
	p := &observed{List: institutions.List{full}}
	n := network(t, p, 0)
	c := institutions.NewClient(n.University("uni-a.example").Client)
	if h, err := c.Own(t.Context(), full.ID); err != nil || h.Names.In("en").Value != "University B" {
		t.Errorf("%v, %v", h.Names, err)
	}
	p.List = nil
	if _, err := c.Own(t.Context(), full.ID); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	if _, err := c.Own(t.Context(), ewp.MustParseHEIID("nobody.example")); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	if _, err := c.Own(t.Context(), ewp.HEIID{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("%v, want ErrInvalid", err)
	}
	p.failure = errors.New("the base is away")
	if _, err := c.Own(t.Context(), full.ID); !errors.Is(err, passerelle.ErrUnavailable) || strings.Contains(err.Error(), "base") {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	p.failure, p.List = passerelle.ErrForbidden, institutions.List{full}
	if _, err := c.Own(t.Context(), full.ID); err != nil {
		t.Errorf("one that is not shown takes the others away: %v", err)
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	u := network(t, institutions.List{}, 1).University("uni-b.example")
	for i, err := range map[int]error{
		0: institutions.Register(u.Server, nil, institutions.Limits{}),
		1: institutions.Register(u.Server, institutions.List{}, institutions.Limits{HEIs: -1}, ewpserver.Path("/other")),
		2: institutions.Register(u.Server, institutions.List{}, institutions.Limits{}), // is served already
	} {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want ErrInvalid", i, err)
		}
	}
}
