package soap_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

const wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

func TestDecodeFault(t *testing.T) {
	t.Parallel()
	type want struct {
		code           xml.Name
		reason         string
		client, server bool
		is             error
		subcodes       int
	}
	for i, tc := range map[int]struct {
		in string
		want
	}{
		0: {head11 + `<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="fr"> Étudiant inconnu </faultstring></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace11, Local: "Client"}, "Étudiant inconnu", true, false, passerelle.ErrInvalid, 0}},
		1: {head11 + `<s:Body><s:Fault><faultcode>Server.userException</faultcode><faultstring/></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace11, Local: "Server.userException"}, "", false, true, passerelle.ErrUnavailable, 0}},
		2: {head11 + `<s:Body><s:Fault xmlns:q="urn:q"><faultcode>q:1001</faultcode><faultstring>x</faultstring></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: "urn:q", Local: "1001"}, "x", false, false, passerelle.ErrUnavailable, 0}},
		3: {head11 + `<s:Body><s:Fault><faultcode>z:Client</faultcode><faultstring>x</faultstring></s:Fault></s:Body>` + tail,
			want{xml.Name{Local: "Client"}, "x", false, false, passerelle.ErrUnavailable, 0}},
		4: {head11 + `<s:Body><s:Fault><s:faultcode>s:MustUnderstand</s:faultcode><s:faultstring>x</s:faultstring></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace11, Local: "MustUnderstand"}, "x", false, false, passerelle.ErrProtocol, 0}},
		5: {head11 + `<s:Body><s:Fault xmlns:w="` + wsse + `"><faultcode>w:FailedAuthentication</faultcode><faultstring>x</faultstring></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: wsse, Local: "FailedAuthentication"}, "x", false, false, passerelle.ErrUnauthorized, 0}},
		6: {head11 + `<s:Body><s:Fault/></s:Body>` + tail, want{is: passerelle.ErrUnavailable}},
		7: {`<Envelope xmlns="` + soap.Namespace11 + `"><Body><Fault><faultcode>Client</faultcode><faultstring>x</faultstring></Fault></Body></Envelope>`,
			want{xml.Name{Space: soap.Namespace11, Local: "Client"}, "x", true, false, passerelle.ErrInvalid, 0}},
		8: {head12 + `<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:q="urn:q">q:Inconnu</s:Value><s:Subcode><s:Value>fin</s:Value></s:Subcode></s:Subcode></s:Code>` +
			`<s:Reason><s:Text xml:lang="en">unknown</s:Text><s:Text xml:lang="fr-FR">inconnu</s:Text></s:Reason></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace12, Local: "Sender"}, "unknown", true, false, passerelle.ErrInvalid, 2}},
		9: {head12 + `<s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="fr">x</s:Text></s:Reason></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace12, Local: "Receiver"}, "x", false, true, passerelle.ErrUnavailable, 0}},
		10: {head12 + `<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:w="` + wsse + `">w:MessageExpired</s:Value></s:Subcode></s:Code></s:Fault></s:Body>` + tail,
			want{xml.Name{Space: soap.Namespace12, Local: "Sender"}, "", true, false, passerelle.ErrUnauthorized, 1}},
	} {
		if !soap.IsFault("text/xml; charset=utf-8", []byte(tc.in)) {
			t.Errorf("%d: IsFault does not see it", i)
		}
		_, err := new(soap.Options).DecodeResponse("text/xml", 500, []byte(tc.in))
		f, ok := errors.AsType[*soap.Fault](err)
		if !ok {
			t.Errorf("%d: %v, want a fault", i, err)
			continue
		}
		if f.Code != tc.code || f.Reason != tc.reason || f.Client() != tc.client || f.Server() != tc.server || len(f.Subcodes) != tc.subcodes || f.Status != 500 {
			t.Errorf("%d: %+v: code %v, reason %q, client %v, server %v, subcodes %v", i, tc.want, f.Code, f.Reason, f.Client(), f.Server(), f.Subcodes)
		}
		for _, target := range []error{passerelle.ErrInvalid, passerelle.ErrUnavailable, passerelle.ErrProtocol, passerelle.ErrUnauthorized, passerelle.ErrNotFound} {
			if errors.Is(err, target) != (target == tc.is) {
				t.Errorf("%d: errors.Is(%v) is %v", i, target, !(target == tc.is))
			}
		}
		if i == 8 {
			testutil.Equal(t, "subcodes", f.Subcodes, []xml.Name{{Space: "urn:q", Local: "Inconnu"}, {Local: "fin"}})
			testutil.Equal(t, "reason in French", f.In("fr"), "inconnu")
			testutil.Equal(t, "reason in Breton", f.In("br"), "unknown")
			testutil.Equal(t, "text", f.Error(), "SOAP fault Sender, Inconnu, fin")
		}
	}
}

// TestApogeeFault reads a fault in the style of Apogée: "not found" is a fault
// with status 500, told by its string and detail.
func TestApogeeFault(t *testing.T) {
	t.Parallel()
	const in = `<?xml version="1.0" encoding="ISO-8859-15"?><soap:Envelope xmlns:soap="` + soap.Namespace11 + `"><soap:Body><soap:Fault>` +
		`<faultcode>soap:Server</faultcode><faultstring>technical.data.nullretrieve.etudiant</faultstring><detail>` +
		`<ns1:fault xmlns:ns1="urn:invented:etudiant"><domaine>data</domaine><lastErrorMsg>Etudiant 081768862AE non trouv` + "\xE9" + `</lastErrorMsg></ns1:fault></detail></soap:Fault></soap:Body></soap:Envelope>`
	_, err := new(soap.Options).DecodeResponse("text/xml;charset=ISO-8859-15", 500, []byte(in))
	f, ok := errors.AsType[*soap.Fault](err)
	if !ok {
		t.Fatal(err)
	}
	entry := xmlx.Child(f.Detail, "urn:invented:etudiant", "fault")
	testutil.Equal(t, "domain", xmlx.Text(xmlx.Child(entry, "", "domaine")), "data")
	testutil.Equal(t, "message", xmlx.Text(xmlx.Child(entry, "", "lastErrorMsg")), "Etudiant 081768862AE non trouvé")

	var leaks testutil.Leaks
	leaks.Secret(t, "081768862AE", "nullretrieve")
	leaks.Error(err)
	leaks.Logger().Error("call failed", "err", err, "fault", f)
	leaks.Check(t)
	if !strings.Contains(leaks.Log(), `"code":"Server"`) {
		t.Errorf("the code is not logged: %s", leaks.Log())
	}
}

func TestFaultTextWithholds(t *testing.T) {
	t.Parallel()
	f := &soap.Fault{Code: xml.Name{Local: "Étudiant Dupont"}, Subcodes: []xml.Name{{Local: strings.Repeat("a", 100)}}}
	testutil.Equal(t, "text", f.Error(), "SOAP fault (withheld), (withheld)")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "fault", f)
	if strings.Contains(log.String(), "Dupont") {
		t.Errorf("logged: %s", log.String())
	}
}

// TestFaultVersions writes each fault in both versions and reads it back.
func TestFaultVersions(t *testing.T) {
	t.Parallel()
	detail := func() *etree.Element {
		doc, err := xmlx.Parse([]byte(`<x:detail xmlns:x="urn:x"><x:entry>1</x:entry></x:detail>`), "", xmlx.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return doc.Root()
	}
	name := func(space, local string) xml.Name { return xml.Name{Space: space, Local: local} }
	for i, tc := range map[int]struct {
		fault      *soap.Fault
		code11     xml.Name
		code12     xml.Name
		subcodes12 []xml.Name
	}{
		0: {soap.NewFault("Client", "x"), name(soap.Namespace11, "Client"), name(soap.Namespace12, "Sender"), nil},
		1: {soap.NewFault("Receiver", "x"), name(soap.Namespace11, "Server"), name(soap.Namespace12, "Receiver"), nil},
		2: {soap.NewFault("Client.Inconnu", "x"), name(soap.Namespace11, "Client.Inconnu"), name(soap.Namespace12, "Sender"), []xml.Name{name("", "Inconnu")}},
		3: {&soap.Fault{Code: name(wsse, "InvalidSecurity"), Reason: "x"}, name(wsse, "InvalidSecurity"), name(soap.Namespace12, "Sender"), []xml.Name{name(wsse, "InvalidSecurity")}},
		4: {&soap.Fault{Code: name(soap.Namespace12, "Sender"), Subcodes: []xml.Name{name("urn:q", "a"), name("urn:q", "b")}, Reason: "x"},
			name("urn:q", "b"), name(soap.Namespace12, "Sender"), []xml.Name{name("urn:q", "a"), name("urn:q", "b")}},
		5: {soap.NewFault("MustUnderstand", "x"), name(soap.Namespace11, "MustUnderstand"), name(soap.Namespace12, "MustUnderstand"), nil},
	} {
		tc.fault.Detail = detail()
		tc.fault.Actor = "urn:actor"
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			root := etree.NewElement("soap:Envelope")
			root.CreateAttr("xmlns:soap", v.Namespace())
			root.CreateElement("soap:Body").AddChild(tc.fault.Element(v))
			out, err := xmlx.Marshal(root, "")
			if err != nil {
				t.Fatalf("%d: %v", i, err)
			}
			env, err := new(soap.Options).Parse(out, "")
			if err != nil {
				t.Fatalf("%d: %s: %v", i, out, err)
			}
			got := env.Fault()
			code, subcodes := tc.code11, []xml.Name(nil)
			if v == soap.V12 {
				code, subcodes = tc.code12, tc.subcodes12
			}
			testutil.Equal(t, "code", got.Code, code)
			testutil.Equal(t, "subcodes", got.Subcodes, subcodes)
			testutil.Equal(t, "reason", got.Reason, "x")
			testutil.Equal(t, "actor", got.Actor, "urn:actor")
			testutil.Equal(t, "detail", xmlx.Text(xmlx.Child(got.Detail, "urn:x", "entry")), "1")
		}
	}
}

func TestIsFault(t *testing.T) {
	t.Parallel()
	const fault = `<s:Fault><faultcode>s:Client</faultcode></s:Fault>`
	for i, tc := range map[int]struct {
		contentType, in string
		want            bool
	}{
		0:  {"text/xml", head11 + `<s:Header><s:Fault/></s:Header><s:Body>` + fault + `</s:Body>` + tail, true},
		1:  {"text/xml", head11 + `<s:Body>` + fault, true},
		2:  {"", head12 + `<s:Body>` + fault, true},
		3:  {"text/xml;charset=iso-8859-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><!-- \xE9 -->" + head11 + `<s:Body>` + fault, true},
		4:  {"text/html", head11 + `<s:Body>` + fault, false},
		5:  {"text/xml", head11 + `<s:Body><a>` + fault + `</a></s:Body>` + tail, false},
		6:  {"text/xml", head11 + `<s:Header>` + fault + `</s:Header><s:Body><a/></s:Body>` + tail, false},
		7:  {"text/xml", head11 + `<s:Body/>` + tail, false},
		8:  {"text/xml", head11 + fault + tail, false},
		9:  {"text/xml", head11 + `<s:Body><Fault/></s:Body>` + tail, false},
		10: {"text/xml", `<html><Body><Fault/></Body></html>`, false},
		11: {"text/xml", `<!DOCTYPE x>` + head11 + `<s:Body>` + fault, false},
		12: {"text/xml", "", false},
		13: {"text/xml", head11 + `<s:Body>`, false},
	} {
		if got := soap.IsFault(tc.contentType, []byte(tc.in)); got != tc.want {
			t.Errorf("%d: IsFault = %v, want %v", i, got, tc.want)
		}
	}
}
