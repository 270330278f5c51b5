// Package contact has the address, the telephone number and the contact that the
// documents of several APIs of Erasmus Without Paper share: institutions,
// organizational units, agreements, mobilities and learning agreements.
//
// The types have no element name of their own, because each document gives them one;
// what is inside is in the namespaces of the types. Leaf values are kept as they are
// written. What the schemas demand is checked by the Validate methods.
//
// Sources: ewp-specs-types-address 1.0.2, ewp-specs-types-phonenumber 1.0.1 and
// ewp-specs-types-contact 1.1.0, and common-types.xsd of ewp-specs-architecture.
//
// # Personal data
//
// A contact is mostly a person. The types mask themselves in logs.
package contact
