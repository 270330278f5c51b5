// Package emrextest is the other ends of an EMREX exchange for tests: a contact
// point that delivers signed results ([Contact]), and a browser that carries forms
// between the two sides ([Browser]). It is meant for the tests of whoever uses
// package emrex, and misbehaves on purpose ([Fault]). Keys are made when they are
// asked for and protect nothing; learners are invented.
package emrextest
