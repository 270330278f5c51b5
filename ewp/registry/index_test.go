package registry

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestSynthetic reads a catalogue of the shape of the real one, at a twentieth of
// its scale, and finds everything that its generator says is in it.
func TestSynthetic(t *testing.T) {
	t.Parallel()
	data, about := synthetic(t, "195")
	var facts struct {
		Hosts, HEIs, Entries int
		EntriesPerNamespace  map[string]int `json:"entries_per_namespace"`
		OtherIDs             map[string]int `json:"other_ids"`
		Samples              []struct{ HEI, Key, Base string }
	}
	if err := json.Unmarshal(about, &facts); err != nil {
		t.Fatal(err)
	}
	x := parse(t, string(data))
	r := x.Report()
	if r.Hosts != facts.Hosts || r.HEIs != facts.HEIs || r.Entries != facts.Entries || r.Keys != facts.Hosts {
		t.Errorf("got %d hosts, %d institutions, %d entries, %d keys, want %+v", r.Hosts, r.HEIs, r.Entries, r.Keys, facts)
	}
	perNamespace := map[string]int{}
	for e := range x.Entries(Query{}) {
		perNamespace[e.Name().Space]++
		if v, ok := e.Version(); !ok || v.String() != e.VersionText() {
			t.Errorf("version %q", e.VersionText())
		}
	}
	testutil.Equal(t, "entries per namespace", perNamespace, facts.EntriesPerNamespace)
	otherIDs := map[string]int{}
	for h := range x.HEIs() {
		for _, id := range h.OtherIDs {
			otherIDs[id.Type]++
		}
	}
	otherIDs["euc"] += r.Count(OtherIDEmpty)
	testutil.Equal(t, "other ids", otherIDs, facts.OtherIDs)
	if len(facts.Samples) == 0 {
		t.Fatal("no samples")
	}
	for _, s := range facts.Samples {
		key := ewp.MustParseFingerprint(s.Key)
		if heis, known := x.HEIsOfClientKey(key); !known || !slices.Contains(ids(heis), s.HEI) {
			t.Errorf("key of %s: %v", s.HEI, ids(heis))
		}
		if k, ok := x.Key(key); !ok || k.Usable() != nil {
			t.Errorf("key of %s is not there", s.HEI)
		}
		e, ok := x.Find(Query{HEI: hei(s.HEI), Namespace: ewp.IIAs.Namespace(), Name: "iias"})
		if !ok || !e.Host().HasServerKey(key) || !e.Host().HasClientKey(key) || !strings.HasPrefix(e.URL("get-url"), s.Base+"/iias/") {
			t.Errorf("iias of %s: %v %q", s.HEI, ok, e.URL("get-url"))
		}
		if e.Limit("max-iia-ids") < 1 || !e.Security().Has(ewp.ClientHTTPSig) {
			t.Errorf("iias of %s: limit %d, security %v", s.HEI, e.Limit("max-iia-ids"), e.Security())
		}
	}
	for _, p := range []Problem{OtherIDBlank, OtherIDSeveral, PICMalformed, VersionMismatch} {
		if r.Count(p) == 0 {
			t.Errorf("the dirt %q was not noticed; noticed: %v", p, r.Problems())
		}
	}
}

const entryDoc = `<host>
	<ewp:admin-email>ewp@alpha.example</ewp:admin-email><ewp:admin-email>noc@alpha.example</ewp:admin-email>
	<ewp:admin-provider> Alpha SIS </ewp:admin-provider>
	<ewp:admin-notes>Test &amp; more</ewp:admin-notes>
	<apis-implemented>
		<x:thing xmlns:x="urn:thing" xmlns:s="https://github.com/erasmus-without-paper/ewp-specs-sec-intro/tree/stable-v2" version="1.2.3">
			<ewp:admin-email>thing@alpha.example</ewp:admin-email>
			<x:http-security>
				<s:client-auth-methods>
					<httpsig xmlns="https://github.com/erasmus-without-paper/ewp-specs-sec-cliauth-httpsig/tree/stable-v1"/>
					<other xmlns="urn:other"/>
				</s:client-auth-methods>
				<s:server-auth-methods><tlscert xmlns="https://github.com/erasmus-without-paper/ewp-specs-sec-srvauth-tlscert/tree/stable-v1"/></s:server-auth-methods>
			</x:http-security>
			<x:get-url>
				https://alpha.example/get<!-- a comment -->ter
			</x:get-url>
			<url xmlns="urn:elsewhere">https://elsewhere.example/</url>
			<x:url>https://alpha.example/</x:url>
			<x:max-thing-ids>20</x:max-thing-ids>
			<x:max-odd-ids>many</x:max-odd-ids>
			<x:nested>mixed<x:deep>down</x:deep>text</x:nested>
			<x:send-notifications/>
		</x:thing>
	</apis-implemented>
	<institutions-covered><hei-id>alpha.example</hei-id></institutions-covered>
</host>`

