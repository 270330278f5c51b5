package ines_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

var (
	anais = passerelle.Person{
		BirthName: "Lefèvre-d'Œuilly", GivenNames: [3]string{"Anaïs", "Zoé"}, UsageName: "Guérin", Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2005, 3, 14), Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
	hans = passerelle.Person{
		BirthName: "Müller", GivenNames: [3]string{"Hans"}, Sex: passerelle.SexMale,
		BirthDate: passerelle.NewDate(2004, 12, 1), Birthplace: passerelle.Birthplace{Country: "99109"},
	}
	rnie    = ine.MustParse("223456789HE")
	bea     = ine.MustParse("0494004062M")
	lorrain = uai.MustParse("0542493S")
)

// quick sends again at once.
var quick = transport.RetryPolicy{MinWait: time.Microsecond, MaxWait: time.Millisecond}

func soapClient(tb testing.TB, s *inestest.Server, change ...func(*ines.SOAPConfig)) *ines.SOAP {
	tb.Helper()
	cfg := s.SOAPConfig()
	cfg.Transport.Retry = quick
	for _, f := range change {
		f(&cfg)
	}
	c, err := ines.NewSOAP(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func add(tb testing.TB, s *inestest.Server, p passerelle.Person, of ...ine.Number) inestest.Record {
	tb.Helper()
	r, err := s.Add(p, of...)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestJourney(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]func(inestest.TB, inestest.Config) *inestest.Server{"http": inestest.NewServer, "https": inestest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, inestest.Config{Population: 50})
			add(t, s, anais, rnie, bea)
			c := soapClient(t, s)

			a, err := c.Verify(t.Context(), ines.VerifyRequest{INE: bea, BirthDate: anais.BirthDate})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			testutil.Equal(t, "maître", a.Master.String(), rnie.String())
			testutil.Equal(t, "alternates", a.Alternates, []ine.Number{bea}, exact)
			testutil.Equal(t, "person", a.Person, anais)
			testutil.Equal(t, "unread", a.Unread, nil)
			if r, ok := a.Replaces(bea); !ok || r.New != rnie || r.Old != bea || r.At.IsZero() {
				t.Errorf("Replaces: got %v, %v", r, ok)
			}

			a, err = c.Search(t.Context(), ines.SearchRequest{Person: hans})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "nobody", a.Status, ines.StatusUnknown)

			a, err = c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: hans, UAI: lorrain})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			if a.Master.Family() != ine.RNIE || a.Master.Key() != ine.KeyOK {
				t.Errorf("created number: family %v, key %v, want an RNIE number with its right key", a.Master.Family(), a.Master.Key())
			}
			testutil.Equal(t, "counts", s.Registrations(hans), inestest.Count{Received: 1, Processed: 1, Created: 1})

			again, err := c.Search(t.Context(), ines.SearchRequest{Person: hans})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "found after registration", again.Master.String(), a.Master.String())

			n := 0
			for f, err := range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				testutil.Equal(t, "student", f.Student, "S-1")
				testutil.Equal(t, "request", f.RequestID, a.RequestID)
				testutil.Equal(t, "number", f.Master.String(), a.Master.String())
			}
			testutil.Equal(t, "followed up", n, 1)
		})
	}
}

// exact compares values with unexported fields by ==.
var exact = cmp.Comparer(func(a, b ine.Number) bool { return a == b })
