package discovery

import (
	"crypto/rsa"
	"encoding/xml"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// faults returns "field rule" of each.
func faults(list passerelle.FieldErrors) []string {
	var s []string
	for _, f := range list {
		s = append(s, f.Field+" "+f.Rule)
	}
	return s
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const base = "https://ewp.univ-exemple.fr/"
	weak, err := ewp.NewPublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	huge, err := ewp.NewPublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8999, 1), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	foreign := Entry{Name: xml.Name{Space: "urn:campus", Local: "link"}, Elements: []Element{Value("url", base+"link"), Value("x", "y")}}
	tests := map[int]struct {
		change            func(m *Manifest)
		refused, warnings []string
	}{
		0: {change: func(m *Manifest) {}},
		1: {change: func(m *Manifest) { *m = Manifest{} }, refused: []string{"URL url", "AdminEmails required", "AdminProvider required"}},
		2: {change: func(m *Manifest) { m.URL = "http://ewp.univ-exemple.fr/" }, refused: []string{"URL url"}},
		3: {change: func(m *Manifest) { m.URL = "https://localhost:8443/manifest.xml" }, warnings: []string{"URL local"}},
		4: {change: func(m *Manifest) { m.AdminEmails = []string{"x", "a@b", "@b.c", "a b@c.d", "a@b@c.d", "ok@b.cd"} },
			refused: []string{"AdminEmails[0] email", "AdminEmails[1] email", "AdminEmails[2] email", "AdminEmails[3] email", "AdminEmails[4] email"}},
		5: {change: func(m *Manifest) {
			m.AdminEmails = []string{"jeanne.martin@univ-exemple.fr", "ewp.support@univ-exemple.fr", "a.b.c@univ-exemple.fr"}
		}, warnings: []string{"AdminEmails[0] personal"}},
		6: {change: func(m *Manifest) { m.AdminNotes = "bell\a" }, refused: []string{"AdminNotes character"}},
		7: {change: func(m *Manifest) { m.HEI = ewp.Institution{} }, warnings: []string{"ClientKeys institution"}},
		8: {change: func(m *Manifest) { m.HEI.ID = ewp.HEIID{} }, refused: []string{"HEI.ID required"}, warnings: []string{"ClientKeys institution"}},
		9: {change: func(m *Manifest) { m.HEI.ID = ewp.MustParseHEIID("exemple"); m.HEI.Names = nil },
			refused: []string{"HEI.Names required"}, warnings: []string{"HEI.ID domain"}},
		10: {change: func(m *Manifest) {
			m.HEI.Names = ewp.Texts{{Lang: "fr_FR", Value: "x"}, {Value: " "}, {Lang: "ru-Latn", Value: "y"}}
		},
			refused: []string{"HEI.Names[0] language"}, warnings: []string{"HEI.Names[1] required"}},
		11: {change: func(m *Manifest) { m.HEI.OtherIDs = []ewp.OtherID{{Type: "pic", Value: " 1"}, {Value: "1"}} },
			warnings: []string{"HEI.OtherIDs[0] blanks", "HEI.OtherIDs[1] type"}},
		12: {change: func(m *Manifest) { m.ClientKeys = []ewp.PublicKey{{}, weak} }, refused: []string{"ClientKeys[0] required", "ClientKeys[1] length"}},
		13: {change: func(m *Manifest) { m.ServerKeys = []ewp.PublicKey{testKeys()[0], testKeys()[0], huge} },
			warnings: []string{"ServerKeys[1] duplicate", "ServerKeys[2] length"}},
		14: {change: func(m *Manifest) { m.ServerKeys = nil }, warnings: []string{"ServerKeys required"}},
		15: {change: func(m *Manifest) { m.APIs = []Entry{{}, foreign} }, refused: []string{"APIs[0].Name required"}},
		16: {change: func(m *Manifest) { m.APIs = append(m.APIs, For(ewp.Discovery, Value("url", base))) }, refused: []string{"APIs[2] discovery"}},
		17: {change: func(m *Manifest) { m.APIs = append(m.APIs, For(ewp.Registry, Value("catalogue-url", base))) }, refused: []string{"APIs[2] registry"}},
		18: {change: func(m *Manifest) {
			m.APIs = []Entry{For(ewp.Factsheet, Value("url", base+"a"), Value("max-hei-ids", "1")), For(ewp.Factsheet, Value("url", base+"b"), Value("max-hei-ids", "1"))}
		}, refused: []string{"APIs[1] duplicate"}},
		19: {change: func(m *Manifest) {
			m.APIs = []Entry{For(ewp.Echo, Value("url", base+"a")), For(ewp.Echo, Value("url", base+"b")), foreign, foreign}
		}},
		20: {change: func(m *Manifest) {
			m.APIs = []Entry{For(ewp.IIAs, Value("get-url", base+"a b"), Value("max-iia-ids", "0"), Value("index-url", base+"#x"), Value("stats-url", base+"s"), Value("stats-url", base+"s"), Value("max-iia-codes", "1"))}
		}, refused: []string{"APIs[0].get-url url", "APIs[0].max-iia-ids number", "APIs[0].index-url url", "APIs[0].stats-url duplicate", "APIs[0].Elements[5] unknown"}},
		21: {change: func(m *Manifest) { m.APIs = []Entry{For(ewp.IIAs)} },
			refused: []string{"APIs[0].get-url required", "APIs[0].max-iia-ids required", "APIs[0].index-url required"}},
		22: {change: func(m *Manifest) {
			m.APIs = []Entry{For(ewp.SimpleCourseReplication, Value("url", base), Value("allows-anonymous-access", "yes"), Value("supports-modified-since", "true"))}
		}, refused: []string{"APIs[0].allows-anonymous-access boolean"}},
		23: {change: func(m *Manifest) {
			e := For(ewp.IMobilities, Value("get-url", base), Value("max-omobility-ids", "1"), Value("sends-notifications", "x"))
			e.Name.Space, e.Version = ewp.IMobilities.NamespaceOf(1), ewp.MustParseVersion("2.0.0")
			m.APIs = []Entry{e}
		}, refused: []string{"APIs[0].sends-notifications content"}, warnings: []string{"APIs[0].Version namespace"}},
		24: {change: func(m *Manifest) { m.APIs[0].Version = ewp.MustParseVersion("0.1.0") }, warnings: []string{"APIs[0].Version namespace"}},
		25: {change: func(m *Manifest) {
			e := For(ewp.File, Value("url", base))
			e.Version = ewp.MustParseVersion("0.1.0")
			m.APIs = []Entry{e}
		}},
		26: {change: func(m *Manifest) {
			m.APIs = []Entry{
				{Name: xml.Name{Space: organisation + "ewp-specs-api-new/tree/master/manifest-entry.xsd", Local: "new"}, Version: ewp.MustParseVersion("1.0.0")},
				{Name: xml.Name{Space: organisation + "ewp-specs-api-new/blob/stable-v1/manifest-entry.xsd", Local: "new"}, Elements: []Element{Value("url", "x")}},
			}
		}, refused: []string{"APIs[1].url url"}, warnings: []string{"APIs[0].Version namespace", "APIs[0].Name namespace", "APIs[1].Name namespace"}},
		27: {change: func(m *Manifest) { m.APIs[0].Security = 0 }, warnings: []string{"APIs[0].Security client", "APIs[0].Security lists"}},
		28: {change: func(m *Manifest) { m.APIs[0].Security = Signed &^ ewp.ServerTLSCert }, warnings: []string{"APIs[0].Security server"}},
		29: {change: func(m *Manifest) { m.APIs[0].Security |= ewp.ClientOther }, refused: []string{"APIs[0].Security unknown"}},
		30: {change: func(m *Manifest) { m.APIs[0].AdminEmails = []string{"x"}; m.APIs[0].AdminNotes = "\x00" },
			refused: []string{"APIs[0].AdminEmails[0] email", "APIs[0].AdminNotes character"}},
		31: {change: func(m *Manifest) {
			e := foreign
			e.Elements = []Element{{Name: xml.Name{Local: "a b"}}, {Name: xml.Name{Local: "c"}, Text: "t", Children: []Element{{}}}}
			m.APIs = []Entry{e}
		}, refused: []string{"APIs[0].Elements[0] name", "APIs[0].Elements[1] contradiction", "APIs[0].Elements[1].Children[0] name"}},
		32: {change: func(m *Manifest) { m.APIs[0].Elements[0].Attrs = []xml.Attr{{Name: xml.Name{Local: "x"}, Value: "y"}} },
			refused: []string{"APIs[0].url content"}},
		33: {change: func(m *Manifest) { m.APIs[0].Elements[0].Text = "https://10.0.0.1/echo" }, warnings: []string{"APIs[0].url local"}},
		34: {change: func(m *Manifest) { m.Withdrawn = true }, refused: []string{"Withdrawn contradiction"}},
		35: {change: func(m *Manifest) { *m = Manifest{URL: m.URL, Withdrawn: true} }},
		36: {change: func(m *Manifest) {
			e := For(ewp.Echo, Value("url", base))
			e.Name.Space, e.Version = ewp.Echo.NamespaceOf(1), ewp.MustParseVersion("1.1.1")
			m.APIs = []Entry{e}
		}, refused: []string{"APIs[0].Security unknown"}},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m := sample()
			tt.change(m)
			v := m.Check(Against{})
			testutil.Equal(t, "refused", faults(v.Refused), tt.refused)
			testutil.Equal(t, "warnings", faults(v.Warnings), tt.warnings)
			_, err := m.Marshal()
			if (err != nil) != (len(tt.refused) > 0) || err != nil && err.Error() != v.Refused.Error() {
				t.Errorf("Marshal: %v", err)
			}
		})
	}
}

