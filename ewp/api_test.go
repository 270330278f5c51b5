package ewp_test

import (
	"bytes"
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestAPIsAgainstSchemas holds the table against the published schemas: each entry
// element, address, limit, answer root and namespace must be declared there.
func TestAPIsAgainstSchemas(t *testing.T) {
	t.Parallel()
	schemas := readSchemas(t, testutil.Shared(t, "ewp/schemas"))
	for a := range ewp.APIs() {
		entry, ok := schemas[a.Namespace()]
		if !ok {
			t.Errorf("%s: no schema has the namespace %s", a, a.Namespace())
			continue
		}
		if !entry.top[a.String()] {
			t.Errorf("%s: not declared in %s", a, a.Namespace())
		}
		var declared []string
		for _, name := range entry.all {
			if strings.HasSuffix(name, "url") || strings.HasPrefix(name, "max-") {
				declared = append(declared, name)
			}
		}
		var listed []string
		for _, e := range a.Endpoints() {
			listed = append(listed, e.Element)
		}
		listed = append(listed, a.Limits()...)
		slices.Sort(declared)
		slices.Sort(listed)
		testutil.Equal(t, a.String()+": elements of the entry", listed, declared)
		for _, e := range a.Endpoints() {
			if e.Root == "" {
				if a != ewp.File {
					t.Errorf("%s %s: no root element", a, e.Element)
				}
				continue
			}
			answer, ok := schemas[e.Namespace]
			if !ok || !answer.top[e.Root] {
				t.Errorf("%s %s: %s is not declared in %s", a, e.Element, e.Root, e.Namespace)
			}
		}
	}
}

type schema struct {
	top map[string]bool // elements declared at the top
	all []string        // every element declared
}

func readSchemas(t *testing.T, folder string) map[string]schema {
	t.Helper()
	found := map[string]schema{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".xsd" || !strings.Contains(path, "ewp-specs-") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := schema{top: map[string]bool{}}
		target, depth := "", 0
		for dec := xml.NewDecoder(bytes.NewReader(data)); ; {
			token, err := dec.Token()
			if err != nil {
				break
			}
			switch el := token.(type) {
			case xml.StartElement:
				depth++
				for _, at := range el.Attr {
					switch {
					case depth == 1 && at.Name.Local == "targetNamespace":
						target = at.Value
					case el.Name.Local == "element" && at.Name.Local == "name":
						s.all = append(s.all, at.Value)
						if depth == 2 {
							s.top[at.Value] = true
						}
					}
				}
			case xml.EndElement:
				depth--
			}
		}
		if target != "" && len(s.all) > 0 {
			found[target] = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAPIs(t *testing.T) {
	t.Parallel()
	n := 0
	names := map[string]bool{}
	for a := range ewp.APIs() {
		n++
		if a.IsZero() || a.String() == "" || names[a.String()] {
			t.Errorf("API %d: name %q is empty or there twice", a, a)
		}
		names[a.String()] = true
		if got, ok := ewp.ParseAPI(a.String()); !ok || got != a {
			t.Errorf("ParseAPI(%q) = %v, %v, want %v", a, got, ok, a)
		}
		major, ok := ewp.NamespaceMajor(a.Namespace())
		if v := a.Version(); !ok || v.Major != major && (v.Major != 0 || major != 1) {
			t.Errorf("%s: version %v in the namespace of version %d", a, v, major)
		}
		for _, e := range a.Endpoints() {
			if got, ok := a.Endpoint(e.Name); !ok || got != e {
				t.Errorf("%s: Endpoint(%q) = %+v, %v, want %+v", a, e.Name, got, ok, e)
			}
			if want := strings.TrimSuffix(strings.TrimSuffix(e.Element, "url"), "-"); e.Name != want {
				t.Errorf("%s: endpoint of %s is named %q, want %q", a, e.Element, e.Name, want)
			}
		}
	}
	if n != 24 {
		t.Errorf("%d APIs, want 24", n)
	}
	for _, name := range []string{"", "mt-institutions", "IIAs"} {
		if got, ok := ewp.ParseAPI(name); ok {
			t.Errorf("ParseAPI(%q) = %v, want none", name, got)
		}
	}
	for _, none := range []ewp.API{0, 200} {
		if none.String() != "" || none.Namespace() != "" || none.Endpoints() != nil {
			t.Errorf("API %d has a name, a namespace or endpoints", uint8(none))
		}
	}
	ewp.IIAs.Endpoints()[0].Element = "changed"
	if e, _ := ewp.IIAs.Endpoint("get"); e.Element != "get-url" {
		t.Error("a caller could change the table")
	}
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		verbs ewp.Verbs
		allow string
	}{
		0: {ewp.GetOrPost, "GET, POST"},
		1: {ewp.GetOnly, "GET"},
		2: {ewp.PostForm, "POST"},
		3: {ewp.PostXML, "POST"},
	} {
		if got := test.verbs.Allow(); got != test.allow {
			t.Errorf("%d: Allow() = %q, want %q", i, got, test.allow)
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "get"} {
			want := slices.Contains(strings.Split(test.allow, ", "), method)
			if got := test.verbs.Allows(method); got != want {
				t.Errorf("%d: Allows(%s) = %v, want %v", i, method, got, want)
			}
		}
	}
}

func TestNamespaceMajor(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		namespace string
		major     int
		ok        bool
	}{
		0: {ewp.IIAs.Namespace(), 7, true},
		1: {ewp.IIAs.NamespaceOf(6), 6, true},
		2: {ewp.NamespaceDiscovery, 6, true},
		3: {"https://github.com/erasmus-without-paper/ewp-specs-api-iia-search/tree/master", 0, false},
		4: {"https://example.org/stable-v", 0, false},
		5: {"https://example.org/stable-v-1/", 0, false},
		6: {"https://example.org/stable-v99999/", 0, false},
		7: {"urn:other", 0, false},
	} {
		if major, ok := ewp.NamespaceMajor(test.namespace); major != test.major || ok != test.ok {
			t.Errorf("%d: NamespaceMajor(%q) = %d, %v, want %d, %v", i, test.namespace, major, ok, test.major, test.ok)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		in   string
		want ewp.Version
		rule string
	}{
		0: {in: "2.0.1", want: ewp.Version{Major: 2, Patch: 1}},
		1: {in: "0.0.0"},
		2: {in: "10.20.300", want: ewp.Version{Major: 10, Minor: 20, Patch: 300}},
		3: {in: "1.0", rule: "parts"},
		4: {in: "1.0.0.0", rule: "parts"},
		5: {in: "1.0.0-rc9", rule: "character"},
		6: {in: "1..0", rule: "length"},
		7: {in: "1.0.1234567", rule: "length"},
		8: {in: "", rule: "parts"},
		9: {in: "a.0.0", rule: "character"},
	} {
		got, err := ewp.ParseVersion(test.in)
		if rule := ruleOf(t, err); rule != test.rule || got != test.want {
			t.Errorf("%d: ParseVersion(%q) = %v, rule %q, want %v, rule %q", i, test.in, got, rule, test.want, test.rule)
		}
		if err == nil && got.String() != test.in {
			t.Errorf("%d: String() = %q, want %q", i, got, test.in)
		}
	}
	sorted := []string{"0.7.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0", "2.0.1"}
	for i, a := range sorted {
		for j, b := range sorted {
			got := ewp.MustParseVersion(a).Compare(ewp.MustParseVersion(b))
			if want := min(1, max(-1, i-j)); got != want {
				t.Errorf("%s compared to %s is %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestEndpointOf(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		api       ewp.API
		name      string
		major     int
		namespace string
	}{
		0: {ewp.IMobilityToRs, "get", 2, "https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v2/endpoints/get-response.xsd"},
		1: {ewp.IMobilityToRs, "get", 3, "https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/get-response.xsd"},
		2: {ewp.IMobilityToRCNR, "", 1, "https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tor-cnr/tree/stable-v1"},
		3: {ewp.Courses, "", ewp.Courses.Major(), "https://github.com/erasmus-without-paper/ewp-specs-api-courses/tree/stable-v1"},
		4: {ewp.File, "", 2, ""},
	} {
		if e, ok := c.api.EndpointOf(c.name, c.major); !ok || e.Namespace != c.namespace {
			t.Errorf("%d: %v, %q; want %q", i, ok, e.Namespace, c.namespace)
		}
	}
	if _, ok := ewp.Echo.EndpointOf("get", 2); ok {
		t.Error("echo has no get")
	}
}
