package ewp_test

import (
	"fmt"
	"log"

	"github.com/passerelle-sup/passerelle/ewp"
)

// An API knows what the manifest entry and the answers are called.
func ExampleAPI() {
	api, ok := ewp.ParseAPI("omobility-las")
	fmt.Println(api, ok, api.Version())
	fmt.Println(api.Namespace())
	for _, e := range api.Endpoints() {
		fmt.Println(e.Element, e.Methods.Allow(), e.Root)
	}
	// Output:
	// omobility-las true 1.2.0
	// https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/manifest-entry.xsd
	// get-url GET, POST omobility-las-get-response
	// index-url GET, POST omobility-las-index-response
	// update-url POST omobility-las-update-response
	// stats-url GET las-outgoing-stats-response
}

// A host says what was wrong to the developer and, where a person caused it, to
// that person.
func ExampleErrorResponse() {
	body, err := ewp.ErrorResponse{
		DeveloperMessage: "The proposal is not the latest one.",
		UserMessages: ewp.Texts{
			{Lang: "en", Value: "The learning agreement was changed in the meantime."},
			{Lang: "fr", Value: "Le contrat d’études a changé entre-temps."},
		},
	}.Encode()
	if err != nil {
		log.Fatal(err)
	}
	read, err := ewp.DecodeErrorResponse(body, "application/xml")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(read.DeveloperMessage)
	fmt.Println(read.UserMessages.In("fr", "en").Value)
	// Output:
	// The proposal is not the latest one.
	// Le contrat d’études a changé entre-temps.
}

// What a manifest declares is completed by what the schema says of absent lists.
func ExampleMethods() {
	declared := ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig
	fmt.Println(declared.WithDefaults())
	fmt.Println(declared.Has(ewp.ServerHTTPSig))
	// Output:
	// client httpsig, server tlscert, server httpsig, request tls, response tls
	// true
}