func TestCheckAgainst(t *testing.T) {
	t.Parallel()
	const ours = `<discovery xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-discovery/blob/stable-v6/manifest-entry.xsd" version="6.0.0"><url>https://ewp.univ-exemple.fr/manifest.xml</url></discovery>`
	iias := func(url string) string {
		return `<iias xmlns="` + ewp.IIAs.Namespace() + `" version="7.0.0"><get-url>` + url + `</get-url></iias>`
	}
	echo := func(url string) string {
		return `<echo xmlns="` + ewp.Echo.Namespace() + `" version="2.0.1"><url>` + url + `</url></echo>`
	}
	const mine, other = "univ-exemple.fr", "autre-exemple.fr"
	get := "https://ewp.univ-exemple.fr/iias/get"
	k := testKeys()
	tests := map[int]struct {
		hosts []string
		want  []string
	}{
		0:  {[]string{hostOf(other, "", nil, nil)}, nil},
		1:  {[]string{hostOf(mine, ours+iias("https://old.univ-exemple.fr/"), k[:1], k[1:2])}, nil}, // our own, about to move
		2:  {[]string{hostOf(mine, iias("https://old.univ-exemple.fr/"), nil, nil)}, []string{"APIs[1] conflict"}},
		3:  {[]string{hostOf(other, iias("https://old.univ-exemple.fr/"), nil, nil)}, nil},
		4:  {[]string{hostOf(other, iias(get), nil, k[1:2])}, []string{"APIs[1] address"}},
		5:  {[]string{hostOf(other, iias(get), nil, k[:1])}, nil},
		6:  {[]string{hostOf(other, iias(get), nil, nil)}, nil},
		7:  {[]string{hostOf(other, echo("https://ewp.univ-exemple.fr/echo"), nil, k[1:])}, []string{"APIs[0] address"}},
		8:  {[]string{hostOf(mine, echo("https://old.univ-exemple.fr/echo"), nil, nil)}, nil},
		9:  {[]string{hostOf(other, "", k[:1], nil)}, []string{"ClientKeys[0] conflict"}},
		10: {[]string{hostOf(mine, "", k[:1], nil)}, nil},
		11: {[]string{hostOf(mine, "", k[:1], nil), hostOf(other, "", k[:1], nil)}, []string{"ClientKeys[0] conflict"}},
		12: {[]string{hostOf(other, "", nil, k[:1])}, nil},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			v := sample().Check(Against{Catalogue: catalogueOf(t, tt.hosts...)})
			testutil.Equal(t, "refused", faults(v.Refused), tt.want)
		})
	}
	for pattern, want := range map[string][]string{`univ-exemple\.fr`: nil, `.*\.fr`: nil, `univ|univ-exemple\.fr`: nil, `exemple\.fr`: {"HEI.ID pattern"}} {
		v := sample().Check(Against{HEIPattern: regexp.MustCompile(pattern)})
		testutil.Equal(t, "refused by "+pattern, faults(v.Refused), want)
	}
}

