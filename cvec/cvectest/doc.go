// Package cvectest imitates the verification API of the CVEC, with its status codes that
// do not mean what they say elsewhere, the spellings of its successive descriptions, and
// every trouble that a client has to survive.
//
//	s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{…}})
//	client, err := cvec.New(cvec.Config{BaseURL: s.URL})
//	s.Script(cvectest.Down)
package cvectest
