package ewp

import (
	"encoding/xml"
	"iter"
	"math/bits"
	"strings"
)

// Methods is a set of ways to secure a call: the content of an http-security
// element, all four lists together, or one of them. The zero value is the empty
// set. What a manifest declares is completed by [Methods.WithDefaults].
type Methods uint16

// The methods, each in the list that it belongs to by its own namespace.
const (
	ClientAnonymous Methods = 1 << iota // no identity of the client
	ClientTLSCert                       // TLS client certificate, deprecated
	ClientHTTPSig                       // signed request
	ServerTLSCert                       // TLS server certificate
	ServerHTTPSig                       // signed answer
	RequestTLS                          // request protected by TLS alone
	RequestGCM                          // request encrypted, see ewp/aesgcm
	ResponseTLS                         // answer protected by TLS alone
	ResponseGCM                         // answer encrypted
	// Methods that this package does not know: a list that has only these is not
	// an absent list.
	ClientOther
	ServerOther
	RequestOther
	ResponseOther
)

// The four lists, as masks.
const (
	ClientMethods   = ClientAnonymous | ClientTLSCert | ClientHTTPSig | ClientOther
	ServerMethods   = ServerTLSCert | ServerHTTPSig | ServerOther
	RequestMethods  = RequestTLS | RequestGCM | RequestOther
	ResponseMethods = ResponseTLS | ResponseGCM | ResponseOther
)

// SecurityList is one of the lists inside http-security.
type SecurityList struct {
	Element string  // its local name in [NamespaceSecurity]
	Mask    Methods // what it may hold
}

// SecurityLists are the four lists in the order of the schema
// (ewp-specs-sec-intro, schema.xsd).
func SecurityLists() [4]SecurityList {
	return [4]SecurityList{
		{"client-auth-methods", ClientMethods},
		{"server-auth-methods", ServerMethods},
		{"request-encryption-methods", RequestMethods},
		{"response-encryption-methods", ResponseMethods},
	}
}

// methodNames has the element of each known method, in the order of the bits.
var methodNames = [...]xml.Name{
	{Space: organisation + "ewp-specs-sec-cliauth-none/tree/stable-v1", Local: "anonymous"},
	{Space: organisation + "ewp-specs-sec-cliauth-tlscert/tree/stable-v1", Local: "tlscert"},
	{Space: organisation + "ewp-specs-sec-cliauth-httpsig/tree/stable-v1", Local: "httpsig"},
	{Space: organisation + "ewp-specs-sec-srvauth-tlscert/tree/stable-v1", Local: "tlscert"},
	{Space: organisation + "ewp-specs-sec-srvauth-httpsig/tree/stable-v1", Local: "httpsig"},
	{Space: organisation + "ewp-specs-sec-reqencr-tls/tree/stable-v1", Local: "tls"},
	{Space: organisation + "ewp-specs-sec-reqencr-rsa-aes128gcm/tree/stable-v1", Local: "ewp-rsa-aes128gcm"},
	{Space: organisation + "ewp-specs-sec-resencr-tls/tree/stable-v1", Local: "tls"},
	{Space: organisation + "ewp-specs-sec-resencr-rsa-aes128gcm/tree/stable-v1", Local: "ewp-rsa-aes128gcm"},
}

// otherNames has what String says of unknown methods, in the order of the bits.
var otherNames = [...]string{"client other", "server other", "request other", "response other"}

// MethodOf returns the method that an element inside a list stands for. One that
// is not known, or stands in the wrong list, is the list's "other".
func (l SecurityList) MethodOf(name xml.Name) Methods {
	for i, known := range methodNames {
		if name == known && l.Mask.Has(1<<i) {
			return 1 << i
		}
	}
	return l.Mask & (ClientOther | ServerOther | RequestOther | ResponseOther)
}

// Has reports whether all of ms are in the set.
func (m Methods) Has(ms Methods) bool { return m&ms == ms }

// Elements yields the known methods of the set, in the order of the constants, with
// the element that declares each.
func (m Methods) Elements() iter.Seq2[Methods, xml.Name] {
	return func(yield func(Methods, xml.Name) bool) {
		for i, name := range methodNames {
			if m.Has(1<<i) && !yield(1<<i, name) {
				return
			}
		}
	}
}

// WithDefaults adds to each list that is empty what the schema says an absent one
// means: TLS everywhere. For clients that is a TLS certificate, which nothing
// accepts any more (ewp-specs-architecture 1.11.0): an API that lists no client
// method cannot be called.
func (m Methods) WithDefaults() Methods {
	if m&ClientMethods == 0 {
		m |= ClientTLSCert
	}
	if m&ServerMethods == 0 {
		m |= ServerTLSCert
	}
	if m&RequestMethods == 0 {
		m |= RequestTLS
	}
	if m&ResponseMethods == 0 {
		m |= ResponseTLS
	}
	return m
}

// String returns the methods in words: "client httpsig, server tlscert".
func (m Methods) String() string {
	var words []string
	for rest := m; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros16(uint16(rest))
		switch {
		case i < len(methodNames):
			word := "client "
			switch bit := Methods(1 << i); {
			case ServerMethods.Has(bit):
				word = "server "
			case RequestMethods.Has(bit):
				word = "request "
			case ResponseMethods.Has(bit):
				word = "response "
			}
			words = append(words, word+methodNames[i].Local)
		case i-len(methodNames) < len(otherNames):
			words = append(words, otherNames[i-len(methodNames)])
		}
	}
	return strings.Join(words, ", ")
}
