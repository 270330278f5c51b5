// Package esctest is the European Student Card's world for tests: an authority
// that issues the certificates of card seals and of the legacy chips with defects
// chosen by the test ([Authority]), a router with the real one's quirks, its public
// verifier and the service of certificate chains ([Router]), and the conformance suite
// of the state that synchronisation keeps ([TestState]).
//
// It is meant for the tests of whoever uses the esc packages. Keys are made when they
// are asked for and protect nothing.
package esctest
