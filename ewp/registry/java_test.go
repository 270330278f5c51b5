package registry

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The cases of this file are those of the official client's own tests, over its own
// catalogues and keys (ewp-registry-client 1.9.1, MIT).
const (
	javaFiles = "ewp/schemas/ewp-registry-client/test-files/"
	echo2     = "https://github.com/erasmus-without-paper/ewp-specs-api-echo/blob/stable-v2/manifest-entry.xsd"
)

func sha256Of(data []byte) ewp.Fingerprint { return sha256.Sum256(data) }

func TestJavaFingerprints(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"cert512.pem":    "ac738b33ba7e1347c7859dcbaf519b684fc127084c799259f53022ef1e26186f",
		"cert1024.pem":   "0b9e993d1d4a4e1be879bc5be19c1c0b9073d7bfe1556e015c069c6df6231b7f",
		"cert1536.pem":   "f47643e26f10fd1e5ffe2c933f0a5e6ccf831d789cd80a12720392e90a8f7d42",
		"cert2048.pem":   "19fdd48a85595958035a1a42da8065709a585f78cc01b4df428f68eab39b9dda",
		"public512.pem":  "a29969edd0d04f22bf19db9e417b181c63928accdc58ecf3ac662e51d8497791",
		"public1024.pem": "4ecc086c841bc8ffa39ea03fa83243e4cda62cd5087e91a3259c09cb2278e15b",
		"public1536.pem": "eb7ab845698d1294a9f1754f2eaa0975c9d9454f183d99122c71ae9e7acd518e",
		"public2048.pem": "2e06b1d53a1b7e2c54377d44a4f6893761421e196bb83ad90932d95512c967d1",
	} {
		if got := fingerprintOf(t, name).String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestJavaFind(t *testing.T) {
	t.Parallel()
	x := sharedIndex(t, javaFiles+"catalogue1.xml")
	bob, john, fred := hei("bob.example.com"), hei("john.example.com"), hei("fred.example.com")
	v := ewp.MustParseVersion
	tests := map[int]struct {
		query Query
		want  string // version of the entry, "-" for none
		count int    // of all entries
	}{
		0:  {Query{}, "4.1.0", 11},
		1:  {Query{HEI: bob}, "4.1.0", 4},
		2:  {Query{HEI: hei("unknown-hei-id")}, "-", 0},
		3:  {Query{HEI: bob, Namespace: echo2, Name: "echo"}, "2.1.17", 2},
		4:  {Query{HEI: fred, Namespace: echo2, Name: "echo"}, "-", 0},
		5:  {Query{HEI: john, Namespace: "urn:other", Name: "other-api"}, "1.1.7", 2},
		6:  {Query{HEI: john, Namespace: "urn:other", Name: "other-api", MinVersion: v("1.1.7")}, "1.1.7", 1},
		7:  {Query{HEI: john, Namespace: "urn:other", Name: "other-api", MinVersion: v("1.1.8")}, "-", 0},
		8:  {Query{HEI: john, Namespace: "urn:bla", Name: "standalone2", MinVersion: v("1.1.8")}, "-", 0},
		9:  {Query{Namespace: "urn:bla", Name: "standalone2", MinVersion: v("1.1.8")}, "3.5.7", 1},
		10: {Query{Namespace: "urn:bla", Name: "standalone3"}, "1.2.3", 2},
		11: {Query{Namespace: "urn:bla", Name: "standalone"}, "1.1.6seriously non-semantic", 1},
		12: {Query{Namespace: echo2, Name: "echo"}, "2.1.17", 2},
		13: {Query{Namespace: "urn:other", Name: "other-api", MinVersion: v("1.1.6")}, "1.1.7", 1},
		14: {Query{MinVersion: v("1.1.6")}, "4.1.0", 8},
		15: {Query{Namespace: "urn:bla", MinVersion: v("1.1.6")}, "3.5.7", 2},
		16: {Query{Namespace: "urn:bla", Versioned: true}, "3.5.7", 2},
		17: {Query{Namespace: "urn:bla"}, "3.5.7", 4},
		18: {Query{HEI: fred, Namespace: "urn:bla"}, "-", 0},
		19: {Query{Name: "standalone2"}, "3.5.7", 1},
		20: {Query{Name: "nothing"}, "-", 0},
		21: {Query{Namespace: "urn:other", Name: "standalone2"}, "-", 0},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			e, ok := x.Find(tt.query)
			if ok != (tt.want != "-") {
				t.Fatalf("found is %v", ok)
			}
			if ok && e.VersionText() != tt.want {
				t.Errorf("version %q, want %q", e.VersionText(), tt.want)
			}
			if n := count(x.Entries(tt.query)); n != tt.count {
				t.Errorf("%d entries, want %d", n, tt.count)
			}
		})
	}
	e, _ := x.Find(Query{Namespace: "urn:other", Name: "other-api", MinVersion: v("1.1.6")})
	if got := e.URL("url"); got != "https://example.com/super-other" {
		t.Errorf("URL %q", got)
	}
}

func count[T any](seq iter.Seq[T]) (n int) {
	for range seq {
		n++
	}
	return n
}

