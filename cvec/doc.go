// Package cvec checks CVEC certificates. The CVEC (contribution vie étudiante et de
// campus) is paid, or exempted, before each registration in initial training; the Cnous
// issues a certificate for the university year, and the establishment must check it
// (education code, L. 841-5). Grant holders are exempted and
// need a certificate all the same.
//
// # Checking
//
//	client, err := cvec.New(cvec.Config{BaseURL: cvec.Production})
//	certificate, err := cvec.ParseCertificate("VER5 ABCDEF 12 / DUPON")
//	verdict, err := client.Check(ctx, cvec.Question{Certificate: certificate, Person: p, INEs: []string{ine}})
//
// A [Verdict] is one of: valid, valid and of another person, valid with nothing that
// tells whose it is, in a state that is not valid, not found, or unsettled because the
// service is down. The last must not stop a registration: keep it as to be checked, and ask
// again. The zero Verdict is "not checked".
//
// # The service
//
// The verification API is public and needs no key (api.gouv.fr, swagger 4.1.24 of August
// 2024). Two of its status codes do not mean what they say elsewhere: 400 is
// "certificate not found", 404 is "code missing". [Client.Verify] turns them into
// passerelle.ErrNotFound and passerelle.ErrInvalid, and only when the body is the
// service's own: the page of a proxy says nothing of a certificate. It answers for the
// running campaign only. Its limits are not published: the client paces itself, sends
// identical questions once, and remembers valid answers in a [Cache].
//
// # What is published and what is not
//
// The operation, the fields and the six valid states are published. The form of the
// number is seen on certificates of one Crous: other forms are taken, and
// [Number.Usual] tells. Of the name key, "the first five letters of the family name" is
// published; the treatment of accents, blanks, hyphens and missing names is second hand. The
// file in which establishments list their students is not published: its [Layout] is the
// caller's.
package cvec
