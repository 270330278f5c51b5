package soap_test

import (
	"context"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

const (
	head11 = `<s:Envelope xmlns:s="` + soap.Namespace11 + `">`
	head12 = `<s:Envelope xmlns:s="` + soap.Namespace12 + `">`
	tail   = `</s:Envelope>`
)

func TestParseEnvelope(t *testing.T) {
	t.Parallel()
	block := xml.Name{Space: "urn:h", Local: "h"}
	for i, tc := range map[int]struct {
		in         string
		options    soap.Options
		version    soap.Version
		body, rule string
	}{
		0: {in: head11 + `<s:Body><a xmlns="urn:a"/></s:Body>` + tail, body: "a"},
		1: {in: head12 + `<s:Header/><s:Body><a/></s:Body>` + tail, version: soap.V12, body: "a"},
		2: {in: head11 + `<s:Body/>` + tail},
		3: {in: head11 + "\n<s:Header>\n</s:Header>\n<s:Body>\n<a/>\n</s:Body>\n" + tail, body: "a"},
		4: {in: head11 + `<s:Body><a/></s:Body><x:more xmlns:x="urn:x"/>` + tail, body: "a"},
		5: {in: `<Envelope xmlns="` + soap.Namespace12 + `"><Body><a xmlns=""/></Body></Envelope>`, version: soap.V12, body: "a"},

		10: {in: head11 + `<s:Body><a/><b/></s:Body>` + tail, rule: "body"},
		11: {in: head11 + `<s:Body/><s:Body/>` + tail, rule: "body"},
		12: {in: head11 + tail, rule: "body"},
		13: {in: head11 + `<s:Body/><s:Header/>` + tail, rule: "header"},
		14: {in: head11 + `<s:Header/><s:Header/><s:Body/>` + tail, rule: "header"},
		15: {in: head11 + `<Body/>` + tail, rule: "body"},
		16: {in: head11 + `<x:Body xmlns:x="` + soap.Namespace12 + `"/>` + tail, rule: "body"},
		17: {in: head12 + `<s:Body/><x:more xmlns:x="urn:x"/>` + tail, rule: "body"},
		18: {in: head11 + `<s:Body/><more/>` + tail, rule: "body"},
		19: {in: `<s:Envelope xmlns:s="urn:other"><s:Body/></s:Envelope>`, rule: "version"},
		20: {in: `<html><body/></html>`, rule: "envelope"},
		21: {in: `<Envelope><Body/></Envelope>`, rule: "version"},
		22: {in: head11 + `<s:Body>text</s:Body>` + tail, rule: "text"},
		23: {in: head11 + `text<s:Body/>` + tail, rule: "text"},
		24: {in: `<s:envelope xmlns:s="` + soap.Namespace11 + `"/>`, rule: "envelope"},

		30: {in: head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1"/></s:Header><s:Body/>` + tail, rule: "mustUnderstand"},
		31: {in: head12 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="true"/></s:Header><s:Body/>` + tail, rule: "mustUnderstand"},
		32: {in: head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="0"/></s:Header><s:Body/>` + tail},
		33: {in: head11 + `<s:Header><h xmlns="urn:h" mustUnderstand="1"/></s:Header><s:Body/>` + tail},
		34: {in: head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1" s:actor="urn:other"/></s:Header><s:Body/>` + tail},
		35: {in: head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/></s:Header><s:Body/>` + tail, rule: "mustUnderstand"},
		36: {in: head12 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1" s:role="` + soap.Namespace12 + `/role/ultimateReceiver"/></s:Header><s:Body/>` + tail, version: soap.V12, options: soap.Options{Understood: []xml.Name{block}}},
		37: {in: head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1"/></s:Header><s:Body/>` + tail, options: soap.Options{Understood: []xml.Name{block}}},
		38: {in: head11 + `<s:Header><h xmlns="urn:other" s:mustUnderstand="1"/></s:Header><s:Body/>` + tail, options: soap.Options{Understood: []xml.Name{block}}, rule: "mustUnderstand"},
	} {
		env, err := tc.options.Parse([]byte(tc.in), "")
		if tc.rule != "" {
			e, ok := errors.AsType[*soap.EnvelopeError](err)
			if !ok || e.Rule != tc.rule || !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("%d: error %v, want rule %q", i, err, tc.rule)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		body := ""
		if env.Body != nil {
			body = env.Body.Tag
		}
		if body != tc.body || env.Version != tc.version {
			t.Errorf("%d: body %q in version %v, want %q in %v", i, body, env.Version, tc.body, tc.version)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	env, err := new(soap.Options).Parse([]byte(head11+`<s:Header><a xmlns="urn:1">x</a><a xmlns="urn:2">y</a></s:Header><s:Body/>`+tail), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(env.Header) != 2 || xmlx.Text(env.Block("urn:2", "a")) != "y" || env.Block("urn:3", "a") != nil {
		t.Errorf("header blocks %v", env.Header)
	}
}

func TestEncodeRequest(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct {
		options     soap.Options
		action      string
		contentType string
		soapAction  string
		accept      string
	}{
		0: {soap.Options{}, "", "text/xml; charset=utf-8", `""`, "text/xml"},
		1: {soap.Options{Charset: "iso-8859-15"}, "urn:a", "text/xml; charset=iso-8859-15", `"urn:a"`, "text/xml"},
		2: {soap.Options{Version: soap.V12}, "urn:a", `application/soap+xml; charset=utf-8; action="urn:a"`, "", "application/soap+xml"},
		3: {soap.Options{Version: soap.V12}, "", "application/soap+xml; charset=utf-8", "", "application/soap+xml"},
		4: {soap.Options{}, "a\"b\r\nX: y", "text/xml; charset=utf-8", "", ""},
	} {
		msg, err := tc.options.EncodeRequest(t.Context(), tc.action, etree.NewElement("a"))
		if i == 4 {
			if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
				t.Errorf("%d: an action with a line break: %v", i, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		got := [...]string{msg.Header.Get("Content-Type"), msg.Header.Get("SOAPAction"), msg.Header.Get("Accept")}
		testutil.Equal(t, "headers", got, [...]string{tc.contentType, tc.soapAction, tc.accept})
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	type key struct{}
	o := soap.Options{
		Header: func(ctx context.Context) ([]byte, error) {
			return []byte(`<t:Token xmlns:t="urn:t">` + ctx.Value(key{}).(string) + `</t:Token><u xmlns="urn:u"/>`), nil
		},
		Sign: func(envelope []byte) ([]byte, error) { return append(envelope, "<!--signed-->"...), nil },
	}
	ctx := context.WithValue(t.Context(), key{}, "jeton-é")
	msg, err := o.EncodeRequest(ctx, "", etree.NewElement("a"), etree.NewElement("first"))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "envelope", string(msg.Body), `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><first/>`+
		`<t:Token xmlns:t="urn:t">jeton-é</t:Token><u xmlns="urn:u"/></soap:Header><soap:Body><a/></soap:Body></soap:Envelope><!--signed-->`)

	broken := errors.New("the vault is closed")
	for i, o := range []soap.Options{
		0: {Header: func(context.Context) ([]byte, error) { return nil, broken }},
		1: {Sign: func([]byte) ([]byte, error) { return nil, broken }},
		2: {Header: func(context.Context) ([]byte, error) { return []byte("<a></b>"), nil }},
		3: {Charset: "UTF-16"},
		4: {Charset: "ISO-8859-1", Header: func(context.Context) ([]byte, error) { return []byte("<a>œ</a>"), nil }},
		5: {Version: 7},
	} {
		_, err := o.EncodeRequest(t.Context(), "", etree.NewElement("a"))
		want := broken
		if i > 1 {
			want = passerelle.ErrInvalid
		}
		if !errors.Is(err, want) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%d: error %v with outcome %v, want %v, not sent", i, err, passerelle.OutcomeOf(err), want)
		}
	}
}

func TestDecodeResponse(t *testing.T) {
	t.Parallel()
	const answer = head11 + `<s:Body><a>é</a></s:Body>` + tail
	const fault = head11 + `<s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault></s:Body>` + tail
	for i, tc := range map[int]struct {
		contentType string
		status      int
		body        string
		want        error // nil: an answer
		outcome     passerelle.Outcome
	}{
		0:  {"text/xml; charset=utf-8", 200, answer, nil, passerelle.Answered},
		1:  {"application/soap+xml", 200, answer, nil, passerelle.Answered},
		2:  {"", 200, answer, nil, passerelle.Answered},
		3:  {"text/xml; charset=", 200, answer, nil, passerelle.Answered},
		4:  {"text/xml", 202, "", nil, passerelle.Answered},
		5:  {"text/xml", 500, fault, passerelle.ErrUnavailable, passerelle.Answered},
		6:  {"text/xml", 200, fault, passerelle.ErrUnavailable, passerelle.Answered},
		7:  {"text/html; charset=utf-8", 503, "<html>down</html>", passerelle.ErrUnavailable, passerelle.Unknown},
		8:  {"text/html", 200, "<html>log in</html>", passerelle.ErrProtocol, passerelle.Unknown},
		9:  {"text/xml", 502, "<html>down</html>", passerelle.ErrUnavailable, passerelle.Unknown},
		10: {"text/xml", 200, "<html>down</html>", passerelle.ErrProtocol, passerelle.Unknown},
		11: {"text/xml", 200, answer[:40], passerelle.ErrProtocol, passerelle.Unknown},
		12: {"text/plain", 401, "no", passerelle.ErrUnauthorized, passerelle.Answered},
		13: {"text/plain", 403, "no", passerelle.ErrForbidden, passerelle.Answered},
		14: {"text/plain", 429, "no", passerelle.ErrRateLimited, passerelle.Answered},
		15: {"text/plain", 404, "no", passerelle.ErrUnavailable, passerelle.Unknown},
		16: {"text/xml", 500, answer, passerelle.ErrUnavailable, passerelle.Unknown},
		17: {"text/xml", 200, "", passerelle.ErrProtocol, passerelle.Unknown},
		18: {"text/xml; charset=koi8-r", 200, answer, passerelle.ErrProtocol, passerelle.Unknown},
		19: {"text/xml", 500, fault[:len(fault)-20], passerelle.ErrUnavailable, passerelle.Unknown},
		20: {"multipart/related; type=\"text/xml\"; boundary=b", 200, "--b", passerelle.ErrProtocol, passerelle.Unknown},
	} {
		env, err := new(soap.Options).DecodeResponse(tc.contentType, tc.status, []byte(tc.body))
		if tc.want == nil {
			if err != nil || tc.body != "" && xmlx.Text(env.Body) != "é" {
				t.Errorf("%d: %v, want the answer", i, err)
			}
			continue
		}
		if !errors.Is(err, tc.want) || passerelle.OutcomeOf(err) != tc.outcome {
			t.Errorf("%d: error %v with outcome %v, want %v with %v", i, err, passerelle.OutcomeOf(err), tc.want, tc.outcome)
		}
		if tc.want != passerelle.ErrProtocol && errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v is a protocol error too", i, err)
		}
	}
}

func TestTruncatedEnvelope(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		head11 + `<s:Header><h xmlns="urn:h"/></s:Header><s:Body><a xmlns="urn:a"><b>é &amp; œ</b></a></s:Body>` + tail,
		head12 + `<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="fr">x</s:Text></s:Reason></s:Fault></s:Body>` + tail,
	} {
		for i := range len(in) {
			_, err := new(soap.Options).Parse([]byte(in[:i]), "")
			if !errors.Is(err, passerelle.ErrProtocol) || err.Error() == "" {
				t.Errorf("cut after %d bytes: %v, want a protocol error", i, err)
			}
			soap.IsFault("text/xml", []byte(in[:i]))
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1"/></s:Header><s:Body><a xmlns="urn:a"><b/></a></s:Body>` + tail,
		head11 + `<s:Body><s:Fault><faultcode>s:Client.x</faultcode><faultstring>x</faultstring><detail><d/></detail></s:Fault></s:Body>` + tail,
		head12 + `<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>x</s:Value></s:Subcode></s:Code></s:Fault></s:Body>` + tail,
		head11 + `<s:Body><a><r href="#1"/></a><m id="1"><r href="#2"/></m><m id="2"><v>1</v></m></s:Body>` + tail,
	} {
		f.Add([]byte(seed), "utf-8")
	}
	op := soap.Operation{Name: "a", Namespace: "urn:a"}
	f.Fuzz(func(t *testing.T, data []byte, charset string) {
		o := soap.Options{Encoded: true}
		env, err := o.Parse(data, charset)
		isFault := soap.IsFault("text/xml; charset="+charset, data)
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Fatalf("%v is no protocol error", err)
			}
			return
		}
		if err := env.Inline(); err != nil && !errors.Is(err, passerelle.ErrProtocol) {
			t.Fatalf("%v is no protocol error", err)
		}
		_ = op.Read(env.Body, false).Path("b/c").String()
		fault := env.Fault()
		if fault == nil {
			return
		}
		if !isFault && !strings.ContainsAny(charset, ";,\"\\= \t\r\n") && charset != "" {
			// A label that breaks the content type is another document.
			if name, err := xmlx.Charset(charset); err == nil && name == charset {
				t.Fatalf("a fault that IsFault does not see")
			}
		}
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			out := etree.NewElement("soap:Envelope")
			out.CreateAttr("xmlns:soap", v.Namespace())
			out.CreateElement("soap:Body").AddChild(fault.Element(v))
			text, err := xmlx.Marshal(out, "")
			if err != nil {
				continue // a code that is no name
			}
			again, err := new(soap.Options).Parse(text, "")
			if err != nil || again.Fault() == nil {
				t.Fatalf("the fault was written as %q: %v", text, err)
			}
		}
	})
}
