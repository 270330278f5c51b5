package ewptest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// Faults of a server that takes requests: those that the official test-suite injects
// into its own hosts, to see that the validator finds them. Of some the validator's
// step does not find it; ours does.
const (
	RefusesExtraHeaders   Fault = "refuses-extra-headers"   // 400 for a signature that covers more than it must
	RequiresDate          Fault = "requires-date"           // 400 without Date, Original-Date or not
	RequiresSHA512        Fault = "requires-sha512"         // 400 unless the algorithm is rsa-sha512
	IgnoresRequestID      Fault = "ignores-request-id"      // X-Request-Id need not be signed
	TakesServerKeys       Fault = "takes-server-keys"       // server keys pass for client keys
	NoDateThreshold       Fault = "no-date-threshold"       // dates may be as old as they like
	NoSignatureCheck      Fault = "no-signature-check"      // whatever the signature is
	NoDigestCheck         Fault = "no-digest-check"         // whatever the body is
	TakesAnyRequestID     Fault = "takes-any-request-id"    // X-Request-Id need not be a UUID
	ReadsAddressOfPOST    Fault = "reads-address-of-post"   // parameters of the address count in a POST
	OneAcceptSignature    Fault = "one-accept-signature"    // a list in Accept-Signature is not understood
	TakesAnonymous        Fault = "takes-anonymous"         // no signature is needed
	NoWantDigest          Fault = "no-want-digest"          // 401 without Want-Digest
	NoChallenge           Fault = "no-challenge"            // 401 without WWW-Authenticate
	WrongChallenge        Fault = "wrong-challenge"         // WWW-Authenticate asks for the wrong headers
	SignsWithoutDate      Fault = "signs-without-date"      // answers have no date at all
	SignsStaleDate        Fault = "signs-stale-date"        // answers are ten minutes old
	SignsUnknownDigest    Fault = "signs-unknown-digest"    // Digest has an algorithm that nobody knows
	AppendsAfterSigning   Fault = "appends-after-signing"   // a line break after the signed body
	NoRequestID           Fault = "no-request-id"           // answers have no X-Request-Id
	WrongRequestID        Fault = "wrong-request-id"        // answers have that of another request
	UnaskedRequestID      Fault = "unasked-request-id"      // answers have one where the request had none
	NoRequestSignature    Fault = "no-request-signature"    // answers have no X-Request-Signature
	WrongRequestSignature Fault = "wrong-request-signature" // answers have that of another request
	UnsignedDigest        Fault = "unsigned-digest"         // the signature of answers does not cover Digest
	SignsWithClientKey    Fault = "signs-with-client-key"   // answers are signed with a key that is not among the server keys
)

// ServerFaults returns the faults of a server, all that [Conformance] must find.
func ServerFaults() []Fault {
	return []Fault{
		RefusesExtraHeaders, RequiresDate, RequiresSHA512, IgnoresRequestID, TakesServerKeys, NoDateThreshold, NoSignatureCheck,
		NoDigestCheck, TakesAnyRequestID, ReadsAddressOfPOST, OneAcceptSignature, TakesAnonymous,
		NoWantDigest, NoChallenge, WrongChallenge, SignsWithoutDate, SignsStaleDate, SignsUnknownDigest, AppendsAfterSigning,
		NoRequestID, WrongRequestID, UnaskedRequestID, NoRequestSignature, WrongRequestSignature, UnsignedDigest, SignsWithClientKey,
	}
}

// requestFaults change what the server sees, or answer in its place.
var requestFaults = map[Fault]func(*exchange){
	Unavailable: func(x *exchange) { x.refuse(http.StatusServiceUnavailable, "maintenance") },

	RefusesExtraHeaders: func(x *exchange) {
		for _, name := range signedNames(x.req.Header.Get("Authorization")) {
			if name != "original-date" && !slices.Contains(stdHeaders, name) {
				x.refuse(http.StatusBadRequest, "the header "+name+" must not be signed")
				return
			}
		}
	},
	RequiresDate: func(x *exchange) {
		if x.ref.Signature != "" && x.req.Header.Get("Date") == "" {
			x.refuse(http.StatusBadRequest, "the header Date is required")
		}
	},
	RequiresSHA512: func(x *exchange) {
		if x.ref.Signature != "" {
			x.refuse(http.StatusBadRequest, "the algorithm rsa-sha512 is required")
		}
	},
	IgnoresRequestID: func(x *exchange) {
		_, key := x.caller()
		if key != nil && !slices.Contains(signedNames(x.req.Header.Get("Authorization")), "x-request-id") {
			x.repair(key, "x-request-id")
		}
	},
	TakesServerKeys: func(x *exchange) {
		if u, key := x.caller(); u != nil && key.Equal(u.ServerKey) {
			x.repair(u.ClientKey)
		}
	},
	NoDateThreshold: noDateThreshold,
	NoSignatureCheck: func(x *exchange) {
		if u, key := x.caller(); u != nil && key.Equal(u.ClientKey) {
			x.repair(key)
		}
	},
	NoDigestCheck: noDigestCheck,
	TakesAnyRequestID: func(x *exchange) {
		id := x.req.Header.Get("X-Request-Id")
		parsed, err := uuid.Parse(id)
		if u, key := x.caller(); u != nil && id != "" && (err != nil || parsed.String() != id) {
			x.req.Header.Set("X-Request-Id", uuid.NewString())
			x.repair(key)
		}
	},
	ReadsAddressOfPOST: func(x *exchange) {
		u, key := x.caller()
		if u == nil || x.req.Method != http.MethodPost || x.req.URL.RawQuery == "" {
			return
		}
		x.setBody([]byte(x.req.URL.RawQuery + "&" + string(x.body)))
		x.req.Header.Set("Content-Length", strconv.Itoa(len(x.body)))
		x.req.Header.Set("Digest", sha256Digest(x.body))
		x.repair(key)
	},
	OneAcceptSignature: func(x *exchange) {
		if !strings.Contains(x.req.Header.Get("Accept-Signature"), ",") {
			return
		}
		x.req.Header.Del("Accept-Signature")
		if u, key := x.caller(); u != nil {
			x.repair(key)
		}
	},
	TakesAnonymous: func(x *exchange) {
		if x.ref.Signature == "" {
			x.adopt(x.u)
		}
	},
}

