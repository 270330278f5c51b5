package ewp_test

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// ruleOf returns the rule of a ParseError, "" for nil.
func ruleOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*passerelle.ParseError](err)
	if !ok || !errors.Is(err, passerelle.ErrInvalid) {
		t.Fatalf("error %v is no ParseError", err)
	}
	return e.Rule
}

func TestHEIID(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		in, want, rule string
		domain         bool
	}{
		0: {in: "uw.edu.pl", want: "uw.edu.pl", domain: true},
		1: {in: "\n  uw.edu.pl\t", want: "uw.edu.pl", domain: true},
		2: {in: "0740047Z.educonnect.education.gouv.fr", want: "0740047Z.educonnect.education.gouv.fr", domain: true},
		3: {in: "this-is-some-unknown-and-unexpected-id", want: "this-is-some-unknown-and-unexpected-id"},
		4: {in: "-uw.edu.pl", want: "-uw.edu.pl"},
		5: {in: "uw..pl", want: "uw..pl"},
		6: {in: "", rule: "length"},
		7: {in: strings.Repeat("a", 254), rule: "length"},
		8: {in: "uw edu.pl", rule: "character"},
		9: {in: "université.fr", rule: "character"},
	} {
		got, err := ewp.ParseHEIID(test.in)
		if rule := ruleOf(t, err); rule != test.rule || got.String() != test.want || got.IsDomain() != test.domain {
			t.Errorf("%d: ParseHEIID(%q) = %q, rule %q, domain %v; want %q, %q, %v", i, test.in, got, rule, got.IsDomain(), test.want, test.rule, test.domain)
		}
	}
	if ewp.MustParseHEIID("UW.edu.pl") == ewp.MustParseHEIID("uw.edu.pl") {
		t.Error("identifiers that differ in case are equal")
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	names := ewp.Texts{{Value: "Nazwa"}, {Lang: "EN-Latn", Value: "Name"}, {Lang: "ru", Value: "Имя"}, {Lang: "eng", Value: "no"}}
	for i, test := range []struct {
		langs []string
		want  string
	}{
		0: {[]string{"en"}, "Name"},
		1: {[]string{"fr", "ru"}, "Имя"},
		2: {[]string{"fr"}, "Nazwa"},
		3: {nil, "Nazwa"},
		4: {[]string{"en-GB"}, "Nazwa"},
	} {
		if got := names.In(test.langs...); got.Value != test.want {
			t.Errorf("%d: In(%q) = %q, want %q", i, test.langs, got.Value, test.want)
		}
	}
	if got := (ewp.Texts{{Lang: "pl", Value: "a"}}).In("en"); got.Value != "a" {
		t.Errorf("the only text is not chosen: %q", got.Value)
	}
	if got := ewp.Texts(nil).In("en"); got != (ewp.Text{}) {
		t.Errorf("In of nothing = %+v", got)
	}
	if !names.Has("en") || names.Has("pl") || (ewp.Texts{{Lang: "eng"}}).Has("en") {
		t.Error("Has is wrong for en or pl")
	}

	type doc struct {
		Name ewp.Texts `xml:"urn:x name"`
	}
	in := doc{names}
	data, err := xml.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `xml:lang="EN-Latn"`) {
		t.Errorf("no xml:lang in %s", data)
	}
	var out doc
	if err := xml.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "texts after a round trip", out, in)
}

func TestFingerprintsOfPublishedKeys(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "ewp/schemas/ewp-registry-client/test-files")
	for name, test := range map[string]struct {
		fingerprint string
		usable      bool
	}{
		"public512.pem":  {"a29969edd0d04f22bf19db9e417b181c63928accdc58ecf3ac662e51d8497791", false},
		"public1024.pem": {"4ecc086c841bc8ffa39ea03fa83243e4cda62cd5087e91a3259c09cb2278e15b", false},
		"public1536.pem": {"eb7ab845698d1294a9f1754f2eaa0975c9d9454f183d99122c71ae9e7acd518e", false},
		"public2048.pem": {"2e06b1d53a1b7e2c54377d44a4f6893761421e196bb83ad90932d95512c967d1", true},
	} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		var body []string // the base64 between the PEM lines, as an rsa-public-key element holds it
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, "-----") {
				body = append(body, "   "+line)
			}
		}
		key, err := ewp.ParsePublicKey(strings.Join(body, ""))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := key.Fingerprint(); got != ewp.MustParseFingerprint(test.fingerprint) {
			t.Errorf("%s: fingerprint %s, want %s", name, got, test.fingerprint)
		}
		if err := key.Usable(); (err == nil) != test.usable {
			t.Errorf("%s: usable: %v", name, err)
		}
		again, err := ewp.NewPublicKey(key.RSA())
		if err != nil || again.String() != key.String() || again.Fingerprint() != key.Fingerprint() {
			t.Errorf("%s: the key made from its numbers differs, %v", name, err)
		}
	}
}

