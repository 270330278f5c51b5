package ines

import (
	_ "embed" // for the reference WSDL
	"slices"

	"github.com/passerelle-sup/passerelle"
)

// ReferenceNamespace is that of the reference contract. It is invented.
const ReferenceNamespace = "urn:example:invented:passerelle:ines:1"

//go:embed reference.wsdl
var referenceWSDL []byte

// ReferenceWSDL returns the WSDL of the reference contract. Its endpoint is an
// address that cannot exist.
func ReferenceWSDL() []byte { return slices.Clone(referenceWSDL) }

// ReferenceContract returns the contract that the fake of package inestest speaks.
// It is invented, as its namespace says: the operations are those that INES must
// have by law, the fields those known to be needed (2021), the statuses those of
// Pégase; every name on the wire is made up. It has no endpoint.
func ReferenceContract() Contract {
	person := func(required bool) []Element {
		return []Element{
			{Field: FieldBirthName, Path: "nomFamille", Required: required},
			{Field: FieldUsageName, Path: "nomUsage"},
			{Field: FieldGivenName1, Path: "prenom1", Required: required},
			{Field: FieldGivenName2, Path: "prenom2"},
			{Field: FieldGivenName3, Path: "prenom3"},
			{Field: FieldSex, Path: "sexe", Required: required},
			{Field: FieldBirthDate, Path: "dateNaissance", Required: required},
			{Field: FieldBirthplace, Path: "lieuNaissance"},
		}
	}
	answer := slices.Concat([]Element{
		{Field: FieldStatus, Path: "statut", Required: true},
		{Field: FieldMaster, Path: "ineMaitre"},
		{Field: FieldAlternate, Path: "ineAlternatif", Repeated: true},
		{Field: FieldRequestID, Path: "numeroDemande"},
		{Field: FieldStudent, Path: "referenceEtudiant"},
		{Field: FieldChangedAt, Path: "dateEffet"},
		{Field: FieldCode, Path: "code"},
		{Field: FieldMessage, Path: "message"},
	}, person(false))
	exchange := func(name string, fields ...Element) Exchange {
		return Exchange{
			Action: ReferenceNamespace + ":" + name, Request: name, Response: name + "Reponse",
			Fields: fields, Answer: slices.Clone(answer),
		}
	}
	follow := exchange("suivreDemandes",
		Element{Field: FieldUAI, Path: "etablissement", Required: true},
		Element{Field: FieldRequestID, Path: "numeroDemande", Repeated: true},
		Element{Field: FieldSince, Path: "depuis"})
	follow.Record = "demande"
	return Contract{
		Name:      "reference (invented)",
		SOAP:      "1.1",
		Namespace: ReferenceNamespace,
		Operations: map[Operation]Exchange{
			OpVerify: exchange("verifierIne",
				Element{Field: FieldINE, Path: "ine", Required: true},
				Element{Field: FieldBirthDate, Path: "dateNaissance", Required: true}),
			OpSearch: exchange("rechercherPersonne", person(true)...),
			OpRegister: exchange("immatriculer", slices.Concat(
				[]Element{{Field: FieldStudent, Path: "referenceEtudiant", Required: true}},
				person(true),
				[]Element{{Field: FieldUAI, Path: "etablissement", Required: true}})...),
			OpFollowUp: follow,
		},
		Conventions: Conventions{
			Prefix: "inv",
			Sex:    passerelle.SexCodesHF,
			Errors: []ErrorRule{
				{Code: "INVENTE-DROIT", Kind: KindForbidden, Refused: true},
				{Code: "INVENTE-FORME", Kind: KindInvalid, Refused: true},
				{Code: "INVENTE-MAINTENANCE", Kind: KindUnavailable, Refused: true},
			},
			FaultCode:    "erreur/code",
			FaultMessage: "erreur/message",
		},
	}
}