func TestJavaKeys(t *testing.T) {
	t.Parallel()
	x := sharedIndex(t, javaFiles+"catalogue1.xml")
	tests := map[int]struct {
		bits  string
		known bool
		heis  []string
	}{
		0: {"512", false, nil},
		1: {"1024", true, []string{"bob.example.com", "john.example.com", "weird.example.com"}},
		2: {"1536", true, []string{"bob.example.com", "fred.example.com", "john.example.com"}},
		3: {"2048", true, []string{"bob.example.com"}},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			fp := fingerprintOf(t, "public"+tt.bits+".pem")
			heis, known := x.HEIsOfClientKey(fp)
			if known != tt.known {
				t.Errorf("key known: %v", known)
			}
			testutil.Equal(t, "institutions of the key", ids(heis), tt.heis)
			heis, known = x.HEIsOfCertificate(fingerprintOf(t, "cert"+tt.bits+".pem"))
			if known != tt.known {
				t.Errorf("certificate known: %v", known)
			}
			testutil.Equal(t, "institutions of the certificate", ids(heis), tt.heis)
			if heis.Has(hei("unknown-hei-id")) || heis.Has(ewp.HEIID{}) {
				t.Error("an unknown institution is covered")
			}
			key, ok := x.Key(fp)
			if !ok || fmt.Sprint(8*key.RSA().Size()) != tt.bits {
				t.Errorf("the key itself: %v, %v", ok, key)
			}
		})
	}
	if key, ok := x.Key(ewp.MustParseFingerprint("89a5cce39127d8d873b912fdc810b739584d212414b1c78f38b3f9db5973dcc4")); ok {
		t.Errorf("a text that is no key was found: %v", key)
	}
	if _, ok := x.Key(ewp.Fingerprint{}); ok {
		t.Error("the zero fingerprint is a key")
	}
}

func TestJavaServerKeys(t *testing.T) {
	t.Parallel()
	x := sharedIndex(t, javaFiles+"catalogue1.xml")
	bits := []string{"512", "1024", "1536", "2048"}
	tests := map[int]struct {
		namespace, name, version string
		keys                     []string
	}{
		0: {echo2, "echo", "2.1.3", []string{"512"}},
		1: {"urn:other", "other-api", "1.1.5", []string{"1024", "1536"}},
		2: {"urn:bla", "standalone2", "3.5.7", []string{"1024"}},
		3: {"urn:other", "other-api", "1.1.7", nil},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for e := range x.Entries(Query{Namespace: tt.namespace, Name: tt.name}) {
				if e.VersionText() != tt.version {
					continue
				}
				var got []string
				for _, b := range bits {
					if e.Host().HasServerKey(fingerprintOf(t, "public"+b+".pem")) {
						got = append(got, b)
					}
				}
				testutil.Equal(t, "keys", got, tt.keys)
				return
			}
			t.Error("no such entry")
		})
	}
}

func TestJavaHEIs(t *testing.T) {
	t.Parallel()
	x := sharedIndex(t, javaFiles+"catalogue1.xml")
	if got := count(x.HEIs()); got != 4 {
		t.Errorf("%d institutions, want 4", got)
	}
	names := map[int]struct{ id, name, english, local string }{
		0: {"bob.example.com", "Bob's University", "Bob's University", "Universidad de Bob"},
		1: {"fred.example.com", "Fred's University", "Fred's University", ""},
		2: {"john.example.com", "John's University", "", "John's University"},
		3: {"weird.example.com", "Universidad de Fantasmas", "", "Universidad de Fantasmas"},
	}
	for i, tt := range names {
		h, ok := x.HEI(hei(tt.id))
		if !ok || h.Name() != tt.name || h.EnglishName() != tt.english || h.LocalName() != tt.local {
			t.Errorf("%d: %v, names %q, %q, %q", i, ok, h.Name(), h.EnglishName(), h.LocalName())
		}
	}
	bob, _ := x.HEI(hei("bob.example.com"))
	if got := bob.Names.In("es").Value; got != "Universidad de Bob" {
		t.Errorf("name in Spanish %q", got)
	}
	testutil.Equal(t, "former ids", bob.OtherIDsOf("previous-schac"), []string{"bob.com", "bob.org"})
	testutil.Equal(t, "Erasmus codes", bob.OtherIDsOf("erasmus"), []string{"BOB01"})
	if _, ok := x.HEI(hei("nonexistent")); ok {
		t.Error("an unknown institution was found")
	}
	otherIDs := map[int]struct {
		typ, value string
		want       []string
	}{
		0: {"a", "b", nil},
		1: {"erasmus", "BOB01", []string{"bob.example.com"}},
		2: {"erasmus", "bob01", []string{"bob.example.com"}},
		3: {"erasmus", " Bob01 ", []string{"bob.example.com"}},
		4: {"erasmus", " Bob 01 ", nil},
		5: {"erasmus", " Bob02 ", nil},
		6: {"pic", "12346", []string{"john.example.com"}},
		7: {"previous-schac", "bob.com", []string{"bob.example.com"}},
		8: {"previous-schac", "bob.org", []string{"bob.example.com"}},
		9: {"pic", "", nil},
	}
	for i, tt := range otherIDs {
		testutil.Equal(t, fmt.Sprint(i, " ", tt.typ, " ", tt.value), ids(x.HEIsByOtherID(tt.typ, tt.value)), tt.want)
	}
	var with []string
	for e := range x.Entries(Query{Namespace: "urn:other", Name: "other-api", MinVersion: ewp.MustParseVersion("1.1.6")}) {
		with = append(with, ids(e.Host().HEIs())...)
	}
	slices.Sort(with)
	testutil.Equal(t, "institutions with an API", with, []string{"fred.example.com", "john.example.com"})
}

func TestJavaSecondCatalogue(t *testing.T) {
	t.Parallel()
	x := sharedIndex(t, javaFiles+"catalogue2.xml")
	if got := count(x.Entries(Query{})); got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
}

func TestJavaXXE(t *testing.T) {
	t.Parallel()
	for _, name := range []string{javaFiles + "xxe.xml", "ewp/schemas/ewp-registry-service/test-files/manifests/xxe.xml"} {
		file, err := os.Open(testutil.Shared(t, name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		x, err := Parse(file, Limits{})
		if x != nil || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
