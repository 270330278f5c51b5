package ewp_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestErrorResponseRoundTrip(t *testing.T) {
	t.Parallel()
	for i, in := range []ewp.ErrorResponse{
		0: {DeveloperMessage: "Missing parameter hei_id."},
		1: {DeveloperMessage: "line one\nline two\t<&>\"", UserMessages: ewp.Texts{{Lang: "en", Value: "No."}, {Lang: "fr", Value: "Déjà traité"}, {Value: "?"}}},
		2: {},
	} {
		body, err := in.Encode()
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		out, err := ewp.DecodeErrorResponse(body, "application/xml;charset=UTF-8")
		if err != nil {
			t.Errorf("%d: %v\n%s", i, err, body)
			continue
		}
		testutil.Equal(t, "error-response", out, in)
	}
	body, err := ewp.ErrorResponse{DeveloperMessage: "x", UserMessages: ewp.Texts{{Lang: "en", Value: "y"}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<error-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-architecture/blob/stable-v1/common-types.xsd">` +
		`<developer-message>x</developer-message><user-message xml:lang="en">y</user-message></error-response>`
	if got := string(body); strings.TrimSpace(got) != want {
		t.Errorf("document\n got %s\nwant %s", got, want)
	}
	if _, err := (ewp.ErrorResponse{DeveloperMessage: "a\x00b"}).Encode(); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a character that XML cannot hold: %v", err)
	}
}

// TestErrorResponseSchema lets xmllint judge what is written.
func TestErrorResponseSchema(t *testing.T) {
	t.Parallel()
	xmllint := testutil.Program(t, "xmllint")
	schemas := testutil.Shared(t, "ewp/schemas")
	body, err := ewp.ErrorResponse{
		DeveloperMessage: "x", UserMessages: ewp.Texts{{Lang: "en", Value: "y"}, {Value: "z"}},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), xmllint, "--nonet", "--noout",
		"--schema", filepath.Join(schemas, "ewp-specs-architecture/stable-v1/common-types.xsd"), "-")
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(schemas, "catalog-network.xml"))
	cmd.Stdin = bytes.NewReader(body)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestDecodeErrorResponse(t *testing.T) {
	t.Parallel()
	const ns = `xmlns="https://github.com/erasmus-without-paper/ewp-specs-architecture/blob/stable-v1/common-types.xsd"`
	for i, test := range []struct {
		in, contentType string
		want            ewp.ErrorResponse
		refused         bool
	}{
		0: {in: `<error-response ` + ns + `><developer-message> a
 b </developer-message></error-response>`, want: ewp.ErrorResponse{DeveloperMessage: "a\n b"}},
		1: {in: `<e:error-response xmlns:e="urn:wrong"><e:developer-message>a</e:developer-message></e:error-response>`, want: ewp.ErrorResponse{DeveloperMessage: "a"}},
		2: {in: `<error-response><user-message xml:lang="en">u</user-message><more/></error-response>`, want: ewp.ErrorResponse{UserMessages: ewp.Texts{{Lang: "en", Value: "u"}}}},
		3: {in: "<error-response><developer-message>\xe9</developer-message></error-response>", contentType: "text/xml; charset=ISO-8859-1", want: ewp.ErrorResponse{DeveloperMessage: "é"}},
		4: {in: `<html><body>502</body></html>`, refused: true},
		5: {in: ``, refused: true},
		6: {in: `{"error":1}`, refused: true},
		7: {in: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><error-response><developer-message>&e;</developer-message></error-response>`, refused: true},
		8: {in: `<error-response>` + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + `</error-response>`, refused: true},
		9: {in: `<error-response><developer-message>` + strings.Repeat("a", 70<<10) + `</developer-message></error-response>`, refused: true},
	} {
		got, err := ewp.DecodeErrorResponse([]byte(test.in), test.contentType)
		if test.refused != (err != nil) || err != nil && !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, refused should be %v", i, err, test.refused)
		}
		testutil.Equal(t, "decoded", got, test.want)
	}
	many := `<error-response>` + strings.Repeat("<user-message>u</user-message>", 100) + `</error-response>`
	if got, err := ewp.DecodeErrorResponse([]byte(many), ""); err != nil || len(got.UserMessages) != 32 {
		t.Errorf("100 user messages: %d kept, %v", len(got.UserMessages), err)
	}
}

// TestDecodeOfficialErrors reads those of the registry.
func TestDecodeOfficialErrors(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "ewp/examples/ewp-registry-service/error-responses")
	for name, prefix := range map[string]string{
		"default-404.xml": "Page not found (HTTP 404).\n\nPlease consult",
		"default-500.xml": "Internal Server Error (HTTP 500).",
		"default-503.xml": "Service Unavailable (HTTP 503).",
	} {
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ewp.DecodeErrorResponse(body, "application/xml")
		if err != nil || !strings.HasPrefix(got.DeveloperMessage, prefix) {
			t.Errorf("%s: %q, %v", name, got.DeveloperMessage, err)
		}
	}
}

func FuzzDecodeErrorResponse(f *testing.F) {
	f.Add([]byte(`<error-response><developer-message>a</developer-message><user-message xml:lang="en">b</user-message></error-response>`), "text/xml; charset=utf-8")
	f.Add([]byte(`<a:error-response xmlns:a="b"><!-- --><![CDATA[]]></a:error-response>`), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		e, err := ewp.DecodeErrorResponse(body, contentType)
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Fatalf("%v is no ErrProtocol", err)
			}
			return
		}
		again, err := e.Encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if len(again) > 64<<10 {
			return // escapes made it longer than what is read
		}
		out, err := ewp.DecodeErrorResponse(again, "")
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		testutil.Equal(t, "written and read again", out, e)
	})
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add("MIIB")
	f.Add("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
	f.Add("MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKB8ACSVtpP1qGPKQXqdbwNNZJsQqG8kYdvY8BVm4mQH1w3xkPqF3pQ9oV6gV8nXgJcGmZxO1G4Yc5oJm8VZ6W0CAwEAAQ==")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ewp.ParsePublicKey(text)
		if err != nil {
			return
		}
		again, err := ewp.ParsePublicKey(key.String())
		if err != nil || again.Fingerprint() != key.Fingerprint() {
			t.Fatalf("written and read again: %v, %v, want %v", again.Fingerprint(), err, key.Fingerprint())
		}
	})
}

func TestError(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		status int
		cause  error
		kind   error
	}{
		0:  {status: 400, kind: passerelle.ErrInvalid},
		1:  {status: 401, kind: passerelle.ErrUnauthorized},
		2:  {status: 403, kind: passerelle.ErrForbidden},
		3:  {status: 404, kind: passerelle.ErrNotFound},
		4:  {status: 405, kind: passerelle.ErrProtocol},
		5:  {status: 409, kind: passerelle.ErrConflict},
		6:  {status: 410, kind: passerelle.ErrGone},
		7:  {status: 415, kind: passerelle.ErrProtocol},
		8:  {status: 429, kind: passerelle.ErrRateLimited},
		9:  {status: 500, kind: passerelle.ErrUnavailable},
		10: {status: 503, kind: passerelle.ErrUnavailable},
		11: {status: 0, kind: passerelle.ErrUnavailable},
		12: {status: 200, kind: passerelle.ErrProtocol},
		13: {status: 200, cause: passerelle.ErrForbidden, kind: passerelle.ErrForbidden},
	} {
		err := &ewp.Error{Status: test.status, Err: test.cause}
		for _, kind := range []error{
			passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrGone, passerelle.ErrUnauthorized,
			passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable, passerelle.ErrProtocol,
		} {
			if got := errors.Is(err, kind); got != (kind == test.kind) {
				t.Errorf("%d: is %v: %v", i, kind, got)
			}
		}
	}

	var leaks testutil.Leaks
	leaks.Secret(t, "Éloïse Durand", "durand-raw")
	err := &ewp.Error{
		HEI: ewp.MustParseHEIID("uw.edu.pl"), API: "omobility-las", Endpoint: "update", Status: 409, Signed: true,
		Response: &ewp.ErrorResponse{DeveloperMessage: "Éloïse Durand"}, Raw: []byte("durand-raw"), Result: passerelle.Answered,
	}
	leaks.Error(err)
	leaks.Logger().Error("call", slog.Any("error", err))
	leaks.Check(t)
	if got, want := err.Error(), "ewp uw.edu.pl: omobility-las update: HTTP 409"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !strings.Contains(leaks.Log(), `"outcome":"answered"`) || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("no outcome in %s", leaks.Log())
	}
}

func TestErrorFrom(t *testing.T) {
	t.Parallel()
	const document = `<error-response><developer-message>a</developer-message></error-response>`
	for i, test := range []struct {
		status int
		body   string
		want   *ewp.Error
	}{
		0: {400, document, &ewp.Error{Status: 400, Raw: []byte(document), Response: &ewp.ErrorResponse{DeveloperMessage: "a"}, Result: passerelle.Answered}},
		1: {502, "<html/>", &ewp.Error{Status: 502, Raw: []byte("<html/>"), Result: passerelle.Unknown}},
		2: {429, "", &ewp.Error{Status: 429, Raw: []byte{}, Result: passerelle.Answered}},
		3: {500, strings.Repeat("x", 70<<10), &ewp.Error{Status: 500, Raw: []byte(strings.Repeat("x", 64<<10)), Result: passerelle.Unknown}},
	} {
		if got := ewp.ErrorFrom(test.status, "text/xml", []byte(test.body)); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%d: %+v, want %+v", i, got, test.want)
		}
	}
}
