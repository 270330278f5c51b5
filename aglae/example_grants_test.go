package aglae_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
)

func ExampleGrants() {
	service, err := aglaetest.ListenCnous(aglaetest.CnousConfig{Records: []json.RawMessage{
		json.RawMessage(`{"lastName":"Durand","ine":"1234567890V","grantStatus":1,"grantEchelon":"0Bis","removed":"N","boursier":true,"campaign":{"year":2026}}`),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer service.Close()
	tokens, err := aglae.NewCnousTokens(service.Credentials())
	if err != nil {
		fmt.Println(err)
		return
	}
	var grants aglae.Grants // the same questions go to API Particulier by NewParticulierGrants
	if grants, err = aglae.NewCnousGrants(aglae.CnousConfig{BaseURL: service.BaseURL(), Tokens: tokens}); err != nil {
		fmt.Println(err)
		return
	}
	for _, number := range []string{"1234567890V", "0987654321B"} {
		grant, _ := grants.GrantByINE(context.Background(), aglae.INEGrantQuery{INE: number})
		holds, known := grant.Finding.Holds()
		fmt.Println(grant.Finding, grant.Decision, grant.Level.Value, grant.Campaign, "holds:", holds, "known:", known)
	}
	// Output:
	// held conditional 0bis 2026 holds: true known: true
	// student-unknown unknown  0 holds: false known: false
}

func ExampleReadCrous() {
	file := strings.NewReader("ine;nom;prenom;dateNaissance\n1234567890V;Durand;L\xe9a;01/02/2003\n0987654321B;Petit;Tom;31/02/2002\n")
	for row, err := range aglae.ReadCrous(file, "crous.csv", aglae.NationalLayout()) {
		if err != nil {
			fmt.Println("rejected:", err)
			continue
		}
		fmt.Println(row.Line, row.INE, row.Person.GivenNames[0])
	}
	// Output:
	// 2 1234567890V Léa
	// rejected: crous.csv:3: column dateNaissance: value: date: want a date DD/MM/YYYY or YYYY-MM-DD that exists
}

func ExampleExports() {
	service, err := aglaetest.ListenCnous(aglaetest.CnousConfig{Records: []json.RawMessage{
		json.RawMessage(`{"lastName":"Durand","ine":"1234567890V","grantEchelon":"5","removed":"N","boursier":true}`),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer service.Close()
	tokens, err := aglae.NewCnousTokens(service.Credentials())
	if err != nil {
		fmt.Println(err)
		return
	}
	exports, err := aglae.NewExports(aglae.ExportsConfig{BaseURL: service.BaseURL(), Tokens: tokens, Store: aglae.NewMemoryExports()})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := aglae.ExportRequest{Reference: "2026-10 Versailles", COGCodes: []string{"78646"}}
	for range 2 { // the second time, nothing is created
		if _, err := exports.Create(context.Background(), request); err != nil {
			fmt.Println(err)
			return
		}
	}
	file, err := exports.Open(context.Background(), request.Reference)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	for row, err := range aglae.ReadCrous(file, request.Reference, aglae.HealthSocialLayout()) {
		fmt.Println(row.INE, row.Level, err)
	}
	fmt.Println("created:", service.Exports())
	// Output:
	// 1234567890V 5 <nil>
	// created: 1
}

func ExampleParseDocumentNumber() {
	n, err := aglae.ParseDocumentNumber("2014 MON 1118000001X")
	fmt.Println(n.Year(), n.Crous(), n.GrantNumber(), err)
	// Output: 2014 MON 1118000001X <nil>
}
