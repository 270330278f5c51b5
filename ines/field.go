package ines

import "slices"

// Field names a datum of the dialogue, whatever element carries it.
type Field string

// The fields. Those of a person are in requests and, where the service repeats
// them, in answers. A birthplace is either FieldBirthplace alone (the five characters
// of the commune, or 99xxx of the country) or FieldBirthCommune and FieldBirthCountry.
const (
	FieldINE          Field = "ine"           // the number to verify
	FieldBirthName    Field = "birth_name"    // nom de famille
	FieldUsageName    Field = "usage_name"    // nom d'usage
	FieldGivenName1   Field = "given_name_1"  // premier prénom
	FieldGivenName2   Field = "given_name_2"  // deuxième prénom
	FieldGivenName3   Field = "given_name_3"  // troisième prénom
	FieldSex          Field = "sex"           // Conventions.Sex says the codes
	FieldBirthDate    Field = "birth_date"    // Conventions.DateFormat says the form
	FieldBirthplace   Field = "birthplace"    // one code for commune or country
	FieldBirthCommune Field = "birth_commune" // COG code of the commune, absent when born abroad
	FieldBirthCountry Field = "birth_country" // COG code of the country; Conventions.ShortCountry says the form
	FieldBirthTown    Field = "birth_town"    // name of the town as recorded
	FieldUAI          Field = "uai"           // the establishment that asks
	FieldStudent      Field = "student"       // the caller's reference of the student
	FieldRequestID    Field = "request_id"    // the service's reference of a registration
	FieldSince        Field = "since"         // what changed from this instant on

	FieldStatus    Field = "status"     // the service's word, see Conventions.Statuses
	FieldMaster    Field = "master"     // INE maître
	FieldAlternate Field = "alternate"  // a further number of the same person
	FieldCode      Field = "code"       // the service's code, untouched
	FieldMessage   Field = "message"    // the service's words, untouched
	FieldChangedAt Field = "changed_at" // when the answer took effect
)

// fieldRule says which fields a message needs and may have.
type fieldRule struct{ required, optional []Field }

func (r fieldRule) all() []Field { return slices.Concat(r.required, r.optional) }

var (
	personRequired = []Field{FieldBirthName, FieldGivenName1, FieldSex, FieldBirthDate, FieldBirthplace}
	personOptional = []Field{FieldUsageName, FieldGivenName2, FieldGivenName3, FieldBirthCommune, FieldBirthCountry, FieldBirthTown}

	answerOptional = slices.Concat([]Field{FieldAlternate, FieldCode, FieldMessage, FieldChangedAt, FieldStudent, FieldRequestID}, personRequired, personOptional)
)

var requestFields = map[Operation]fieldRule{
	OpVerify:   {required: []Field{FieldINE, FieldBirthDate}},
	OpSearch:   {required: personRequired, optional: personOptional},
	OpRegister: {required: slices.Concat(personRequired, []Field{FieldUAI}), optional: slices.Concat(personOptional, []Field{FieldStudent})},
	OpFollowUp: {required: []Field{FieldUAI}, optional: []Field{FieldRequestID, FieldSince}},
}

var answerFields = map[Operation]fieldRule{
	OpVerify:   {required: []Field{FieldStatus}, optional: slices.Concat([]Field{FieldMaster}, answerOptional)},
	OpSearch:   {required: []Field{FieldStatus, FieldMaster}, optional: answerOptional},
	OpRegister: {required: []Field{FieldStatus, FieldMaster}, optional: answerOptional},
	OpFollowUp: {required: []Field{FieldStatus, FieldMaster}, optional: answerOptional},
}
