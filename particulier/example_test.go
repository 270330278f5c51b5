package particulier_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/transport"
)

// cases are people of a test host.
var cases = particuliertest.NewCases([]particuliertest.Case{{
	Path: "/v3/mesri/statut_etudiant/ine", Params: map[string]any{"ine": "0100007108D"}, Status: 200,
	Payload: []byte(`{"data":{"admissions":[{"date_debut":"2022-08-01","date_fin":"2023-07-30","est_inscrit":true,"etablissement_etudes":{"uai":"0750106H","nom":"ECOLE TECHNOLOGIQUE PRIVEE"}}]},"links":{},"meta":{}}`),
}})

// A check of one student. The fake stands for the service: in production BaseURL is
// particulier.Production and the transport is left alone.
func Example() {
	service := particuliertest.New(particuliertest.Config{Cases: cases})
	client, err := particulier.New(particulier.Config{
		BaseURL:   particulier.Staging,
		Token:     particuliertest.TestToken,
		Recipient: particulier.MustParseRecipient("130 025 265 00013"),
		Transport: transport.Config{Base: service},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := client.StudentStatusByINE(context.Background(), particulier.INERequest{INE: "0100007108d"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range status.Admissions.Value {
		fmt.Println(a.Establishment.Value.Name.Value, a.Status.Value, a.Begin.Value, a.End.Value)
	}
	fmt.Println("identity:", status.Identity.State)

	_, err = client.StudentStatusByINE(context.Background(), particulier.INERequest{INE: "1234567404G"})
	fmt.Println(errors.Is(err, passerelle.ErrNotFound), errors.Is(err, particulier.Code("25003")), errors.Is(err, particulier.ProviderNotFound))
	// Output:
	// ECOLE TECHNOLOGIQUE PRIVEE inscrit 2022-08-01 2023-07-30
	// identity: absent
	// true true true
}

// What the server would refuse is refused before the call, by its own codes.
func ExampleParameterErrors() {
	client, err := particulier.New(particulier.Config{BaseURL: particulier.Staging, Token: "jeton"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.StudentStatusByINE(context.Background(), particulier.INERequest{INE: "12345"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, particulier.CodeINE), passerelle.OutcomeOf(err))
	// Output:
	// particulier: INE (ine): shape: code 00360: want the 11 characters of an INE; Recipient (recipient): required: code 00210: want the SIRET of the administration that receives the data, here or in Config
	// true not sent
}
