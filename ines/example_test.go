package ines_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/uai"
)

// open starts a register to try things out on. A programme at work has a contract
// made by ContractFromWSDL and the address of the ministry instead.
func open(cfg inestest.Config) (*inestest.Server, *ines.SOAP) {
	server, err := inestest.ListenTLS(cfg)
	if err != nil {
		log.Fatal(err)
	}
	client, err := ines.NewSOAP(server.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}
	return server, client
}

var durand = passerelle.Person{
	BirthName: "Durand", GivenNames: [3]string{"Éloïse"}, Sex: passerelle.SexFemale,
	BirthDate: passerelle.NewDate(2007, 5, 21), Birthplace: passerelle.Birthplace{Commune: "67482"},
}

// An old number is answered with the INE maître that replaces it.
func ExampleSOAP_Verify() {
	server, client := open(inestest.Config{})
	defer server.Close()
	old := ine.MustParse("0494004062M")
	if _, err := server.Add(durand, ine.MustParse("223456789HE"), old); err != nil {
		log.Fatal(err)
	}

	answer, err := client.Verify(context.Background(), ines.VerifyRequest{INE: old, BirthDate: durand.BirthDate})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status)
	if r, ok := answer.Replaces(old); ok {
		fmt.Println(r.Old, "is replaced by", r.New)
	}
	// Output:
	// CONFIRME
	// 0494004062M is replaced by 223456789HE
}

// Nobody is known under this identity: an immatriculation is asked for, done the
// day after, and followed up by its reference.
func ExampleSOAP_Register() {
	server, client := open(inestest.Config{Tomorrow: 1})
	defer server.Close()
	ctx := context.Background()

	found, err := client.Search(ctx, ines.SearchRequest{Person: durand})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("search:", found.Status)

	school := uai.MustParse("0542493S")
	asked, err := client.Register(ctx, ines.RegisterRequest{Student: "20260001", Person: durand, UAI: school})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("registration:", asked.Status)

	if err := server.Advance(24 * time.Hour); err != nil {
		log.Fatal(err)
	}
	for answer, err := range client.FollowUp(ctx, ines.FollowUpRequest{UAI: school, RequestIDs: []string{asked.RequestID}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("follow-up:", answer.Student, answer.Status, answer.Master.Family(), answer.Master.Key())
	}
	// Output:
	// search: INCONNU
	// registration: IMAT_EN_COURS
	// follow-up: 20260001 CONFIRME rnie ok
}

// The answer to a registration is lost. Whether the person was registered is not
// known, and nothing is sent again: package ines/campaign keeps that memory.
func ExampleSOAP_Register_lost() {
	server, client := open(inestest.Config{})
	defer server.Close()
	server.Script(ines.OpRegister, inestest.AnswerLost)

	_, err := client.Register(context.Background(), ines.RegisterRequest{Student: "20260001", Person: durand, UAI: uai.MustParse("0542493S")})
	fmt.Println(errors.Is(err, passerelle.ErrUnavailable), passerelle.OutcomeOf(err))
	fmt.Printf("%+v\n", server.Registrations(durand))
	// Output:
	// true unknown
	// {Received:1 Processed:1 Created:1}
}

// What is wrong with a request is said before anything is sent, all of it, without
// the values.
func ExampleRegisterRequest_Validate() {
	r := ines.RegisterRequest{Student: "20260001", Person: durand}
	r.Person.Birthplace = passerelle.Birthplace{Name: "Strasbourg"}
	fmt.Println(r.Validate(passerelle.NewDate(2026, 9, 1)))
	// Output:
	// Person.Birthplace: required: want the COG code of the commune, or 99xxx of the country; UAI: required: want the code of the establishment that asks
}

// A mapping that does not fit the WSDL is refused at start, with what the WSDL has.
func ExampleContractFromWSDL() {
	_, err := ines.ContractFromWSDL(ines.ReferenceWSDL(), ines.Mapping{
		Conventions: ines.Conventions{Sex: passerelle.SexCodesHF},
		Operations: map[ines.Operation]ines.OperationMapping{ines.OpVerify: {
			Operation: "verifierIne",
			Request:   map[ines.Field]string{ines.FieldINE: "numero", ines.FieldBirthDate: "dateNaissance"},
			Answer:    map[ines.Field]string{ines.FieldStatus: "statut", ines.FieldMaster: "ineMaitre"},
		}},
	})
	var faults passerelle.FieldErrors
	errors.As(err, &faults)
	for _, f := range faults {
		fmt.Println(f)
	}
	// Output:
	// Mapping.Operations[verification].Request[ine]: unknown: want one of ine, dateNaissance
	// Mapping.Operations[verification].Request: required: want a field or a constant for ine, which the WSDL requires
}

// The REST interface verifies a pair of INE and birth date.
func ExampleREST_Verify() {
	server, err := inestest.ListenTLS(inestest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	number := ine.MustParse("223456789HE")
	if _, err := server.Add(durand, number); err != nil {
		log.Fatal(err)
	}
	client, err := ines.NewREST(server.RESTConfig()) // in production: BaseURL: ines.RESTProduction
	if err != nil {
		log.Fatal(err)
	}
	for _, birth := range []passerelle.Date{durand.BirthDate, passerelle.NewDate(2000, 1, 1)} {
		answer, err := client.Verify(context.Background(), ines.VerifyRequest{INE: number, BirthDate: birth})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.Status)
	}
	// Output:
	// CONFIRME
	// INCONNU
}
