package apogee

import (
	"maps"

	"github.com/passerelle-sup/passerelle"
)

// Operation is one call of Apogée's services that this package makes.
type Operation string

// The operations.
const (
	OpIdentifiers Operation = "identifiers" // recupererIdentifiantsEtudiant: who is it
	OpStudent     Operation = "student"     // recupererInfosAdmEtu: civil identity
	OpAddresses   Operation = "addresses"   // recupererAdressesEtudiant: addresses, e-mail
	OpList        Operation = "list"        // recupererListeEtudiants: the students of diplomas or steps
	OpYears       Operation = "years"       // recupererAnneesIa: years of enrolment
	OpAnnual      Operation = "annual"      // recupererIAAnnuelles: annual enrolment
	OpSteps       Operation = "steps"       // recupererIAEtapes: enrolments in steps
)

// The services that hold the operations.
const (
	EtudiantMetier      = "EtudiantMetier"
	AdministratifMetier = "AdministratifMetier"
)

// Call says how an operation is written on the wire.
type Call struct {
	Service  string // EtudiantMetier, AdministratifMetier
	Request  string // element of the request, in the namespace of the service
	Response string // element of the answer; empty: Request and "Response"
	Return   string // element of each value; empty: Request and "Return"
}

// Contract is what may differ from one version of Apogée to the next: operations
// carry a version in their name, and old ones go. The zero value is not usable:
// start from [DefaultContract].
type Contract struct {
	// Namespaces gives the namespace of each service.
	Namespaces map[string]string
	// Calls gives the form of each operation; one that is missing cannot be called.
	Calls map[Operation]Call
	// Charset is that of the requests: "ISO-8859-15" or "UTF-8". Answers say their own.
	Charset string
	// SplitINE sends the INE in two elements, _numINE and _cleINE, cut by family, as
	// the first version of recupererIdentifiantsEtudiant wants it. That _cleINE follows
	// _numINE is deduced.
	SplitINE bool
}

// DefaultContract is that of the contracts published for Apogée 6.50: names of
// operations, irregular ones included, and the namespace of EtudiantMetier are as
// published there; that of AdministratifMetier is deduced from it.
func DefaultContract() Contract {
	const namespace = "gouv.education.apogee.commun.servicesmetiers."
	return Contract{
		Charset:    latin9,
		Namespaces: map[string]string{EtudiantMetier: namespace + EtudiantMetier, AdministratifMetier: namespace + AdministratifMetier},
		Calls: map[Operation]Call{
			OpIdentifiers: {Service: EtudiantMetier, Request: "recupererIdentifiantsEtudiant_v2"},
			OpStudent:     {Service: EtudiantMetier, Request: "recupererInfosAdmEtu_v4"},
			OpAddresses:   {Service: EtudiantMetier, Request: "recupererAdressesEtudiant_v2", Return: "recupererAdressesEtudiantReturn"},
			OpList:        {Service: EtudiantMetier, Request: "recupererListeEtudiants", Return: "etudiant"},
			OpYears:       {Service: AdministratifMetier, Request: "recupererAnneesIa"},
			OpAnnual:      {Service: AdministratifMetier, Request: "recupererIAAnnuelles_v2", Response: "recupererIAAnnuellesResponse_v2", Return: "recupererIAAnnuellesReturn_v2"},
			OpSteps:       {Service: AdministratifMetier, Request: "recupererIAEtapes_v3"},
		},
	}
}

// Clone returns a copy that can be changed.
func (c Contract) Clone() Contract {
	c.Namespaces, c.Calls = maps.Clone(c.Namespaces), maps.Clone(c.Calls)
	return c
}

// Names returns the elements of an operation, the regular ones filled in.
func (c Contract) Names(op Operation) Call {
	call := c.Calls[op]
	if call.Request == "" {
		return call
	}
	if call.Response == "" {
		call.Response = call.Request + "Response"
	}
	if call.Return == "" {
		call.Return = call.Request + "Return"
	}
	return call
}

func (c Contract) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if c.Charset != latin9 && c.Charset != "UTF-8" {
		faults.Add("Contract.Charset", "name", "ISO-8859-15 or UTF-8; start from DefaultContract")
	}
	if len(c.Calls) == 0 {
		faults.Add("Contract.Calls", "required", "at least one operation; start from DefaultContract")
	}
	for _, op := range []Operation{OpIdentifiers, OpStudent, OpAddresses, OpList, OpYears, OpAnnual, OpSteps} {
		call, ok := c.Calls[op]
		switch {
		case !ok:
		case !element.MatchString(call.Request), call.Response != "" && !element.MatchString(call.Response), call.Return != "" && !element.MatchString(call.Return):
			faults.Add("Contract.Calls."+string(op), "name", "names of elements")
		case c.Namespaces[call.Service] == "":
			faults.Add("Contract.Namespaces."+call.Service, "required", "the namespace of the service of "+string(op))
		}
	}
	return faults
}
