package pegase

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// bare is a client that sends nothing.
func bare(tb testing.TB) *Client {
	tb.Helper()
	c, err := New(Config{Endpoints: Endpoints{Token: "http://h/t", IDT: "http://h/i", INS: "http://h/n"}, Username: "u", Password: "p"})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// unread checks the error of a decoder.
func unread(t *testing.T, err error) {
	t.Helper()
	if err != nil && (!errors.Is(err, passerelle.ErrProtocol) || passerelle.OutcomeOf(err) != passerelle.Answered) {
		t.Errorf("error %v (%v); want ErrProtocol, answered", err, passerelle.OutcomeOf(err))
	}
}

// concerned checks the error of a record.
func concerned(t *testing.T, err error) {
	t.Helper()
	if _, row := errors.AsType[*sis.RowError](err); err != nil && !row {
		t.Errorf("error %v; want a RowError", err)
	}
}

// FuzzAnswers reads any bytes as every answer of the service.
func FuzzAnswers(f *testing.F) {
	goldens, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(goldens) == 0 {
		f.Fatal("no golden answers to begin with", err)
	}
	for _, name := range goldens {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for part := range bytes.SplitSeq(data, []byte("\n\n")) {
			if len(part) > 0 && (part[0] == '{' || part[0] == '[') {
				f.Add(part)
			}
		}
	}
	for _, seed := range []string{
		`{"totalElements":2,"totalPages":1,"taille":500,"page":0,"items":[{"id":"u","codeApprenant":"1","dateNaissance":"2005-01-02"},{"id":7}]}`,
		`{"resultats":[{"codeApprenant":"1","chemin":[{"code":"A"}],"derniereModification":1790000000,"dateInscription":null}]}`,
		`{"apprenant":{"code":"1","naissance":{"dateDeNaissance":"2006-03-14","paysDeNaissance":100,"communeDeNaissance":"67482"},"bac":{"ine":"N/A"}},"inscriptions":[{"cible":{"chemin":null}}]}`,
		`[{"codeChemin":"A>B","objetFeuille":{"code":"B"},"noteFinale":12.5,"publieEvaluationsFinales":true,"resultatFinal":{"code":"TRE001"}}]`,
		`[{"periode":{"code":"P"},"racinePedagogique":{"codeObjetMaquette":"A","enfants":[{"codeObjetMaquette":"B"}]}}]`,
		`{"racine":{"code":"A","enfants":[{"objetMaquette":{"code":"B","ects":6.5}}]}}`,
		`{"correlationId":"x","errors":[{"code":"notNull","champ":"ine","message":"non"}]}`,
		`{"message":"apprenant non trouve"}`, `null`, `[[[[`, `{"items":null,"resultats":null}`, `{"profilApprenant":{"etatCivil":null}}`,
	} {
		f.Add([]byte(seed))
	}
	c := bare(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		resp := &transport.Response{Status: http.StatusOK, Body: data}
		found, err := decodePage[Summary](opSearch, resp)
		unread(t, err)
		for _, s := range found.Items {
			_, err := c.summaryStudent(s, sis.INEVerified)
			concerned(t, err)
		}
		flow, err := decodePage[FlowEntry](opFlow, resp)
		unread(t, err)
		s := slice{rows: flow.Items}
		s.arrange()
		for _, e := range s.rows {
			_, err := c.flowStudent(e)
			concerned(t, err)
			_, err = c.flowEnrolment(e)
			concerned(t, err)
		}
		identity, err := decode[Identity](opIdentity, resp)
		unread(t, err)
		_, err = c.identityStudent(identity, "1")
		concerned(t, err)
		file, err := decode[File](opFile, resp)
		unread(t, err)
		for _, e := range file.Enrolments {
			_, err := c.fileEnrolment(file.Student, e)
			concerned(t, err)
		}
		marks, err := decode[[]Mark](opMarks, resp)
		unread(t, err)
		codes := map[string]string{}
		for _, m := range marks {
			codes[m.Path] = m.Object.Code
			parent(m.Path, codes)
			c.result(m)
		}
		courses, err := decode[[]Courses](opCourses, resp)
		unread(t, err)
		for _, tree := range courses {
			if tree.Root != nil {
				tree.Root.index(map[string]*Course{})
			}
		}
		node, err := decode[Node](opTree, resp)
		unread(t, err)
		for range node.Walk() {
		}
		if err := refusal(opFile, &transport.Response{Status: http.StatusInternalServerError, Body: data}); err.Error() == "" {
			t.Error("a refusal says nothing")
		}
	})
}

