package aglae

import (
	_ "embed" // for the reference WSDL
	"slices"
)

// ReferenceNamespace is that of the reference contract. It is invented.
const ReferenceNamespace = "urn:example:invented:passerelle:aglae:1"

//go:embed reference.wsdl
var referenceWSDL []byte

// ReferenceWSDL returns the WSDL of the reference contract. Its endpoint is an
// address that cannot exist.
func ReferenceWSDL() []byte { return slices.Clone(referenceWSDL) }

// ReferenceContract returns the contract that the fake of package aglaetest speaks. It
// is invented, as its namespace says: that the question is keyed on the INE and that
// there are two answers is public, every name on the wire is made up. It has no
// endpoint.
func ReferenceContract() Contract {
	return Contract{
		Name:      "reference (invented)",
		SOAP:      "1.1",
		Namespace: ReferenceNamespace,
		Action:    ReferenceNamespace + ":interrogerBourse",
		Request:   "interrogerBourse",
		Response:  "interrogerBourseReponse",
		Fields: []Element{
			{Field: FieldINE, Path: "nne", Required: true},
			{Field: FieldYear, Path: "anneeUniversitaire", Required: true},
		},
		Verdict: "reponse",
		Code:    "code",
		Message: "message",
		Conventions: Conventions{
			Words: map[string]Verdict{"BOURSIER": Holder, "ATTENTE": Wait},
			Rules: []CodeRule{
				{Code: "INVENTE-DROIT", Kind: KindForbidden},
				{Code: "INVENTE-NUMERO", Kind: KindInvalid},
				{Code: "INVENTE-FORME", Kind: KindInvalid},
				{Code: "INVENTE-MAINTENANCE", Kind: KindUnavailable},
			},
			FaultCode:    "erreur/code",
			FaultMessage: "erreur/message",
		},
	}
}