func TestEntry(t *testing.T) {
	t.Parallel()
	x := parse(t, catalogue(entryDoc))
	e, ok := x.Find(Query{HEI: hei("alpha.example"), Namespace: "urn:thing"})
	if !ok {
		t.Fatal("no entry")
	}
	if v, ok := e.Version(); !ok || v != (ewp.Version{Major: 1, Minor: 2, Patch: 3}) {
		t.Errorf("version %v, %v", v, ok)
	}
	if e.Name() != (xml.Name{Space: "urn:thing", Local: "thing"}) || e.IsZero() || !(Entry{}).IsZero() {
		t.Errorf("name %v", e.Name())
	}
	if want := ewp.ClientHTTPSig | ewp.ClientOther | ewp.ServerTLSCert; e.Security() != want {
		t.Errorf("security %v, want %v", e.Security(), want)
	}
	if e.URL("get-url") != "https://alpha.example/getter" || e.URL("url") != "https://alpha.example/" || e.URL("index-url") != "" {
		t.Errorf("URLs %q %q %q", e.URL("get-url"), e.URL("url"), e.URL("index-url"))
	}
	if e.Limit("max-thing-ids") != 20 || e.Limit("max-odd-ids") != 1 || e.Limit("max-none-ids") != 1 {
		t.Error("limits", e.Limit("max-thing-ids"), e.Limit("max-odd-ids"), e.Limit("max-none-ids"))
	}
	if _, ok := e.Value("send-notifications"); !ok {
		t.Error("an empty element is absent")
	}
	if _, ok := e.Value("deep"); ok {
		t.Error("an element further down is taken for a child")
	}
	var nodes []string
	for n := range e.Nodes() {
		nodes = append(nodes, fmt.Sprint(n.Depth, " ", n.Name.Local, " ", n.Text))
	}
	testutil.Equal(t, "nodes", nodes, []string{
		"1 admin-email thing@alpha.example", "1 get-url https://alpha.example/getter", "1 url https://elsewhere.example/",
		"1 url https://alpha.example/", "1 max-thing-ids 20", "1 max-odd-ids many", "1 nested ", "2 deep down", "1 send-notifications ",
	})
	h := e.Host()
	testutil.Equal(t, "addresses", h.Emails(), []string{"ewp@alpha.example", "noc@alpha.example"})
	if h.Provider() != "Alpha SIS" || h.Notes() != "Test & more" || count(h.Entries()) != 1 {
		t.Errorf("provider %q, notes %q", h.Provider(), h.Notes())
	}
	if one, ok := h.HEIs().One(); !ok || one != hei("alpha.example") {
		t.Errorf("institutions %v", ids(h.HEIs()))
	}
	if len(h.ServerKeys())+len(h.ClientKeys()) != 0 {
		t.Error("keys from nowhere")
	}
	if _, ok := x.HEI(hei("alpha.example")); ok || x.Report().Count(HEIUndescribed) != 1 {
		t.Error("an institution without description is described")
	}
}

