// Package inestest is a register of students that behaves like INES behind both
// bindings of package ines, for tests and for trying a programme out before
// anything is sent to the nation's register. It is a product of its own: a whole
// http.Handler, with state, a clock and faults on purpose.
//
// # What it is a model of, and what it is not
//
// The contract of INES is not public. The SOAP side speaks
// [ines.ReferenceContract], whose namespace says that it is invented, or any other
// contract given in [Config]; the REST side speaks the verification seen in the
// open. What is modelled is what is known: people have one INE maître and older
// numbers beside it, an immatriculation gives a number at once or later, or ends
// as a litige when look-alikes exist, incomplete and invalid data are answered as
// such. How the real register compares names is unknown; [Service] says how
// this one does.
//
// # Never twice
//
// A second registration of a person that the register knows is answered with the
// number that exists, as the real service is believed to do, and counted:
// [Service.Registrations] tells for a person, and [Service.RegistrationsOf] for a
// caller's reference, how many requests arrived, how many were processed and how
// many numbers were created. A creation that is late ([LateCreation]) is not seen
// by the register until it takes effect: whoever sends it again meanwhile makes a
// second number, and [Service.Twice] names the person.
//
// # Faults
//
// [Faults] is a share per kind of trouble, drawn from the seed, the request and
// how often it came: the same run gives the same faults, in whatever order the
// requests arrive. [Service.Script] sets the next faults of an operation one by one.
package inestest