// TestFingerprintOfExampleKey reads the key of the examples of the Discovery and
// Registry specifications out of the manifest that publishes it.
func TestFingerprintOfExampleKey(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(testutil.Shared(t, "ewp/schemas/ewp-specs-api-registry/stable-v1/catalogue-example.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Keys []struct {
			Fingerprint ewp.Fingerprint `xml:"sha-256,attr"`
			Key         ewp.PublicKey   `xml:",chardata"`
		} `xml:"binaries>rsa-public-key"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Keys) == 0 {
		t.Fatal("the example has no key")
	}
	want := ewp.MustParseFingerprint("5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4")
	if k := doc.Keys[0]; k.Key.Fingerprint() != want || k.Fingerprint != want {
		t.Errorf("fingerprint %s, declared %s, want %s", k.Key.Fingerprint(), k.Fingerprint, want)
	}
}

func TestParseFingerprint(t *testing.T) {
	t.Parallel()
	const good = "035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add"
	for i, test := range []struct{ in, rule string }{
		0: {good, ""},
		1: {strings.ToUpper(good), "character"},
		2: {good[1:], "length"},
		3: {good[1:] + "g", "character"},
		4: {"", "length"},
	} {
		got, err := ewp.ParseFingerprint(test.in)
		if rule := ruleOf(t, err); rule != test.rule {
			t.Errorf("%d: rule %q, want %q", i, rule, test.rule)
		}
		if err == nil && got.String() != test.in {
			t.Errorf("%d: String() = %s", i, got)
		}
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	const ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
	for i, test := range []struct{ in, rule string }{
		0: {"", "base64"},
		1: {"!!!!", "base64"},
		2: {"AAAA", "encoding"},
		3: {ed25519, "algorithm"},
		4: {strings.Repeat("A", 20<<10), "length"},
	} {
		_, err := ewp.ParsePublicKey(test.in)
		if rule := ruleOf(t, err); rule != test.rule {
			t.Errorf("%d: rule %q, want %q", i, rule, test.rule)
		}
	}
	if _, err := ewp.NewPublicKey(nil); ruleOf(t, err) != "missing" {
		t.Errorf("nil key: %v", err)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	all := ewp.Methods(0)
	for _, list := range ewp.SecurityLists() {
		for m, name := range list.Mask.Elements() {
			if got := list.MethodOf(name); got != m {
				t.Errorf("%s: MethodOf(%v) = %v, want %v", list.Element, name, got, m)
			}
			for _, other := range ewp.SecurityLists() {
				if other != list && other.MethodOf(name).Has(m) {
					t.Errorf("%v counts in the list %s", name, other.Element)
				}
			}
			all |= m
		}
		if got := list.MethodOf(xml.Name{Space: "urn:x", Local: "httpsig"}); got == 0 || all.Has(got) {
			t.Errorf("%s: an unknown method gives %v", list.Element, got)
		}
	}
	if want := ewp.ClientAnonymous<<9 - 1; all != want {
		t.Errorf("known methods %b, want %b", all, want)
	}
	for i, test := range []struct {
		in   ewp.Methods
		want string
	}{
		0: {0, "client tlscert, server tlscert, request tls, response tls"},
		1: {ewp.ClientHTTPSig | ewp.ServerHTTPSig, "client httpsig, server httpsig, request tls, response tls"},
		2: {ewp.ClientOther | ewp.ResponseGCM, "server tlscert, request tls, response ewp-rsa-aes128gcm, client other"},
	} {
		if got := test.in.WithDefaults().String(); got != test.want {
			t.Errorf("%d: %q, want %q", i, got, test.want)
		}
	}
}