// TestTie checks which of two equal entries is taken, and that the keys are those of
// its host alone, though the address is the same.
func TestTie(t *testing.T) {
	t.Parallel()
	host := func(key byte, version string) string {
		return `<host><apis-implemented><a xmlns="urn:a" version="` + version + `"><url>https://one.example/</url></a></apis-implemented>
			<institutions-covered><hei-id>alpha.example</hei-id><hei-id>alpha.example</hei-id></institutions-covered>
			<server-credentials-in-use><rsa-public-key sha-256="` + strings.Repeat(string(key), 64) + `"/></server-credentials-in-use></host>`
	}
	tests := map[int]struct {
		first, second string
		want          byte
	}{
		0: {"1.0.0", "1.0.0", 'b'},
		1: {"1.0.10", "1.0.9", 'a'},
		2: {"x", "y", 'b'},
		3: {"x", "", 'b'},
		4: {"0.0.0", "x", 'a'},
		5: {"1.0.9", "1.0.10", 'b'},
	}
	for i, tt := range tests {
		x := parse(t, catalogue(host('a', tt.first)+host('b', tt.second)))
		e, _ := x.Find(Query{HEI: hei("alpha.example"), Namespace: "urn:a"})
		for _, key := range []byte("ab") {
			fp := ewp.MustParseFingerprint(strings.Repeat(string(key), 64))
			if got := e.Host().HasServerKey(fp); got != (key == tt.want) {
				t.Errorf("%d: key %c of another host: %v", i, key, got)
			}
		}
		if n := count(x.HostsOf(hei("alpha.example"))); n != 2 {
			t.Errorf("%d: %d hosts, want 2", i, n)
		}
	}
}

// TestTieWithinHost checks that the last of two equal entries of one host is taken.
func TestTieWithinHost(t *testing.T) {
	t.Parallel()
	entry := func(version, url string) string {
		return `<a xmlns="urn:a" version="` + version + `"><url>` + url + `</url></a>`
	}
	x := parse(t, catalogue("<host><apis-implemented>"+entry("1.0.0", "https://one.example/")+entry("1.0.0", "https://two.example/")+entry("0.9.0", "https://three.example/")+
		"</apis-implemented><institutions-covered><hei-id>alpha.example</hei-id></institutions-covered></host>"))
	for _, q := range []Query{{HEI: hei("alpha.example"), Namespace: "urn:a"}, {Namespace: "urn:a", Name: "a"}} {
		if e, _ := x.Find(q); e.URL("url") != "https://two.example/" {
			t.Errorf("%+v: %s", q, e.URL("url"))
		}
	}
}

const goodKey = `<rsa-public-key sha-256="2e06b1d53a1b7e2c54377d44a4f6893761421e196bb83ad90932d95512c967d1">
	MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkb93KfpfT+8YHSCVqNeU
	68xjtq93wDnN3PJcae0UjirDJ2OQGSf2IkD5rtD0gx2MxbE8HFlDMGOKkCTTvSKu
	h2WrggoQxUCL28r8SdKDRq9oG62Jxg7J/GE/KKsfP2c5q0Dn6GyFp+SO4KIkvcUP
	8NoOhjJfDPD+DDeCi72GbmV/wFwKri+7dsGcQrTkYi4iFtEZDhmtrKDzgQolyy0i
	zI92yzA2Oi2MGwrw1QLWtkr6/M2qO5B6cJ8tKsqKltvyZsZR93xGnScBxgjNAkaF
	hJHPDjMgpGhKHm/C66Rk80374XC8GtfhyqTehjFydNB/KnOqbE6lmRiv3rrHQihf
	aQIDAQAB
</rsa-public-key>`

