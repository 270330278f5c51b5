package xmlscan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// stricter has what the scanner asks for and encoding/xml does not, the list of
// doc.go, by the words of the refusal, each with what must be in such a document.
var stricter = map[string]*regexp.Regexp{
	"a document in UTF-8":                             regexp.MustCompile(`encoding`),
	"white space between attributes":                  regexp.MustCompile(`["']`),
	"a short XML declaration":                         regexp.MustCompile(`^(\xEF\xBB\xBF)?<\?xml`),
	"XML version 1.0":                                 regexp.MustCompile(`<\?xml`),
	"an XML declaration by its grammar":               regexp.MustCompile(`<\?xml`),
	"a name at the start of a processing instruction": regexp.MustCompile(`<\?`),
	"a name, with a prefix and a colon at most":       regexp.MustCompile(`:`),
	// Surrogates: D800 to DFFF, 55296 to 57343.
	"& only as the start of a character reference or of a predefined entity": regexp.MustCompile(`&#(x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5(529[6-9]|5[3-9]\d\d|6\d{3}|7[0-2]\d\d|73[0-3]\d|734[0-3]));`),
	"text inside the root element only":                                      regexp.MustCompile(`&#|<!\[CDATA\[`),
	"nothing after the root element":                                         regexp.MustCompile(`&#|<!\[CDATA\[`),
	"bytes of UTF-8":                                                         regexp.MustCompile(`<!--|<\?`),
	"characters allowed in XML":                                              regexp.MustCompile(`<!--|<\?`),
}

// event is a token in a form that can be compared.
type event string

func scanned(r io.Reader) (events []event, err error) {
	s := New(r, xmlx.Limits{})
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			events = append(events, event("text "+text.String()))
			text.Reset()
		}
	}
	for {
		kind, err := s.Next()
		if err != nil {
			flush()
			return events, err
		}
		switch kind {
		case Text:
			text.Write(s.Text())
		case Start:
			flush()
			e := fmt.Sprintf("start %q %q", s.Name().Space, s.Name().Local)
			for _, a := range s.Attrs() {
				e += fmt.Sprintf(" %q %q=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			events = append(events, event(e))
		case End:
			flush()
			events = append(events, event(fmt.Sprintf("end %q %q", s.Name().Space, s.Name().Local)))
		}
	}
}

func decoded(data []byte) (events []event, err error) {
	dec, err := xmlx.NewDecoder(bytes.NewReader(data), "", xmlx.Limits{})
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			events = append(events, event("text "+text.String()))
			text.Reset()
		}
	}
	for {
		token, err := dec.Token()
		if err != nil {
			flush()
			return events, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			flush()
			e := fmt.Sprintf("start %q %q", t.Name.Space, t.Name.Local)
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					e += fmt.Sprintf(" %q %q=%q", a.Name.Space, a.Name.Local, a.Value)
				}
			}
			events = append(events, event(e))
		case xml.EndElement:
			flush()
			events = append(events, event(fmt.Sprintf("end %q %q", t.Name.Space, t.Name.Local)))
		}
	}
}

// agree fails the test where the scanner and encoding/xml disagree on a document.
func agree(t *testing.T, data []byte) {
	t.Helper()
	got, gotErr := scanned(bytes.NewReader(data))
	want, wantErr := decoded(data)
	switch {
	case gotErr == io.EOF && wantErr == io.EOF:
		if !slices.Equal(got, want) {
			t.Fatalf("tokens of %q\n got %q\nwant %q", data, got, want)
		}
	case gotErr == io.EOF:
		t.Fatalf("accepted %q, which encoding/xml refuses: %v", data, wantErr)
	default:
		refusal, ok := errors.AsType[*xmlx.Error](gotErr)
		if !ok {
			t.Fatalf("refused %q with %T %v", data, gotErr, gotErr)
		}
		if reason := stricter[refusal.Want]; wantErr == io.EOF && (reason == nil || !reason.Match(data)) {
			t.Fatalf("refused %q, which encoding/xml accepts: %v", data, gotErr)
		}
	}
	if len(data) > 8<<10 {
		return
	}
	// The same from a reader that gives byte after byte.
	again, againErr := scanned(iotest.OneByteReader(bytes.NewReader(data)))
	if !slices.Equal(got, again) || fmt.Sprint(gotErr) != fmt.Sprint(againErr) {
		t.Fatalf("%q read byte by byte\n got %q %v\nwant %q %v", data, again, againErr, got, gotErr)
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc.xml))
	}
	f.Fuzz(agree)
}

// TestAgree holds the scanner against encoding/xml on the published documents of
// the network.
func TestAgree(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"ewp/schemas", "ewp/examples"} {
		t.Run(strings.ReplaceAll(folder, "/", " "), func(t *testing.T) {
			t.Parallel()
			n := 0
			for name, data := range files(t, testutil.Shared(t, folder)) {
				if len(data) > 1<<20 {
					continue
				}
				n++
				t.Run(name, func(t *testing.T) { agree(t, data) })
			}
			if n == 0 {
				t.Error("no document was found")
			}
		})
	}
}
