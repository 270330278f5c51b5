// Package particulier is the client of API Particulier, through which French
// administrations read what others know of a person: here whether somebody is a
// student (SUPDATA, run for the ministry of higher education) and whether somebody
// holds a grant of the Crous (Cnous). One [Client] serves one token and every
// operation of it. API Particulier is run by the DINUM; its documentation is
// at https://particulier.api.gouv.fr, its server is public under the MIT licence.
//
// # What is asked
//
// Three questions, for each of the two resources: by INE, by civil identity, and
// on behalf of a person who signed in by FranceConnect. The current versions
// are v3 (student status) and v4 (scholarship). The older ones stay callable with
// Version, v2 included; [Client.Call] makes any other call.
//
// Parameters are checked before the call by the rules of the server, and refused
// by [ParameterErrors] with the code that the server would have answered. The key of
// an INE is not checked: the server does not, and the numbers of its own test
// cases have wrong keys.
//
// # What is answered
//
// A datum can be missing for two reasons that must not be confused: the token lacks
// the scope, and the member is absent; or the service has nothing, and the member
// is null. [Field] keeps both apart from an empty value. Words of enumerations that
// this package does not know are kept. Dates stay text until asked, because the
// service gives dates that do not exist.
//
// A person who is not found is passerelle.ErrNotFound, and that is not a "no": who
// was fed late, whose identity is mistyped, or who studies outside the perimeter is
// not found either, and must be asked for another proof. Every other failure is an
// [*Error] that errors.Is tells apart by the root taxonomy and by [Code].
//
// # Limits
//
// The service allows 20 requests a second for a token and 1000 a minute for an
// address, and cuts an address off for twelve hours when it goes on after a 429.
// A [Limiter], shared by all calls of a Client, keeps to 16 a second and lets
// nothing through from a 429 until the time that the service named. Clients that share
// a token or an address share a Limiter: give it in Config.Limiter. Several machines
// behind one address need an implementation of their own that they all ask.
//
// # What is announced
//
// Vendor tokens with a delegation, DPoP and signed proofs are announced. A
// transport.TokenSource gives tokens that change, and Config.Authenticate adds
// headers and query parameters to each attempt.
package particulier
