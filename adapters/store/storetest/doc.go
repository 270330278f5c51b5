// Package storetest starts databases for tests of what package store keeps: a private
// server of PostgreSQL where its programs are installed (Debian: postgresql), and files of SQLite.
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
//
//	func TestMine(t *testing.T) {
//		storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) { … })
//	}
package storetest
