package passerelle_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const module = "github.com/passerelle-sup/passerelle"

// allowed lists for each package what it may import beside the standard library:
// packages of this module by their path below it ("." is the root), others by
// their whole path. A package that is not listed fails the test: its floor is
// decided here, and ARCHITECTURE.md says why each foreign module is worth it.
var allowed = map[string][]string{
	// Floor 0: the vocabulary.
	".": {"golang.org/x/text/unicode/norm"},

	// Floor 1: the domain, and the plumbing.
	"uai":           {"."},
	"ine":           {".", "uai"},
	"hei":           {"."},
	"esi":           {".", "hei", "ine"},
	"egracons":      {"."},
	"esc":           {".", "hei", "internal/journal"},
	"esc/qr":        {".", "esc", "github.com/skip2/go-qrcode"},
	"esc/seal":      {".", "esc", "esi", "esc/qr", "esc/trust", "github.com/golang-jwt/jwt/v5"},
	"esc/trust":     {".", "transport"},
	"sis":           {"."},
	"transport":     {".", "github.com/hashicorp/go-retryablehttp", "golang.org/x/time/rate"},
	"internal/xmlx": {".", "github.com/beevik/etree", "golang.org/x/text/encoding", "golang.org/x/text/encoding/charmap", "golang.org/x/text/transform"},
	"internal/soap": {".", "internal/xmlx", "github.com/beevik/etree"},
	"internal/soap/wsdl": {
		".", "internal/xmlx", "internal/soap", "github.com/beevik/etree",
	},
	"internal/journal": {".", "golang.org/x/sys/windows"},
	"internal/c14n":    {"."},
	"internal/ledger":  {".", "internal/journal"},

	// Floor 2: clients and servers of the remote systems.
	"ines": {
		".", "ine", "uai", "transport", "internal/soap", "internal/soap/wsdl", "internal/xmlx", "github.com/beevik/etree",
		"github.com/go-playground/validator/v10",
	},
	"ine/checkine": {".", "ine", "transport"},
	"esc/deuinfo":  {".", "esc", "esc/trust"},
	"particulier":  {".", "ine", "uai", "transport", "golang.org/x/time/rate"},
	"supdata":      {".", "ine", "uai", "sis", "particulier", "transport", "internal/ledger", "golang.org/x/text/encoding", "golang.org/x/text/encoding/charmap", "golang.org/x/time/rate"},
	"aglae": {
		".", "ine", "uai", "sis", "particulier", "transport", "internal/journal", "internal/ledger", "internal/soap", "internal/soap/wsdl", "internal/xmlx",
		"github.com/beevik/etree", "golang.org/x/text/encoding/charmap",
	},
	"cvec":                          {".", "sis", "uai", "transport", "golang.org/x/text/encoding", "golang.org/x/text/encoding/charmap", "golang.org/x/time/rate"},
	"ewp/discovery":                 {".", "ewp", "ewp/registry", "internal/xmlx", "internal/journal", "github.com/beevik/etree"},
	"ewp":                           {".", "internal/xmlx", "github.com/beevik/etree"},
	"ewp/httpsig":                   {".", "ewp", "github.com/google/uuid"},
	"ewp/aesgcm":                    {".", "ewp"},
	"ewp/elmo":                      {".", "ewp", "sis", "internal/xmlx"},
	"ewp/tors":                      {".", "egracons", "ewp", "ewp/elmo", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical", "ewp/term", "internal/xmlx", "sis"},
	"ewp/cnr":                       {".", "ewp", "ewp/ewpclient", "ewp/ewpserver", "internal/journal"},
	"ewp/contact":                   {".", "ewp", "ewp/internal/lexical"},
	"ewp/term":                      {".", "ewp", "ewp/internal/lexical"},
	"ewp/internal/lexical":          {".", "ewp"},
	"ewp/institutions":              {".", "ewp", "ewp/contact", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical"},
	"ewp/internal/document":         {".", "ewp", "internal/xmlx"},
	"ewp/internal/documenttest":     {".", "ewp", "internal/testutil", "github.com/google/go-cmp/cmp"},
	"ewp/iias":                      {".", "ewp", "ewp/cnr", "ewp/contact", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/lexical", "ewp/term", "internal/c14n", "internal/ledger", "internal/xmlx"},
	"ewp/omobilities":               {".", "esi", "ewp", "ewp/cnr", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical", "ewp/term", "ine", "internal/ledger", "internal/xmlx", "sis"},
	"ewp/imobilities":               {".", "ewp", "ewp/cnr", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical", "internal/ledger"},
	"ewp/ounits":                    {".", "ewp", "ewp/contact", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical"},
	"ewp/factsheet":                 {".", "ewp", "ewp/contact", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical"},
	"ewp/courses":                   {".", "ewp", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical", "ewp/term", "sis"},
	"ewp/echo":                      {".", "ewp/ewpclient", "ewp", "ewp/ewpserver"},
	"ewp/file":                      {".", "ewp/ewpclient", "ewp", "ewp/ewpserver"},
	"ewp/monitoring":                {".", "ewp/ewpclient", "ewp", "ewp/ewpserver"},
	"ewp/omobilitylas":              {".", "ewp", "ewp/cnr", "ewp/contact", "ewp/ewpclient", "ewp/ewpserver", "ewp/internal/document", "ewp/internal/lexical", "ewp/term", "internal/ledger", "internal/xmlx", "transport"},
	"ewp/ewpserver":                 {".", "ewp", "ewp/aesgcm", "ewp/httpsig", "ewp/registry", "internal/xmlx"},
	"ewp/registry":                  {".", "ewp", "ewp/registry/internal/xmlscan", "transport", "internal/xmlx"},
	"ewp/registry/internal/xmlscan": {".", "internal/xmlx"},
	"ewp/ewpclient":                 {".", "ewp", "ewp/aesgcm", "ewp/httpsig", "ewp/registry", "transport", "internal/xmlx", "golang.org/x/time/rate"},
	"emrex":                         {".", "ewp/elmo", "ewp/registry", "transport", "internal/c14n"},
	"esc/router":                    {".", "esc", "esi", "transport", "internal/journal"},

	// Floor 3: processes over several services, and the fakes.
	"ines/campaign":                     {".", "ine", "uai", "ines", "sis", "internal/ledger"},
	"ines/campaign/campaigntest":        {".", "ine", "ines/campaign"},
	"ines/inestest":                     {".", "ine", "uai", "ines", "transport", "internal/journal", "internal/soap", "internal/xmlx", "github.com/beevik/etree"},
	"supdata/feedtest":                  {".", "ine", "uai", "supdata"},
	"cvec/cvectest":                     {".", "cvec"},
	"aglae/aglaetest":                   {".", "ine", "uai", "aglae", "particulier", "transport", "internal/soap", "github.com/beevik/etree"},
	"supdata/supdatatest":               {".", "ine", "uai", "supdata", "particulier", "particulier/particuliertest", "transport"},
	"aglae/detectiontest":               {".", "ine", "aglae"},
	"particulier/particuliertest":       {".", "ine", "uai", "particulier", "transport"},
	"emrex/emrextest":                   {"emrex", "ewp", "ewp/elmo"},
	"esc/esctest":                       {".", "esc", "esi", "esc/qr", "esc/seal", "esc/trust", "esc/deuinfo", "esc/router"},
	"ewp/omobilitylas/omobilitylastest": {".", "ewp", "ewp/contact", "ewp/omobilitylas", "ewp/term"},
	"ewp/cnr/cnrtest":                   {".", "ewp", "ewp/cnr"},
	"ewp/ewptest":                       {".", "egracons", "ewp", "ewp/aesgcm", "ewp/cnr", "ewp/discovery", "ewp/iias", "ewp/echo", "ewp/ounits", "ewp/institutions", "ewp/factsheet", "ewp/courses", "ewp/contact", "ewp/ewpclient", "ewp/elmo", "ewp/ewpserver", "ewp/term", "ewp/tors", "ewp/httpsig", "ewp/omobilitylas", "ewp/imobilities", "ewp/omobilities", "ewp/registry", "transport", "internal/xmlx", "github.com/beevik/etree", "github.com/google/uuid"},

	"diploma":                         {".", "egracons", "ewp/elmo", "sis"},
	"mobility":                        {".", "internal/ledger"},
	"mobility/mobilitytest":           {".", "mobility"},
	"ewp/omobilities/omobilitiestest": {".", "ewp", "ewp/omobilities"},
	"ewp/iias/iiastest":               {".", "ewp", "ewp/cnr", "ewp/iias"},

	// What the tests share.
	"internal/testutil": {".", "github.com/google/go-cmp/cmp"},
}

// TestImports keeps every package of the SDK to its floor.
func TestImports(t *testing.T) {
	t.Parallel()
	root := testutil.ModuleRoot(t)
	met := map[string]bool{}
	for _, file := range sources(t, root) {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.ToSlash(dir)
		if strings.HasPrefix(dir, "examples/") {
			continue // the top floor imports what it likes
		}
		list, ok := allowed[dir]
		if !ok && !met[dir] {
			t.Errorf("package %s stands on no floor: add it to the table of this test", dir)
		}
		met[dir] = true
		if !ok {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if path == module {
				path = "."
			}
			path = strings.TrimPrefix(path, module+"/")
			if !slices.Contains(list, path) {
				t.Errorf("%s imports %s, which its floor does not allow", file, path)
			}
		}
	}
	for dir := range allowed {
		if !met[dir] {
			t.Errorf("the table allows imports to %s, which does not exist", dir)
		}
	}
}

// sources lists the Go files of the SDK module that are not tests.
func sources(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			name := entry.Name()
			nested := path == filepath.Join(root, "adapters") || path == filepath.Join(root, "examples", "rentree")
			if nested || path != root && strings.HasPrefix(name, ".") || name == "testdata" {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no file was found: the guard guards nothing")
	}
	return files
}
