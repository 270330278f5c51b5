// Package supdatatest imitates SUPDATA for tests: its write API, with the error objects
// of the published text, and faults on purpose.
//
// What is fed goes into a [Store], which other fakes read: as Config.Students of a
// particuliertest.Service it makes what is fed readable through API Particulier.
//
//	store := supdatatest.Sandbox()
//	feed := supdatatest.NewServer(t, supdatatest.Config{Store: store})
//	read := particuliertest.NewServer(t, particuliertest.Config{Students: store})
//
// The published text does not say what a second call for one enrolment does. A
// Store records it beside the first, the worst case, unless it is told to replace,
// and [Store.Twice] names whoever was recorded twice.
package supdatatest
