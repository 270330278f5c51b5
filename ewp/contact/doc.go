// Package contact has the types by which the documents of Erasmus Without Paper
// describe whom to reach and where: [Contact], [Address] and [Phone].
//
// Every element stands in the namespace of its own type, wherever the type is used:
// the lines of an address below street-address of an institution as below
// sending-contact of an agreement. So the types marshal as they must under any name.
// Reading ignores unknown elements and takes them in any order; what a schema would
// refuse is found by Validate.
//
// Sources: ewp-specs-types-contact 1.1.0, ewp-specs-types-address 1.0.2 and
// ewp-specs-types-phonenumber 1.0.1, schema.xsd of branch stable-v1 of each.
//
// # Personal data
//
// A contact is often a person, and an address can be that of a student: in logs the
// types show nothing of what they hold.
package contact
