package ewpclient_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// echoAnswer is the answer of the Echo API.
type echoAnswer struct {
	HEIs []ewp.HEIID `xml:"hei-id"`
	Echo []string    `xml:"echo"`
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func TestFetch(t *testing.T) {
	t.Parallel()
	latin := `<?xml version="1.0" encoding="ISO-8859-1"?>` + echoed("caf\xe9")
	for i, tc := range map[int]struct {
		reply  reply
		quirks ewpclient.Quirks
		want   []string
	}{
		0: {reply{body: echoed("a", "b", "a")}, 0, []string{"a", "b", "a"}},
		1: {reply{body: zipped(echoed("a")), header: http.Header{"Content-Encoding": {"gzip"}}}, 0, []string{"a"}},
		2: {reply{body: zipped(zipped(echoed("a"))), header: http.Header{"Content-Encoding": {"GZIP, identity", "x-gzip"}}}, 0, []string{"a"}},
		3: {reply{body: latin, header: http.Header{"Content-Type": {"application/xml"}}}, 0, []string{"café"}},
		4: {reply{body: echoed("caf\xe9"), header: http.Header{"Content-Type": {"text/xml; charset=iso-8859-1"}}}, 0, []string{"café"}},
		5: {reply{body: zipped(echoed("a")), spoil: func(h http.Header) { h.Set("Content-Encoding", "gzip") }}, ewpclient.UnsignedEncoding, []string{"a"}},
		6: {reply{body: `<p:response xmlns:p="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"><p:echo>a</p:echo><p:new/></p:response>`}, 0, []string{"a"}},
		7: {reply{body: strings.Replace(echoed("a"), "stable-v2", "master", 1)}, ewpclient.AnyNamespace, []string{"a"}},
		8: {reply{body: `<response><echo>a</echo></response>`}, ewpclient.AnyNamespace, []string{"a"}},
	} {
		c, _ := echoClient(t, func(cfg *ewpclient.Config) { cfg.Quirks = tc.quirks }, tc.reply.send)
		got, err := ewpclient.Fetch[echoAnswer](t.Context(), c, echoCall())
		if err != nil || !slices.Equal(got.Echo, tc.want) {
			t.Errorf("%d: %q, %v; want %q", i, got.Echo, err, tc.want)
		}
	}
}

// TestOpenTwice: readers of one answer, and of several, do not disturb each other.
func TestOpenTwice(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 10_000)
	c, _ := echoClient(t, nil, reply{body: zipped(text), header: http.Header{"Content-Encoding": {"gzip"}}}.send)
	a, err := c.Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for range 3 { // the tables of the first serve the second
		first, err := a.Open()
		if err != nil {
			t.Fatal(err)
		}
		second, err := a.Open()
		if err != nil {
			t.Fatal(err)
		}
		half := make([]byte, len(text)/2)
		if _, err := io.ReadFull(first, half); err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(second)
		rest, err2 := io.ReadAll(first)
		if err != nil || err2 != nil || string(whole) != text || string(half)+string(rest) != text {
			t.Errorf("%d and %d bytes, %v, %v; want %d each", len(half)+len(rest), len(whole), err, err2, len(text))
		}
		if n, err := first.Read(half); n != 0 || err != io.EOF {
			t.Errorf("after the end: %d, %v", n, err)
		}
	}
}

// TestNoGzip checks that compressed answers can be not asked for.
func TestNoGzip(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, func(cfg *ewpclient.Config) { cfg.Quirks = ewpclient.NoGzip }, reply{body: "x"}.send)
	a, err := c.Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	testutil.Equal(t, "Accept-Encoding, signed", h.seen()[0].Header.Get("Accept-Encoding"), "")
}

