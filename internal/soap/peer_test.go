package soap_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestPeerZeep has zeep, a SOAP client written in Python, read a contract, call
// the server with a UsernameToken and understand its answers and faults.
func TestPeerZeep(t *testing.T) {
	t.Parallel()
	python := testutil.Program(t, "python3")
	if err := exec.CommandContext(t.Context(), python, "-c", "import zeep").Run(); err != nil {
		t.Skip("zeep is not installed for python3")
	}
	const space = "urn:invented:immatriculation"
	request := soap.Operation{Name: "immatriculer", Namespace: space, Qualified: true}
	for port, charset := range map[string]string{"P11": "ISO-8859-15", "P12": "Windows-1252"} {
		v := &soap.TokenVerifier{
			Password:   func(name string) (string, bool) { return "m0t de passe é", name == "univ" },
			DigestOnly: true, Window: time.Hour,
		}
		s := &soap.Server{
			Charset:    charset,
			Understood: []xml.Name{soap.Security},
			Check:      func(r *soap.Request) error { _, err := v.Verify(r.Envelope); return err },
		}
		var action, context1 string
		s.Handle(space, "immatriculer", func(_ context.Context, r *soap.Request) (*etree.Element, error) {
			action = r.Action
			if block := r.Block(space, "contexte"); block != nil {
				context1 = block.Text()
			}
			n := request.Read(r.Body, true)
			if n.Child("nom").String() == "inconnu" {
				entry := etree.NewElement("precision")
				entry.SetText("né à Brest")
				return nil, soap.NewFault("Client", "état civil inconnu", entry)
			}
			if got := n.Path("naissance/commune/code").String() + n.Children("prenom")[1].String(); got != "29019Maëlys" {
				t.Errorf("the server read %q", got)
			}
			answer := soap.Operation{Name: "immatriculerReponse", Namespace: space, Qualified: true}
			return answer.Element(soap.Field{Name: "ine", Value: n.Child("nom").String()}), nil
		})
		web := httptest.NewServer(s)
		out, err := exec.CommandContext(t.Context(), python, "testdata/peer_zeep.py",
			"wsdl/testdata/immatriculation.wsdl", web.URL, port, "m0t de passe é").CombinedOutput()
		web.Close()
		if err != nil {
			t.Fatalf("%s: %v\n%s", port, err, out)
		}
		var got map[string]string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s: %v\n%s", port, err, out)
		}
		want := map[string]string{"ine": "Œillet-Haÿ 5 €", "code": "soap:Client", "message": "état civil inconnu", "detail": "né à Brest"}
		if port == "P12" {
			want["code"] = "soap:Sender"
		}
		testutil.Equal(t, port, got, want)
		testutil.Equal(t, port+" header block", context1, "univ")
		testutil.Equal(t, port+" action", action, map[string]string{"P11": "urn:invented:immatriculer", "P12": "urn:invented:immatriculer12"}[port])
	}
}