// noDateThreshold brings old dates up to now.
func noDateThreshold(x *exchange) {
	u, key := x.caller()
	if u == nil {
		return
	}
	old := false
	for _, name := range []string{"Date", "Original-Date"} {
		at, err := http.ParseTime(x.req.Header.Get(name))
		if err == nil && x.now().Sub(at).Abs() > httpsig.MinSkew {
			x.req.Header.Set(name, x.now().Format(http.TimeFormat))
			old = true
		}
	}
	if old {
		x.repair(key)
	}
}

// noDigestCheck gives the body the digest that it should have, if nothing else is
// wrong: a length that was signed, and is another one now, is.
func noDigestCheck(x *exchange) {
	u, key := x.caller()
	if u == nil || x.req.Header.Get("Digest") == sha256Digest(x.body) {
		return
	}
	claimed, ok := claimedDigest(x.req.Header.Get("Digest"))
	if ok && !x.verified(claimed) {
		return
	}
	x.req.Header.Set("Digest", sha256Digest(x.body))
	x.repair(key)
}

// claimed is a body whose digest is what its message says.
type claimed [32]byte

// SHA256 returns it.
func (c claimed) SHA256() ([32]byte, error) { return c, nil }

// claimedDigest returns the SHA-256 in a Digest header, and whether there is one.
func claimedDigest(header string) (claimed, bool) {
	for item := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		raw, err := base64.StdEncoding.DecodeString(value)
		if strings.EqualFold(name, "SHA-256") && err == nil && len(raw) == len(claimed{}) {
			return claimed(raw), true
		}
	}
	return claimed{}, false
}

// answerFaults change what the server answers.
var answerFaults = map[Fault]func(*exchange){
	NoWantDigest: func(x *exchange) { x.on401(func() { x.header.Del("Want-Digest") }) },
	NoChallenge:  func(x *exchange) { x.on401(func() { x.header.Del("WWW-Authenticate") }) },
	WrongChallenge: func(x *exchange) {
		x.on401(func() {
			x.header.Set("WWW-Authenticate", `Signature realm="EWP",headers="some-header",algorithms="rsa-sha256"`)
		})
	},
	SignsWithoutDate: func(x *exchange) {
		x.header.Del("Original-Date")
		x.header["Date"] = nil // or net/http adds one
		x.signAgain(x.u.ServerKey)
	},
	SignsStaleDate: func(x *exchange) {
		stale := x.now().Add(-10 * time.Minute).Format(http.TimeFormat)
		x.header.Set("Original-Date", stale)
		x.header.Set("Date", stale)
		x.signAgain(x.u.ServerKey)
	},
	SignsUnknownDigest: func(x *exchange) {
		x.header.Set("Digest", "Unknown-Algorithm=Value")
		x.signAgain(x.u.ServerKey)
	},
	AppendsAfterSigning: func(x *exchange) { x.answer = append(x.answer, '\n') },
	NoRequestID: func(x *exchange) {
		x.header.Del("X-Request-Id")
		x.signAgain(x.u.ServerKey)
	},
	WrongRequestID: func(x *exchange) {
		if x.header.Get("X-Request-Id") != "" {
			x.header.Set("X-Request-Id", uuid.NewString())
			x.signAgain(x.u.ServerKey)
		}
	},
	UnaskedRequestID: func(x *exchange) {
		if x.ref.ID == "" {
			x.header.Set("X-Request-Id", uuid.NewString())
		}
	},
	NoRequestSignature: func(x *exchange) {
		x.header.Del("X-Request-Signature")
		x.signAgain(x.u.ServerKey)
	},
	WrongRequestSignature: func(x *exchange) {
		if x.header.Get("X-Request-Signature") != "" {
			x.header.Set("X-Request-Signature", "Bad Signature")
			x.signAgain(x.u.ServerKey)
		}
	},
	UnsignedDigest:     func(x *exchange) { x.signAgain(x.u.ServerKey, "digest") },
	SignsWithClientKey: func(x *exchange) { x.signAgain(x.u.ClientKey) },
}

// on401 changes an answer 401, and signs it again where it was signed.
func (x *exchange) on401(change func()) {
	if x.status == http.StatusUnauthorized {
		change()
		x.signAgain(x.u.ServerKey)
	}
}

// now is the time of the network.
func (x *exchange) now() time.Time { return x.u.network.Clock.Now().UTC() }