// TestUnreadable: signed, and still not what it must be.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	const ns = `xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"`
	gz := http.Header{"Content-Encoding": {"gzip"}}
	for i, tc := range map[int]struct {
		reply reply
		want  string
	}{
		0:  {reply{body: ""}, "empty: want a root element"},
		1:  {reply{body: "no XML"}, "root: want text inside the root element only"},
		2:  {reply{body: `<other ` + ns + `/>`}, "root element other than response"},
		3:  {reply{body: `<response/>`}, "root element in another namespace than https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"},
		4:  {reply{body: `<response ` + ns + `><echo>Secret</echo>`}, "truncated: want the rest of the document"},
		5:  {reply{body: `<response ` + ns + `/><response/>`}, "trailing: want nothing after the root element"},
		6:  {reply{body: `<!DOCTYPE response><response ` + ns + `/>`}, "doctype: want no document type declaration"},
		7:  {reply{body: `<response ` + ns + `><echo>&e;</echo></response>`}, "syntax"},
		8:  {reply{body: `<response ` + ns + `><hei-id>Dupont Martin</hei-id></response>`}, "the content of response is not what it must be"},
		9:  {reply{body: zipped(echoed("a"))[:40], header: gz}, "answer whose content coding cannot be undone"},
		10: {reply{body: echoed("a"), header: gz}, "answer whose content coding cannot be undone"},
		11: {reply{body: echoed("a"), header: http.Header{"Content-Encoding": {"br"}}}, "answer in a content coding that was not asked for"},
		12: {reply{body: zipped(echoed(strings.Repeat("a", 1<<17))), header: gz}, "answer longer than accepted"},
		13: {reply{body: echoed("a"), header: http.Header{"Content-Encoding": {"gzip, gzip, gzip, gzip"}}}, "answer in a content coding that was not asked for"},
		14: {reply{body: zipped(echoed("a")), spoil: func(h http.Header) { h.Set("Content-Encoding", "gzip") }}, "syntax"},
		15: {reply{body: `<response ` + ns + `>` + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + `</response>`}, "depth"},
	} {
		var reported []ewpclient.Failure
		c, h := echoClient(t, func(cfg *ewpclient.Config) {
			cfg.Transport.MaxBody = 1 << 17
			cfg.Report = func(f ewpclient.Failure) { reported = append(reported, f) }
		}, tc.reply.send)
		_, err := ewpclient.Fetch[echoAnswer](t.Context(), c, echoCall())
		e, ok := errors.AsType[*ewp.Error](err)
		if !ok || !strings.Contains(err.Error(), tc.want) || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want %q", i, err, tc.want)
			continue
		}
		if !e.Signed || e.Status != 200 || passerelle.OutcomeOf(err) != passerelle.Unknown || len(h.seen()) != 1 {
			t.Errorf("%d: %+v after %d requests", i, e, len(h.seen()))
		}
		if strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), "Dupont") {
			t.Errorf("%d: %q repeats the answer", i, err)
		}
		if len(reported) != 0 { // Echo is never reported
			t.Errorf("%d: reported %v", i, reported)
		}
	}
}

// agreement is an object of the answers of these tests.
type agreement struct {
	ID    string `xml:"id"`
	Years int    `xml:"years"`
}

// answerOf returns an answer of the endpoint get of the agreements.
func answerOf(objects ...string) string {
	return `<iias-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd">` +
		strings.Join(objects, "") + `</iias-get-response>`
}

func iia(id string, years any) string {
	return fmt.Sprintf(`<iia><id>%s</id><years>%v</years></iia>`, id, years)
}

// iiaClient is a client of a partner that serves agreements, few at a time.
func iiaClient(tb testing.TB, limit string, change func(*ewpclient.Config), script ...answer) (*ewpclient.Client, *host) {
	tb.Helper()
	h := newHost(tb, script...)
	cfg := config(tb, h, catalogue(tb, members(tb, h, entry{api: ewp.IIAs, more: limit})))
	if change != nil {
		change(&cfg)
	}
	return newClient(tb, cfg), h
}

var getIIAs = ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "get"}

func TestObjects(t *testing.T) {
	t.Parallel()
	c, _ := iiaClient(t, "", nil, reply{body: answerOf(
		iia("1", 3), `<other><iia><id>hidden</id></iia></other>`, iia("Secret", "three"), `<iia xmlns="urn:other"><id>foreign</id></iia>`,
		`<iia><id>4</id><years>4</years><deep><iia><id>inner</id></iia></deep></iia>`,
		`<iia><years>bad</years><id>5</id><deep><deeper>x</deeper></deep></iia>`, iia("6", 6),
	)}.send)
	a, err := c.Call(t.Context(), getIIAs)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var got []agreement
	var positions []int
	for v, err := range ewpclient.Objects[agreement](a, xml.Name{Local: "iia"}) {
		if err != nil {
			e, ok := errors.AsType[*ewpclient.ObjectError](err)
			if !ok || !errors.Is(err, passerelle.ErrProtocol) || strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), "three") {
				t.Fatalf("%v", err)
			}
			testutil.Equal(t, "element", e.Element, "iia")
			positions = append(positions, e.Position)
			continue
		}
		got = append(got, v)
	}
	testutil.Equal(t, "objects", got, []agreement{{"1", 3}, {"4", 4}, {"6", 6}})
	testutil.Equal(t, "positions of the unreadable", positions, []int{2, 4})

	// Twice the same, and the caller may stop.
	count := 0
	for range ewpclient.Objects[agreement](a, xml.Name{Local: "iia", Space: "https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"}) {
		if count++; count == 2 {
			break
		}
	}
	testutil.Equal(t, "objects before the break", count, 2)
}

