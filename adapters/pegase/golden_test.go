package pegase_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// tape writes down what goes over the wire, without what changes from run to run.
type tape struct {
	base http.RoundTripper
	out  bytes.Buffer
}

var changing = regexp.MustCompile(`http://127\.0\.0\.1:\d+|[\w-]+\.[\w-]{20,}\.[\w-]+`)

func (p *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	fmt.Fprintf(&p.out, "%s %s\n", r.Method, r.URL.RequestURI())
	for _, name := range []string{"Accept", "Authorization", "Content-Type"} {
		if v := r.Header.Get(name); v != "" {
			fmt.Fprintf(&p.out, "%s: %s\n", name, changing.ReplaceAllString(v, "<token>"))
		}
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		fmt.Fprintf(&p.out, "\n%s\n", pretty(body))
	}
	resp, err := p.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	fmt.Fprintf(&p.out, "\n%s\nContent-Type: %s\n\n%s\n\n", resp.Status, resp.Header.Get("Content-Type"), pretty(body))
	return resp, err
}

func pretty(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		return changing.ReplaceAllString(string(body), "<token>")
	}
	return strings.TrimSpace(b.String())
}

// Every request and answer of the service, as they go over the wire.
func TestGolden(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	drop := func(_ any, err error) error { return err }
	for name, test := range map[string]struct {
		quirks pegasetest.Quirks
		call   func(c *pegase.Client) error
	}{
		"token": {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.Courses(ctx, "nobody")) }},
		"search": {pegasetest.Quirks{}, func(c *pegase.Client) error {
			_, errs := collect(c.Search(ctx, pegase.SearchQuery{Status: ines.StatusUnknown, BirthName: "Nguy", Partial: true}))
			return joined(errs)
		}},
		"identity":     {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.IdentityByPegaseID(ctx, "p1")) }},
		"identity-404": {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.Identity(ctx, "nobody")) }},
		"identity-500": {pegasetest.AllQuirks, func(c *pegase.Client) error { return drop(c.Identity(ctx, "nobody")) }},
		"flow": {pegasetest.Quirks{}, func(c *pegase.Client) error {
			_, errs := collect(c.Flow(ctx, pegase.FlowQuery{Since: day.AddDate(0, -1, 0), Until: day, Period: "PERIODE-26-27", Student: lucie.Code}))
			return joined(errs)
		}},
		"flow-quirks": {pegasetest.AllQuirks, func(c *pegase.Client) error {
			_, errs := collect(c.Flow(ctx, pegase.FlowQuery{Until: day, Student: estelle.Code}))
			return joined(errs)
		}},
		"file":        {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.File(ctx, lucie.Code)) }},
		"file-quirks": {pegasetest.AllQuirks, func(c *pegase.Client) error { return drop(c.File(ctx, estelle.Code)) }},
		"correction": {pegasetest.Quirks{}, func(c *pegase.Client) error {
			w, err := c.INEWriter()
			if err != nil {
				return err
			}
			return w.WriteINE(ctx, sis.INEUpdate{Student: id(estelle.Code), Definitive: definitive})
		}},
		"periods": {pegasetest.Quirks{}, func(c *pegase.Client) error { _, errs := collect(c.Periods(ctx)); return joined(errs) }},
		"programmes": {pegasetest.Quirks{}, func(c *pegase.Client) error {
			_, errs := collect(c.Programmes(ctx, pegase.ProgrammeQuery{Period: "espace-2026", Text: "droit", ApprovedOnly: true}))
			return joined(errs)
		}},
		"tree":    {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.Tree(ctx, "programme-LIC-DROIT")) }},
		"courses": {pegasetest.Quirks{}, func(c *pegase.Client) error { return drop(c.Courses(ctx, lucie.Code)) }},
		"marks": {pegasetest.Quirks{}, func(c *pegase.Client) error {
			return drop(c.Marks(ctx, "PERIODE-26-27", lucie.Code, "LIC-DROIT>LIC-DROIT-A1"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p tape
			server, c := tenant(t, pegasetest.Config{Quirks: test.quirks}, func(c *pegase.Config) {
				p.base, c.Transport.Base = c.Transport.Base, &p
			})
			server.Add(lucie)
			server.Add(estelle)
			server.AddProgramme(pegasetest.Programme{Code: "LIC-DROIT", Label: "Licence de droit", Nodes: lucie.Enrolments[0].Nodes})
			if name != "token" { // its exchange is in one file only
				if _, err := c.Courses(ctx, "nobody"); err != nil {
					t.Fatal(err)
				}
				p.out.Reset()
			}
			if err := test.call(c); err != nil {
				fmt.Fprintf(&p.out, "error: %s\n", changing.ReplaceAllString(err.Error(), "<address>"))
			}
			testutil.Golden(t, name+".golden", p.out.Bytes())
		})
	}
}

