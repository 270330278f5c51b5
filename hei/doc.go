// Package hei holds the names by which higher education institutions are known in
// Europe, and finds one by another: the domain name that SCHAC and the Erasmus
// Without Paper network use ([Domain]), the number of the Commission's participant
// portal ([PIC]), the Erasmus code ([ErasmusCode]) and the organisation identifier of
// Erasmus+ ([OID]).
//
// [ReadECHE] reads the Commission's list of institutions that hold the Erasmus
// charter. A [Directory] joins it with other sources, such as the catalogue of the
// Erasmus Without Paper network, and answers with every institution that fits:
// nothing is chosen, and no name is derived from another (a domain cannot be told
// from a website: of 88 French ones 10 disagree).
//
// The list changes every few weeks and is not part of this module; it may be reused
// under the Commission's decision 2011/833/EU, with its source named.
//
// # Sources
//
// The grammar and the normal form of Erasmus codes are those of the public ECHE List
// API of the European University Foundation (code published, held against the list of
// 8 April 2026). SCHAC 1.6 has the domain. No check digit is published for PIC or OID:
// their form is all that is checked. The names of the columns of the list are not
// specified anywhere and are recognised by their words [deduced].
//
// Nothing here is personal data.
package hei