// TestObjectsCut: what comes before the fault is given, and the fault is last.
func TestObjectsCut(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct {
		body string
		want []string
	}{
		0: {answerOf(iia("1", 1)) + "<x/>", []string{"1"}},
		1: {answerOf(iia("1", 1), "<iia><id>2</id>"), []string{"1"}},
		2: {answerOf(iia("1", 1), "<iia><id>2</id></iia", iia("3", 3)), []string{"1"}},
		3: {answerOf(iia("1", 1), iia("2", "x"), "<iia><id>&x;</id></iia>"), []string{"1"}},
		4: {answerOf(), nil},
		5: {answerOf(iia("1", 1))[:20], nil},
	} {
		c, _ := iiaClient(t, "", nil, reply{body: tc.body}.send)
		a, err := c.Call(t.Context(), getIIAs)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var last error
		for v, err := range ewpclient.Objects[agreement](a, xml.Name{Local: "iia"}) {
			if last = err; err == nil {
				got = append(got, v.ID)
			}
		}
		if _, row := errors.AsType[*ewpclient.ObjectError](last); row || (last == nil) != (i == 4) || last != nil && !errors.Is(last, passerelle.ErrProtocol) {
			t.Errorf("%d: the last error is %v", i, last)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%d: %q, want %q", i, got, tc.want)
		}
		a.Close()
	}
}

// stubborn is a T that stops in the middle of its element.
type stubborn struct{ ID string }

func (s *stubborn) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if _, err := d.Token(); err != nil { // the start of id
		return err
	}
	if err := d.DecodeElement(&s.ID, &start); err != nil || s.ID != "bad" {
		return errors.Join(err, d.Skip())
	}
	return errors.New("stopped at Secret")
}

// TestObjectsUnfinished: whatever the type does, the next object is found.
func TestObjectsUnfinished(t *testing.T) {
	t.Parallel()
	c, _ := iiaClient(t, "", nil, reply{body: answerOf(
		"<iia><id>1</id></iia>", "<iia><id>bad</id><x/><iia><id>inner</id></iia></iia>", "<iia><id>3</id></iia>", "<iia><id>bad</id></iia>",
	)}.send)
	a, err := c.Call(t.Context(), getIIAs)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var got []string
	var positions []int
	for v, err := range ewpclient.Objects[stubborn](a, xml.Name{Local: "iia"}) {
		if e, ok := errors.AsType[*ewpclient.ObjectError](err); ok {
			positions = append(positions, e.Position)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v.ID)
	}
	testutil.Equal(t, "objects", got, []string{"1", "3"})
	testutil.Equal(t, "positions of the unreadable", positions, []int{2, 4})
}

// TestObjectsInOtherNamespace: elements are moved to the namespace that is read.
func TestObjectsInOtherNamespace(t *testing.T) {
	t.Parallel()
	type strict struct {
		ID string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd id"`
	}
	c, _ := iiaClient(t, "", func(cfg *ewpclient.Config) { cfg.Quirks = ewpclient.AnyNamespace },
		reply{body: strings.Replace(answerOf(iia("1", 1)), "blob/stable-v7", "tree/stable-v7", 1)}.send)
	a, err := c.Call(t.Context(), getIIAs)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for v, err := range ewpclient.Objects[strict](a, xml.Name{Local: "iia"}) {
		if err != nil || v.ID != "1" {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

// TestLongText reads a text as long as a scanned document in base64.
func TestLongText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("A", 20<<20)
	c, _ := echoClient(t, nil, reply{body: echoed(text)}.send)
	got, err := ewpclient.Fetch[echoAnswer](t.Context(), c, echoCall())
	if err != nil || len(got.Echo) != 1 || len(got.Echo[0]) != len(text) {
		t.Errorf("%d texts, %v; want one of 20 MiB", len(got.Echo), err)
	}
}