func joined(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// Words that no enumeration has yet survive being read and written.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in   string
		into any
	}{
		0: {`{"id":"u","identifiantApprenantPegase":"p","nomNaissance":"A","prenom":"B","sexe":"X","dateNaissance":"2005-00-00","inesSupplementaires":["1"],"nationalite":{"type":"NOUVELLE","code":"100"}}`, &pegase.Summary{}},
		1: {`{"id":"u","identifiantApprenantPegase":"p","nomNaissance":"A","prenom":"B","email":"e","statutIne":"LITIGE_EN_ETUDE","temoinVerrouille":true}`, &pegase.Identity{}},
		2: {`{"mobilite":"VIRTUELLE","statutPaiement":"echelonne","statusInscription":"suspendue","civilite":"X","chemin":[{"code":"A","type":"BLOC"}]}`, &pegase.FlowEntry{}},
		3: {`{"apprenant":{"bac":{"statutIne":"REEXAMEN"},"naissance":{"paysDeNaissance":100}},"inscriptions":[{"origine":"portail-2027","statutInscription":"suspendue","contexteInscription":"retour","situationUniversitaire":{"cesure":"MOIS"},"cible":{"chemin":[{"nature":"Bloc","est1":"X"}]}}]}`, &pegase.File{}},
		4: {`[{"codeStructure":"E","racinePedagogique":{"codeObjetMaquette":"A","typeChoixPedagogique":"A_DISTANCE","creditEcts":6.5,"enfants":[]}}]`, &[]pegase.Courses{}},
		5: {`[{"codeChemin":"A>B","bareme":20,"noteFinale":12.468,"absenceFinale":"EXCUSEE","Gpa":{"code":"GPA001","valeur":"0.70"},"publieSession1":true,"publieSession2":false,"publieEvaluationsFinales":true}]`, &[]pegase.Mark{}},
		6: {`{"id":"1","code":"A","libelle":"L","classe":"BLOC","type":"NOUVEAU","ects":3,"enfants":[{"obligatoire":true,"objetMaquette":{"id":"2","code":"B","libelle":"M"}}]}`, &pegase.Node{}},
	} {
		if err := json.Unmarshal([]byte(c.in), c.into); err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		out, err := json.Marshal(c.into)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		var before, after any
		if json.Unmarshal([]byte(c.in), &before) != nil || json.Unmarshal(out, &after) != nil {
			t.Fatalf("%d: not JSON", i)
		}
		if lost := missing(before, after, ""); lost != "" {
			t.Errorf("%d: %s was lost: %s", i, lost, out)
		}
	}
}

// missing names a value of a that b does not have, in words.
func missing(a, b any, at string) string {
	switch a := a.(type) {
	case map[string]any:
		m, _ := b.(map[string]any)
		for name, v := range a {
			if lost := missing(v, m[name], at+"."+name); lost != "" {
				return lost
			}
		}
		return ""
	case []any:
		l, _ := b.([]any)
		if len(l) != len(a) {
			return at
		}
		for i := range a {
			if lost := missing(a[i], l[i], fmt.Sprintf("%s[%d]", at, i)); lost != "" {
				return lost
			}
		}
		return ""
	}
	if fmt.Sprint(a) != fmt.Sprint(b) {
		return at
	}
	return ""
}

// A number is one segment of the path, whatever it holds.
func TestPathEscape(t *testing.T) {
	t.Parallel()
	var p tape
	server, c := tenant(t, pegasetest.Config{}, func(c *pegase.Config) { p.base, c.Transport.Base = c.Transport.Base, &p })
	server.Add(lucie)
	for i, code := range []string{0: "../" + lucie.Code, 1: lucie.Code + "/?x=", 2: lucie.Code + "#", 3: "%30"} {
		if _, err := c.File(t.Context(), code); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%d: the file of %q: error %v; want ErrNotFound", i, code, err)
		}
	}
	if want := "/gestion/inscription/ETAB00/..%2F000000001/\n"; !strings.Contains(p.out.String(), want) {
		t.Errorf("the requests are\n%s\nwant one with %s", p.out.String(), want)
	}
}
