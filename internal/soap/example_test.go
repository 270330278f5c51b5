package soap_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
)

// The names are invented; those of a real service come from its contract.
var verification = soap.Operation{Name: "verifierINE", Namespace: "urn:invented:verification"}

// A service answers one operation, and a client calls it.
func Example() {
	service := &soap.Server{Charset: "ISO-8859-15"}
	service.Handle(verification.Namespace, verification.Name, func(_ context.Context, r *soap.Request) (*etree.Element, error) {
		if verification.Read(r.Body, true).Child("ine").String() != "081768862AE" {
			return nil, soap.NewFault("Client.Inconnu", "INE inconnu")
		}
		answer := soap.Operation{Name: "verifierINEResponse", Namespace: verification.Namespace}
		return answer.Element(soap.Field{Name: "nom", Value: "Lecœur"}, soap.Field{Name: "usage", IfEmpty: soap.Nil}), nil
	})

	options := &soap.Options{Charset: "ISO-8859-15"}
	call := func(ine string) (*soap.Envelope, error) {
		msg, err := options.EncodeRequest(context.Background(), "", verification.Element(soap.Field{Name: "ine", Value: ine}))
		if err != nil {
			return nil, err
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(msg.Body)))
		r.Header = msg.Header
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		return options.DecodeResponse(w.Header().Get("Content-Type"), w.Code, w.Body.Bytes())
	}

	env, err := call("081768862AE")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verification.Read(env.Body, false).Child("nom"))

	_, err = call("070578267KH")
	fault, _ := errors.AsType[*soap.Fault](err)
	fmt.Println(err, fault.Status, fault.Client())
	// Output:
	// Lecœur
	// SOAP fault Client.Inconnu 500 true
}
