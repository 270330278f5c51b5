// Package passerelle is the shared vocabulary of the Passerelle SDK: the civil
// identity of a student as the French national services understand it
// ([Person], [Date], [Sex], [Birthplace]) and the errors that every package of
// the module speaks ([ErrNotFound], [ErrUnavailable], …, [OutcomeOf]).
//
// It does no input or output and imports no network package. What talks to a
// remote system lives in the package named after it: ine and uai judge the
// identifiers, ines speaks to the national immatriculation service, and so on;
// the README has the whole table.
//
// # Grammar of names
//
// Knowing one package is knowing them all:
//
//   - identifier types ([Date] here, ine.Number, uai.Code elsewhere) are
//     comparable values with Parse, MustParse (for constants and tests), String,
//     MarshalText and UnmarshalText, and a LogValue that masks;
//   - remote systems are opened with New(Config) (*Client, error); every method
//     takes a context and one request value;
//   - long results are iter.Seq2[T, error]: an error that concerns one row does
//     not end the sequence, a fatal one is its last element;
//   - servers are Handler(Provider) http.Handler; the fake of package x is
//     the public package x/xtest.
//
// # Personal data
//
// INE, names, birth dates and tokens never enter the text of an error or a log
// line written by this module. Types that hold them implement [log/slog.LogValuer]
// with a masked value; String and the marshalling methods give the real one.
package passerelle
