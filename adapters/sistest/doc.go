// Package sistest checks that an implementation of package sis keeps its promises:
// one suite that every source of the module passes, and that the author of another
// can run on theirs.
//
//	func TestConformance(t *testing.T) {
//		sistest.Source(t, openMySource(t), sistest.Base{Students: 120, RowErrors: 2, Year: 2026})
//	}
package sistest
