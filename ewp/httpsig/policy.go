package httpsig

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/textproto"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Policy is what both verifiers go by. The zero value is the recommended one.
type Policy struct {
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
	// MaxSkew is how far a date may be from the clock, in whole seconds and on
	// either side. 0 is MinSkew, five minutes; less is refused.
	MaxSkew time.Duration
	// Quirks are the habits that are accepted.
	Quirks Quirks
}

func (p Policy) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if p.MaxSkew != 0 && p.MaxSkew < MinSkew {
		faults.Add("Policy.MaxSkew", "range", "5 minutes at least, which the specification demands")
	}
	if p.Quirks >= 1<<len(quirkNames) {
		faults.Add("Policy.Quirks", "range", "quirks of this package")
	}
	return faults
}

func (p Policy) withDefaults() Policy {
	if p.Clock == nil {
		p.Clock = time.Now
	}
	if p.MaxSkew == 0 {
		p.MaxSkew = MinSkew
	}
	return p
}

// Verified is what is known of a message whose signature is good.
type Verified struct {
	// Key is the key that signed it.
	Key ewp.Fingerprint
	// Signature is the parameter as written: what a response says of its request.
	Signature string
	// RequestID is the X-Request-Id, empty in a response to a request without.
	RequestID string
	// Date is the earliest of the dates that were signed.
	Date time.Time
	// Signed are the names that the signature covers, lower-case, each once, in
	// the order of their first mention. It may have "(request-target)" and "host".
	Signed []string
	// Unsigned are the canonical names of the headers that it does not cover,
	// sorted. Anyone may have put them there.
	Unsigned []string
	// Quirks are those without which the message would have been refused.
	Quirks Quirks
}

// Covers reports whether the header of a name, in any case, was signed.
func (v *Verified) Covers(name string) bool {
	for _, signed := range v.Signed {
		if textproto.CanonicalMIMEHeaderKey(signed) == textproto.CanonicalMIMEHeaderKey(name) {
			return true
		}
	}
	return false
}

// Strip deletes the unsigned headers from h, as both specifications demand before
// anything in h is acted upon. The header that holds the signature stays. The
// trailers of a message are never signed: set its Trailer to nil.
func (v *Verified) Strip(h http.Header) {
	for name := range h {
		if slices.Contains(v.Unsigned, textproto.CanonicalMIMEHeaderKey(name)) {
			delete(h, name)
		}
	}
}

// check is one verification under way.
type check struct {
	Policy
	m      *message
	p      params
	text   []byte
	now    time.Time
	needed Quirks
}

// require checks that names are in the list of signed ones, and that the message
// has something under every name of that list.
func (c *check) require(names ...string) *Error {
	for _, name := range names {
		if !slices.Contains(c.p.names, name) {
			return c.m.fault(Unsigned, headerName(name), "it among the signed headers")
		}
	}
	if !slices.Contains(c.p.names, nameDate) && !slices.Contains(c.p.names, nameOriginalDate) {
		return c.m.fault(Unsigned, "Date", "Date or Original-Date among the signed headers")
	}
	var absent string
	if c.text, absent = c.m.text(make([]byte, 0, 1024), c.p.names); absent != "" {
		if name := headerName(absent); isToken(absent) {
			return c.m.fault(Absent, name, "each signed header in the message")
		}
		return c.m.fault(Absent, "", "each signed name to be that of a header")
	}
	return nil
}

// headerName spells a name of the list as headers are spelled.
func headerName(name string) string {
	if name == nameTarget {
		return name
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// key finds the key that signed.
func (c *check) key(ctx context.Context, keys KeyFinder) (*rsa.PublicKey, *Error) {
	key, err := keys.FindKey(ctx, c.p.keyID)
	switch {
	case errors.Is(err, passerelle.ErrNotFound), err == nil && key == nil:
		want := "a client key of the registry's catalogue"
		if c.m.response {
			want = "a server key of the host that was called"
		}
		return nil, c.m.fault(UnknownKey, "", want)
	case err != nil:
		e := c.m.fault(Lookup, "", "keys to compare with")
		e.Err = err
		return nil, e
	case ewp.CheckKey(key) != nil:
		return nil, c.m.fault(WeakKey, "", "an RSA key of 2048 to 8192 bits")
	}
	return key, nil
}

// dates checks every date header there is, and returns the earliest of those that
// were signed.
func (c *check) dates() (earliest time.Time, err *Error) {
	for _, name := range []string{nameDate, nameOriginalDate} {
		header := headerName(name)
		value, ok, err := c.m.single(header)
		if err != nil {
			return time.Time{}, err
		}
		if !ok {
			continue
		}
		t, needed, ok := parseDate(value, c.Quirks)
		if !ok {
			return time.Time{}, c.m.fault(Date, header, "a date like Tue, 05 Sep 2017 08:49:37 GMT")
		}
		if !within(t, c.now, c.MaxSkew) {
			return time.Time{}, c.m.fault(Skew, header, "a clock at most "+c.MaxSkew.String()+" away from ours")
		}
		c.needed |= needed
		if slices.Contains(c.p.names, name) && (earliest.IsZero() || t.Before(earliest)) {
			earliest = t
		}
	}
	return earliest, nil
}

// signature checks the signature over the text, and over what a quirk allows.
func (c *check) signature(key *rsa.PublicKey) *Error {
	hash := sha256.Sum256(c.text)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], c.p.raw) == nil {
		return nil
	}
	if target, ok := decodedTarget(c.m.target); ok && c.Quirks.Has(DecodedQuery) && slices.Contains(c.p.names, nameTarget) {
		other := *c.m
		other.target = target
		text, _ := other.text(c.text[:0], c.p.names)
		hash = sha256.Sum256(text)
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], c.p.raw) == nil {
			c.needed |= DecodedQuery
			return nil
		}
	}
	return c.m.fault(Signature, "", "a signature by that key over the signed headers as received")
}

// digest checks the body.
func (c *check) digest(body Body) *Error {
	want, fault := parseDigest(c.m)
	if fault != nil {
		return fault
	}
	got, err := body.SHA256()
	switch {
	case errors.Is(err, ErrTooLarge):
		return c.m.fault(TooLarge, "", "a shorter body")
	case err != nil:
		e := c.m.fault(Broken, "", "the whole body")
		e.Err = err
		return e
	}
	if !equal(want[:], got[:]) {
		return c.m.fault(Digest, "Digest", "the SHA-256 of the body as sent")
	}
	return nil
}

// verified sums up. holder is the header that holds the signature.
func (c *check) verified(holder, id string, date time.Time) *Verified {
	v := &Verified{Key: c.p.keyID, Signature: c.p.signature, RequestID: id, Date: date, Quirks: c.needed}
	covered := make(map[string]bool, len(c.p.names))
	for _, name := range c.p.names {
		if header := headerName(name); !covered[header] {
			covered[header] = true
			v.Signed = append(v.Signed, name)
		}
	}
	for header := range c.m.header {
		if header != holder && !covered[header] {
			v.Unsigned = append(v.Unsigned, header)
		}
	}
	slices.Sort(v.Unsigned)
	return v
}

// isUUID reports whether s is a UUID in canonical form: lower case, hyphens.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