// TestReasons checks that each refusal says what the registry does then.
func TestReasons(t *testing.T) {
	t.Parallel()
	m := sample()
	m.AdminProvider = ""
	m.APIs[1].Elements = m.APIs[1].Elements[:2]
	m.ClientKeys = append(m.ClientKeys, ewp.PublicKey{})
	_, err := m.Marshal()
	for _, want := range []string{
		"AdminProvider: required: want the name of the provider and the software, in English; the registry keeps the manifest that it imported last",
		"ClientKeys[1]: required: want an RSA public key; the registry drops the key",
		"APIs[1].max-iia-ids: required: want the element, as the API's schema says; the registry drops the entry",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// TestShapes holds the table of schemas against the schemas themselves: what is
// complete is valid, and without any of its required elements it is not.
func TestShapes(t *testing.T) {
	t.Parallel()
	testutil.Program(t, "xmllint")
	base := testutil.Shared(t, "ewp/schemas")
	checked := 0
	for name, shape := range shapes {
		schema := strings.Replace(strings.TrimPrefix(name.Space, organisation), "/blob/", "/", 1)
		if !fileExists(base + "/" + schema) {
			t.Logf("no schema of %v", name)
			continue
		}
		checked++
		t.Run(schema, func(t *testing.T) {
			t.Parallel()
			full := Entry{Name: name, Security: Signed, AdminEmails: []string{"ewp@univ-exemple.fr"}, AdminNotes: "note"}
			if unsecured[name] {
				full.Security = 0
			}
			for _, p := range slices.Backward(shape) { // the writer puts them in order
				value := map[kind]string{address: "https://univ-exemple.fr/x", positive: "5", boolean: "true"}[p.kind]
				full.Elements = append(full.Elements, Value(p.name, value))
			}
			if out := xmllint(t, schema, full.document(t)); out != "" {
				t.Errorf("the whole entry: %s", out)
			}
			for i, el := range full.Elements {
				less := full
				less.Elements = slices.Delete(slices.Clone(full.Elements), i, i+1)
				p, _ := partOf(shape, full, el)
				if out := xmllint(t, schema, less.document(t)); (out == "") != p.optional {
					t.Errorf("without %s: optional is %v, xmllint says %q", p.name, p.optional, out)
				}
			}
			if unsecured[name] {
				full.Security = Signed
				if out := xmllint(t, schema, full.document(t)); out == "" {
					t.Error("the schema has http-security after all")
				}
			}
		})
	}
	if checked < 30 {
		t.Errorf("only %d of %d shapes could be checked", checked, len(shapes))
	}
	for api := range ewp.APIs() {
		if _, ok := shapes[xml.Name{Space: api.Namespace(), Local: api.String()}]; !ok {
			t.Errorf("no shape of %v %v", api, api.Version())
		}
	}
}
