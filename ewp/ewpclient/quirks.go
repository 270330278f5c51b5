package ewpclient

import "strings"

// Quirks is a set of habits of running hosts that break the rules and are accepted
// on purpose. The zero value accepts none. None of them lets an answer pass whose
// signature is wrong. Those of dates are in httpsig.Quirks.
type Quirks uint8

const (
	// UnsignedAnswers accepts an answer without signature from a host that declares
	// to sign them: TLS alone then says who answered.
	UnsignedAnswers Quirks = 1 << iota
	// UnsignedEncoding undoes a Content-Encoding that is not signed, where the rule
	// is to take the header as absent. The bytes themselves are signed.
	UnsignedEncoding
	// UndeclaredSignatures signs requests to hosts whose manifest entry does not
	// list that method, in place of not calling them: entries without any
	// http-security are known (the official validator fails them).
	UndeclaredSignatures
	// AnyNamespace reads answers whose elements are in another namespace than the
	// API's, as if they were in that.
	AnyNamespace
	// NoGzip does not offer compressed answers: some reverse proxies rewrite
	// Accept-Encoding, and the signature of the request is wrong then.
	NoGzip
)

var quirkNames = []string{"unsigned answers", "unsigned encoding", "undeclared signatures", "any namespace", "no gzip"}

// Has reports whether all of qs are in the set.
func (q Quirks) Has(qs Quirks) bool { return q&qs == qs }

// String returns the quirks in words: "unsigned answers, no gzip".
func (q Quirks) String() string {
	var words []string
	for i, name := range quirkNames {
		if q.Has(1 << i) {
			words = append(words, name)
		}
	}
	return strings.Join(words, ", ")
}
