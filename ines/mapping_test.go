package ines_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// school reads the second invented contract: nested, unqualified, SOAP 1.2, with
// a constant, a place in two fields, other words, other names for everything.
func school(tb testing.TB) (wsdl []byte, m ines.Mapping) {
	tb.Helper()
	wsdl, err := os.ReadFile("testdata/school.wsdl")
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile("testdata/school.json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		tb.Fatal(err)
	}
	return wsdl, m
}

func TestContractFromWSDL(t *testing.T) {
	t.Parallel()
	wsdl, m := school(t)
	c, err := ines.ContractFromWSDL(wsdl, m)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "school-contract.json", append(data, '\n'))

	s := inestest.NewServer(t, inestest.Config{Contract: c})
	add(t, s, anais, rnie, bea)
	client := soapClient(t, s)
	a, _, err := ask(t.Context(), client, ines.OpVerify)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
	testutil.Equal(t, "maître", a.Master.String(), rnie.String())
	a, _, err = ask(t.Context(), client, ines.OpRegister)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "registered", a.Status, ines.StatusConfirmed)
	testutil.Equal(t, "numbers created", s.Registrations(hans).Created, 1)
	for name, r := range map[string]ines.FollowUpRequest{
		"by id": {UAI: lorrain, RequestIDs: []string{s.Dossiers()[0].ID}}, "by date": {UAI: lorrain, Since: instant.AddDate(-10, 0, 0)},
	} {
		var rows []string
		for f, err := range client.FollowUp(t.Context(), r) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rows = append(rows, f.Student+" "+f.Master.String())
		}
		testutil.Equal(t, name, rows, []string{"S-1 " + a.Master.String()})
	}
}

func TestMappingFaults(t *testing.T) {
	t.Parallel()
	verify := func(change func(*ines.OperationMapping)) func(*ines.Mapping) {
		return func(m *ines.Mapping) {
			om := m.Operations[ines.OpVerify]
			change(&om)
			m.Operations = map[ines.Operation]ines.OperationMapping{ines.OpVerify: om}
		}
	}
	tests := map[string]struct {
		change func(*ines.Mapping)
		want   string // of the error
	}{
		"nothing": {func(m *ines.Mapping) { m.Operations = nil }, "Mapping.Operations: required"},
		"our operation": {func(m *ines.Mapping) { m.Operations["effacement"] = ines.OperationMapping{} },
			"Mapping.Operations[effacement]: name: want one of verification, search, registration, follow-up"},
		"their operation": {verify(func(om *ines.OperationMapping) { om.Operation = "controler" }),
			"Mapping.Operations[verification].Operation: unknown: want one of controlerIne, inscrire, suivre"},
		"version": {func(m *ines.Mapping) { m.SOAP = "1.1" }, "Mapping.SOAP: unknown: want the version of a binding"},
		"path": {verify(func(om *ines.OperationMapping) { om.Request[ines.FieldINE] = "eleve/ine" }),
			"Mapping.Operations[verification].Request[ine]: unknown: want one of contexte/appelant, contexte/version, eleve/identifiantNational, eleve/naissance"},
		"container": {verify(func(om *ines.OperationMapping) { om.Request[ines.FieldINE] = "eleve" }),
			"Mapping.Operations[verification].Request[ine]: text: want an element that holds text, one of eleve/identifiantNational, eleve/naissance"},
		"same element": {verify(func(om *ines.OperationMapping) { om.Request[ines.FieldINE] = "eleve/naissance" }),
			"Mapping.Operations[verification].Request[ine]: unique: want another element than that of birth_date"},
		"field": {verify(func(om *ines.OperationMapping) { om.Request["iban"] = "eleve/naissance" }),
			"Mapping.Operations[verification].Request[iban]: name: want a field of this message: ine, birth_date"},
		"field not mapped": {verify(func(om *ines.OperationMapping) { delete(om.Request, ines.FieldINE) }),
			"Mapping.Operations[verification].Request[ine]: required: want the path of an element, one of contexte/appelant"},
		"constant of nothing": {verify(func(om *ines.OperationMapping) { om.Constants["contexte/lune"] = "pleine" }),
			"Mapping.Operations[verification].Constants[contexte/lune]: unknown: want one of contexte/appelant"},
		"element not filled": {verify(func(om *ines.OperationMapping) { delete(om.Constants, "contexte/appelant") }),
			"Mapping.Operations[verification].Request: required: want a field or a constant for contexte/appelant, which the WSDL requires"},
		"record": {verify(func(om *ines.OperationMapping) { om.Record = "resultats" }),
			"Mapping.Operations[verification].Record: unknown: want one of resultat/etat, resultat/numero, resultat/autres/numero"},
		"answer": {verify(func(om *ines.OperationMapping) { om.Answer[ines.FieldMaster] = "ineMaitre" }),
			"Mapping.Operations[verification].Answer[master]: unknown: want one of etat, numero, autres/numero"},
		"status": {verify(func(om *ines.OperationMapping) { delete(om.Answer, ines.FieldStatus) }),
			"Mapping.Operations[verification].Answer[status]: required: want the path of an element, one of etat, numero"},
		"convention": {verify(func(*ines.OperationMapping) {}), ""},
		"sex":        {func(m *ines.Mapping) { m.Sex = passerelle.SexCodes{} }, "Sex: required"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wsdl, m := school(t)
			tc.change(&m)
			_, err := ines.ContractFromWSDL(wsdl, m)
			if tc.want == "" {
				if err != nil {
					t.Fatalf("got %v", err)
				}
				return
			}
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("got %v, want invalid", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got:  %v\nwant: … %s …", err, tc.want)
			}
		})
	}
}

// TestMappingAllFaults checks that one try tells everything.
func TestMappingAllFaults(t *testing.T) {
	t.Parallel()
	wsdl, m := school(t)
	om := m.Operations[ines.OpVerify]
	om.Request = map[ines.Field]string{ines.FieldINE: "numero"}
	om.Constants, om.Answer = nil, nil
	m.Operations = map[ines.Operation]ines.OperationMapping{ines.OpVerify: om, ines.OpSearch: {Operation: "chercher"}}
	_, err := ines.ContractFromWSDL(wsdl, m)
	testutil.Equal(t, "faults", faultNames(t, err), []string{
		"Mapping.Operations[search].Operation unknown",
		"Mapping.Operations[verification].Request[ine] unknown",
		"Mapping.Operations[verification].Request[birth_date] required",
		"Mapping.Operations[verification].Request required",
		"Mapping.Operations[verification].Request required",
		"Mapping.Operations[verification].Request required",
		"Mapping.Operations[verification].Request required",
		"Mapping.Operations[verification].Answer[status] required",
	})
}

func TestContractFromBadWSDL(t *testing.T) {
	t.Parallel()
	_, m := school(t)
	for name, document := range map[string]string{
		"empty":      "",
		"page":       "<html/>",
		"DOCTYPE":    `<!DOCTYPE x><definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`,
		"no binding": `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`,
		"cut":        string(ines.ReferenceWSDL()[:2000]),
	} {
		if _, err := ines.ContractFromWSDL([]byte(document), m); !errors.Is(err, passerelle.ErrInvalid) && !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}