func TestDirt(t *testing.T) {
	t.Parallel()
	a64 := strings.Repeat("a", 64)
	const host = "<host/>"
	v7 := ewp.IIAs.Namespace()
	entry := func(namespace, version, content string) string {
		return `<host><apis-implemented><iias xmlns="` + namespace + `" version="` + version + `">` + content + `</iias></apis-implemented></host>`
	}
	inst := func(id, content string) string {
		return host + `<institutions><hei id="` + id + `">` + content + `<name>N</name></hei></institutions>`
	}
	credentials := func(kind, key string) string {
		return "<host><" + kind + "-credentials-in-use>" + key + "</" + kind + "-credentials-in-use></host>"
	}
	tests := map[int]struct {
		content string
		want    map[Problem]int
	}{
		0:  {host + "<unknown><deep/></unknown><x xmlns='urn:x'/>", nil},
		1:  {inst("two words", ""), map[Problem]int{HEIIDMalformed: 1}},
		2:  {inst("", ""), map[Problem]int{HEIIDMalformed: 1}},
		3:  {inst("localhost", ""), map[Problem]int{HEIIDNoDomain: 1}},
		4:  {inst("0740047Z.educonnect.example", ""), nil},
		5:  {host + "<institutions><hei id='a.example'><name>A</name></hei><hei id='a.example'><name>B</name></hei></institutions>", map[Problem]int{HEIRepeated: 1}},
		6:  {host + "<institutions><hei id='a.example'><name> </name></hei></institutions>", map[Problem]int{HEIUnnamed: 1}},
		7:  {inst("a.example", "<other-id type='erasmus'> X </other-id>"), map[Problem]int{OtherIDBlank: 1}},
		8:  {inst("a.example", "<other-id type='euc'/><other-id>1</other-id>"), map[Problem]int{OtherIDEmpty: 2}},
		9:  {inst("a.example", "<other-id type='pic'>9.9958762E8</other-id><other-id type='pic'>E10158141</other-id>"), map[Problem]int{PICMalformed: 2, OtherIDSeveral: 1}},
		10: {host + "<institutions><hei id='a.example'><other-id type='erasmus'>X</other-id><name>A</name></hei><hei id='b.example'><other-id type='erasmus'>x</other-id><name>B</name></hei></institutions>", map[Problem]int{OtherIDShared: 1}},
		11: {entry(v7, "6.9.9", ""), map[Problem]int{VersionMismatch: 1}},
		12: {entry(v7, "7", ""), map[Problem]int{VersionMalformed: 1}},
		13: {"<host><apis-implemented><a xmlns='urn:a'/></apis-implemented></host>", map[Problem]int{VersionMissing: 1}},
		14: {entry(ewp.IIAs.NamespaceOf(1), "0.9.9", ""), nil},
		15: {entry("https://example/tree/master/x", "0.1.0", ""), nil},
		16: {entry("https://example/tree/master/x", "1.0.0", ""), map[Problem]int{VersionMismatch: 1}},
		17: {entry(v7, "7.0.0", "<get-url>http://a.example/</get-url><index-url>https://a.example/#x</index-url><url>https://a.example/a b</url><update-url>https://</update-url><stats-url>https://a.example</stats-url><email>x</email>"), map[Problem]int{URLMalformed: 4}},
		18: {credentials("client", "<rsa-public-key sha-256='"+strings.ToUpper(a64)+"'/><rsa-public-key/><x/>"), map[Problem]int{FingerprintMissing: 2}},
		19: {credentials("server", "<rsa-public-key sha-256='"+a64+"'/><certificate sha-256='"+a64+"'/>"), map[Problem]int{KeyAbsent: 1}},
		20: {host + "<binaries><rsa-public-key sha-256='" + a64 + "'>AAAA</rsa-public-key></binaries>", map[Problem]int{KeyMalformed: 1}},
		21: {host + "<binaries>" + goodKey + "</binaries>", nil},
		22: {host + "<binaries>" + strings.Replace(goodKey, "2e06", "2e07", 1) + "</binaries>", map[Problem]int{KeyMismatch: 1}},
		23: {"<host><institutions-covered><hei-id>a.example</hei-id><hei-id>b.example</hei-id></institutions-covered><client-credentials-in-use><rsa-public-key sha-256='" + a64 + "'/></client-credentials-in-use></host>",
			map[Problem]int{HostSeveralHEIs: 1, HEIUndescribed: 2, KeyAbsent: 1, KeyAmbiguous: 1}},
		24: {"<host><institutions-covered><hei-id> </hei-id></institutions-covered></host>", map[Problem]int{HEIIDMalformed: 1}},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := parse(t, catalogue("\n"+tt.content)).Report()
			got := map[Problem]int{}
			for _, p := range r.Problems() {
				got[p] = r.Count(p)
			}
			if tt.want == nil {
				tt.want = map[Problem]int{}
			}
			testutil.Equal(t, "problems", got, tt.want)
			n := 0
			for f := range r.Findings() {
				n++
				if f.Line != 2 && f.Problem != KeyAbsent && f.Problem != KeyAmbiguous {
					t.Errorf("finding %+v: line %d, want 2", f, f.Line)
				}
			}
			for _, c := range got {
				n -= c
			}
			if n != 0 {
				t.Errorf("%d findings too many", n)
			}
		})
	}
	if x := parse(t, catalogue(host+"<binaries>"+strings.Replace(goodKey, "2e06", "2e07", 1)+"</binaries>")); count(x.Hosts()) != 1 {
		t.Error("the host is lost")
	} else if _, ok := x.Key(ewp.MustParseFingerprint("2e07b1d53a1b7e2c54377d44a4f6893761421e196bb83ad90932d95512c967d1")); ok {
		t.Error("a key was found under the fingerprint of another")
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	x := parse(t, catalogue("<host/><institutions>"+strings.Repeat("<hei/>", maxFindings+50)+"</institutions>"))
	if n := count(x.Report().Findings()); n != maxFindings || x.Report().Count(HEIIDMalformed) != maxFindings+50 {
		t.Errorf("%d findings of %d", n, x.Report().Count(HEIIDMalformed))
	}
}

