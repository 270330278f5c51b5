// Package cnrtest holds the tests that every store of change notifications must
// pass, so that one in a database keeps what those of package cnr promise.
package cnrtest