// FuzzCursor: what is not a cursor is refused, and what is comes back the same.
func FuzzCursor(f *testing.F) {
	c, _ := parseCursor("")
	c.reach(1_790_000_000)
	c.add(7, 1_790_000_100)
	for _, seed := range []string{"", c.String(), "pegase1.", "pegase1.AAAAAAAAAAAAAAAAAAAAAA", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCursor(s)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("error %v; want ErrInvalid", err)
			}
			return
		}
		if back := c.String(); s != "" && back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	})
}

// FuzzToken reads the life of any text.
func FuzzToken(f *testing.F) {
	now := time.Unix(1_790_000_000, 0)
	for _, claims := range []jwt.MapClaims{{"exp": now.Unix() + 3600}, {"exp": 1e300}, {"exp": "x", "iat": -1}, {"iat": now.Unix(), "exp": now.Unix() + 60, "jti": 7}} {
		if s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("k")); err == nil {
			f.Add(s)
		}
	}
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if life := lifeOf(token, now); life < 0 || life > longestToken {
			t.Errorf("a life of %s", life)
		}
	})
}

// FuzzTextArray: what an array holds is read, or refused.
func FuzzTextArray(f *testing.F) {
	for _, seed := range []string{"", "{}", "{a,b}", `{"a b","c\"d",NULL,"NULL"}`, "{a", "{a,}", "{{a}}", `{"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		items, err := textArray(s)
		if err != nil && !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("error %v; want ErrInvalid", err)
		}
		if len(items) > len(s) {
			t.Errorf("%d items of %d bytes", len(items), len(s))
		}
	})
}

func TestTextArray(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in   string
		want []string
		bad  bool
	}{
		0: {"", nil, false}, 1: {"{}", nil, false}, 2: {"{223456789HE,0BXS6S00QQ4}", []string{"223456789HE", "0BXS6S00QQ4"}, false},
		3: {`{"a b","c\"d",NULL,"NULL","\\"}`, []string{"a b", `c"d`, "NULL", `\`}, false}, 4: {"{a", nil, true}, 5: {"{a,}", nil, true},
		6: {"{{a}}", nil, true}, 7: {`{"a}`, nil, true}, 8: {"a", nil, true}, 9: {`{"a"b}`, nil, true}, 10: {"{,a}", nil, true}, 11: {"{", nil, true},
	} {
		got, err := textArray(c.in)
		if (err != nil) != c.bad {
			t.Errorf("%d: error %v; want one: %t", i, err, c.bad)
		}
		testutil.Equal(t, c.in, got, c.want)
	}
}

// The words of the service are in error texts only where they cannot be personal.
func TestPlain(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ in, want string }{
		0: {"notNull", "notNull"}, 1: {"profilApprenant.etatCivil[0].sexe", "profilApprenant.etatCivil[0].sexe"}, 2: {"223456789HE", "(withheld)"},
		3: {"000000001", "(withheld)"}, 4: {"l'INE", "(withheld)"}, 5: {"2deccdb8-f9f7-47a8-8e12-269509af24a2", "2deccdb8-f9f7-47a8-8e12-269509af24a2"},
	} {
		if got := plain(c.in); got != c.want {
			t.Errorf("%d: %q is shown as %q; want %q", i, c.in, got, c.want)
		}
	}
}