func TestOtherIDs(t *testing.T) {
	t.Parallel()
	x := parse(t, catalogue(`<host/><institutions>
		<hei id="a.example"><other-id type="pic"> 999000001</other-id><other-id type="local">ÉCOLE-1</other-id><name>A</name></hei>
		<hei id="b.example"><other-id type="pic">999000001</other-id><other-id type="pic">999000001</other-id><name>B</name></hei>
		<hei id="a.example"><other-id type="pic"> 999000001</other-id><other-id type="local">ÉCOLE-1</other-id><name>A</name></hei>
	</institutions>`))
	testutil.Equal(t, "shared PIC", ids(x.HEIsByOtherID("pic", "999000001 ")), []string{"a.example", "b.example"})
	testutil.Equal(t, "beyond ASCII", ids(x.HEIsByOtherID("local", "école-1")), []string{"a.example"})
	testutil.Equal(t, "long", ids(x.HEIsByOtherID("local", strings.Repeat(" ", 200)+"École-1")), []string{"a.example"})
	testutil.Equal(t, "another type", ids(x.HEIsByOtherID("PIC", "999000001")), nil)
	h, _ := x.HEI(hei("a.example"))
	testutil.Equal(t, "as published", h.OtherIDsOf("pic"), []string{" 999000001"})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var shared strings.Builder
	for range 3 { // hosts with many institutions that share many keys
		shared.WriteString("<host><institutions-covered>")
		for i := range 3000 {
			fmt.Fprintf(&shared, "<hei-id>h%d.example</hei-id>", i)
		}
		shared.WriteString("</institutions-covered><client-credentials-in-use>")
		for i := range 3000 {
			fmt.Fprintf(&shared, `<rsa-public-key sha-256="%064x"/>`, i)
		}
		shared.WriteString("</client-credentials-in-use></host>")
	}
	tests := map[int]struct {
		doc    string
		limits Limits
		want   error
		text   string
	}{
		0: {"", Limits{}, passerelle.ErrProtocol, "registry: parse: XML: line 1, column 1: empty: want a root element"},
		1: {"<catalogue/>", Limits{}, passerelle.ErrProtocol, "registry: parse: the document is no catalogue of version 1"},
		2: {`<manifest xmlns="` + ewp.NamespaceRegistry + `"/>`, Limits{}, passerelle.ErrProtocol, ""},
		3: {catalogue(""), Limits{}, passerelle.ErrProtocol, "registry: parse: the catalogue has no host"},
		4: {catalogue("<host/>") + "<x/>", Limits{}, passerelle.ErrProtocol, ""},
		5: {"<!DOCTYPE x>" + catalogue("<host/>"), Limits{}, passerelle.ErrProtocol, ""},
		6: {catalogue("<host/>"), Limits{MaxBytes: 50}, passerelle.ErrProtocol, ""},
		7: {catalogue("<host/><host/>"), Limits{MaxElements: 2}, passerelle.ErrProtocol, ""},
		8: {catalogue("<host/>"), Limits{MaxBytes: 2 << 30}, passerelle.ErrInvalid, "Limits.MaxBytes: range: want 0 for the default, up to 1 GiB"},
		9: {catalogue(shared.String()), Limits{}, passerelle.ErrProtocol, "registry: parse: too many institutions share client keys"},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			x, err := Parse(strings.NewReader(tt.doc), tt.limits)
			if x != nil || !errors.Is(err, tt.want) || tt.text != "" && err.Error() != tt.text {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := Parse(iotest.ErrReader(broken), Limits{})
	if e, ok := errors.AsType[*Error](err); !ok || e.Op != "parse" || !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// TestPublished reads the catalogues of the specification and of the registry's own
// tests, and validates a synthetic one.
func TestPublished(t *testing.T) {
	t.Parallel()
	tests := map[string][3]int{ // hosts, entries, institutions
		"ewp-specs-api-registry/stable-v1/catalogue-example.xml":          {2, 4, 1},
		"ewp-registry-service/test-files/catalogues/sample-catalogue.xml": {2, 5, 2},
		"ewp-registry-service/test-files/demo1/C-out.xml":                 {1, 1, 1},
		"ewp-registry-client/test-files/catalogue1.xml":                   {6, 11, 4},
	}
	for name, want := range tests {
		r := sharedIndex(t, "ewp/schemas/"+name).Report()
		if got := [3]int{r.Hosts, r.Entries, r.HEIs}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	base := testutil.Shared(t, "ewp/schemas")
	data, _ := synthetic(t, "20")
	cmd := exec.CommandContext(t.Context(), testutil.Program(t, "xmllint"), "--nonet", "--noout",
		"--schema", filepath.Join(base, "ewp-specs-api-registry/stable-v1/catalogue.xsd"), "-")
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(base, "catalog-network.xml"))
	cmd.Stdin = bytes.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestStops checks that sequences end when their reader has enough.
func TestStops(t *testing.T) {
	t.Parallel()
	x := parse(t, catalogue(entryDoc+strings.Replace(entryDoc, "alpha.example", "beta.example", 1)+
		"<institutions><hei id='a.example'><name>A</name></hei><hei id='b.example'><name>B</name></hei></institutions>"))
	first := func(seq iter.Seq[Host]) Host {
		for h := range seq {
			return h
		}
		return Host{}
	}
	h := first(x.Hosts())
	for range x.Entries(Query{}) {
		break
	}
	for range x.Entries(Query{HEI: hei("alpha.example")}) {
		break
	}
	for range h.Entries() {
		break
	}
	for range x.HEIs() {
		break
	}
	if first(x.HostsOf(hei("alpha.example"))) != h {
		t.Error("another host first")
	}
	e, _ := x.Find(Query{})
	for range e.Nodes() {
		break
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(catalogue(entryDoc)))
	f.Add([]byte(catalogue("<host/><binaries>" + goodKey + "</binaries><institutions><hei id='a.example'><other-id type='pic'>1</other-id><name xml:lang='en'>N</name></hei></institutions>")))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := Parse(strings.NewReader(string(data)), Limits{MaxBytes: 1 << 20})
		if err != nil {
			if x != nil {
				t.Error("an index beside an error")
			}
			return
		}
		for e := range x.Entries(Query{}) {
			n := e.Name()
			for h := range e.Host().HEIs().All() {
				found, ok := x.Find(Query{HEI: h, Namespace: n.Space, Name: n.Local})
				if !ok || found.Name() != n && n.Space != "" {
					t.Fatalf("the entry %v of %v is not found: %v", n, h, found)
				}
			}
			for node := range e.Nodes() {
				if node.Depth == 1 && node.Name.Space == n.Space {
					if _, ok := e.Value(node.Name.Local); !ok {
						t.Fatalf("the element %v is not found", node.Name)
					}
				}
			}
		}
		for h := range x.Hosts() {
			for _, k := range h.ServerKeys() {
				if !h.HasServerKey(k) {
					t.Fatalf("the key %v is not found", k)
				}
			}
			for _, k := range h.ClientKeys() {
				heis, known := x.HEIsOfClientKey(k)
				for id := range h.HEIs().All() {
					if !known || !heis.Has(id) {
						t.Fatalf("the institution %v of the key %v is not found", id, k)
					}
				}
			}
		}
		for h := range x.HEIs() {
			for _, id := range h.OtherIDs {
				if !x.HEIsByOtherID(id.Type, id.Value).Has(h.ID) && x.Report().Count(HEIRepeated) == 0 {
					t.Fatalf("the institution %v is not found by %v", h.ID, id)
				}
			}
		}
	})
}
