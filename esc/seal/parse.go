package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/esi"
)

const (
	// MaxSize bounds the characters of a seal, its chain included.
	MaxSize = 16 << 10

	// MediaType is the typ of a seal. It is invented here and registered nowhere.
	MediaType = "passerelle-card+jwt"

	algorithm = "ES256"
	keyIDSize = 22 // characters of trust.KeyID
	maxX5C    = 8  // certificates in a header
)

// parsed is a seal whose form is right; nothing in it is believed yet.
type parsed struct {
	signed    string // what the signature covers
	signature []byte
	kid       string
	x5c       []*x509.Certificate
	claims    Claims
}

// refusal collects faults.
type refusal []trust.Fault

func (r *refusal) add(reason trust.Reason, detail string) {
	*r = append(*r, trust.Fault{Reason: reason, Detail: detail})
}

func (r refusal) err() error {
	if len(r) == 0 {
		return nil
	}
	return &trust.RefusedError{What: "seal", Faults: r}
}

// parse reads the form of a seal strictly. Members are matched exactly, where
// encoding/json alone would match them in any case, keep the last of two, and mend
// broken UTF-8. A nil parsed means that the header or the claims cannot be used at all.
func parse(token string) (*parsed, refusal) {
	var r refusal
	parts, ok := split(token)
	if !ok {
		r.add(Malformed, "want three base64url parts separated by dots, at most "+strconv.Itoa(MaxSize)+" characters")
		return nil, r
	}
	var decoded [3][]byte
	for i, part := range parts {
		data, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(data) == 0 {
			r.add(Malformed, "want base64url without padding in part "+strconv.Itoa(i+1))
			return nil, r
		}
		decoded[i] = data
	}
	p := &parsed{signed: token[:len(parts[0])+1+len(parts[1])], signature: decoded[2]}
	if p.header(decoded[0], &r); len(r) > 0 {
		return nil, r
	}
	if !p.body(decoded[1], &r) {
		return nil, r
	}
	return p, r
}

// split cuts a compact JWS. It looks at every character, because the decoder of
// encoding/base64 skips line ends.
func split(token string) (parts [3]string, ok bool) {
	if len(token) > MaxSize {
		return parts, false
	}
	part, start := 0, 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			if part == 2 {
				return parts, false
			}
			parts[part] = token[start:i]
			part, start = part+1, i+1
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return parts, false
		}
	}
	parts[part] = token[start:]
	return parts, part == 2
}

// header reads the protected header.
func (p *parsed) header(data []byte, r *refusal) {
	var alg, typ, kid string
	err := members(data, func(name string, value json.RawMessage) {
		switch name {
		case "alg":
			alg, _ = text(value)
		case "typ":
			typ, _ = text(value)
		case "kid":
			kid, _ = text(value)
		case "x5c":
			certs, err := parseX5C(value)
			if err != nil {
				r.add(Header, "x5c: want "+err.Error())
			}
			p.x5c = certs
		case "crit":
			r.add(Critical, "want no crit: no extension is defined for seals")
		case "jku", "x5u", "jwk":
			r.add(Header, "want no "+name+": keys come from trusted certificates only")
		default:
			r.add(Header, "want no other member than alg, kid, typ and x5c")
		}
	})
	if err != nil {
		addJSON(r, "header", err)
		return
	}
	if alg != algorithm {
		r.add(Algorithm, "want alg "+algorithm)
	}
	if typ != MediaType {
		r.add(Type, "want typ "+MediaType)
	}
	if len(kid) != keyIDSize || strings.Trim(kid, base64URL) != "" {
		r.add(Header, "kid: want the 22 characters that name a key")
	}
	p.kid = kid
	if len(p.x5c) > 0 && trust.KeyID(p.x5c[0]) != kid {
		r.add(KeyMismatch, "the first certificate of x5c is not that of kid")
	}
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// body reads the claims and reports whether they are an object without duplicates.
// Claims that are not known are left alone: issuers may add some.
func (p *parsed) body(data []byte, r *refusal) bool {
	var bad []string
	c := &p.claims
	err := members(data, func(name string, value json.RawMessage) {
		ok := true
		switch name {
		case "escn":
			var s string
			if s, ok = text(value); ok {
				n, err := esc.Parse(s)
				c.ESCN, ok = n, err == nil && n.String() == s
			}
		case "iss":
			c.Issuer, ok = text(value)
		case "iat":
			c.IssuedAt, ok = seconds(value)
		case "exp":
			c.Expires, ok = seconds(value)
		case "nbf":
			c.NotBefore, ok = seconds(value)
		case "esi":
			var s string
			if s, ok = text(value); ok {
				id, err := esi.Parse(s)
				c.ESI, ok = id, err == nil && id.String() == s
			}
		}
		if !ok {
			bad = append(bad, name)
		}
	})
	if err != nil {
		addJSON(r, "claims", err)
		return false
	}
	if len(bad) > 0 {
		r.add(BadClaims, "wrong value of "+strings.Join(bad, ", "))
		return true
	}
	if faults := c.check(); len(faults) > 0 {
		r.add(BadClaims, faults.Error())
	}
	return true
}

var errDuplicate = errors.New("a member twice")

func addJSON(r *refusal, what string, err error) {
	if errors.Is(err, errDuplicate) {
		r.add(Duplicate, "the "+what+" gives a member twice")
		return
	}
	r.add(Malformed, "the "+what+" is not one JSON object in UTF-8")
}

// members calls f for each member of the JSON object that data must be.
func members(data []byte, f func(name string, value json.RawMessage)) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("not an object")
	}
	var names []string
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name := t.(string) // the decoder allows nothing else here
		for _, n := range names {
			if n == name {
				return errDuplicate
			}
		}
		if names = append(names, name); len(names) > 64 {
			return errors.New("too many members")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		f(name, value)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if dec.InputOffset() != int64(len(data)) {
		return errors.New("more than one object")
	}
	return nil
}

func text(value json.RawMessage) (string, bool) {
	var s string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return "", false
	}
	return s, s != ""
}

// seconds reads a whole number of seconds since 1970.
func seconds(value json.RawMessage) (time.Time, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 1 || n > latest {
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}

// parseX5C reads the certificates of a header: standard base64 of DER (RFC 7515, 4.1.6).
func parseX5C(value json.RawMessage) ([]*x509.Certificate, error) {
	var encoded []string
	if err := json.Unmarshal(value, &encoded); err != nil || len(encoded) == 0 || len(encoded) > maxX5C {
		return nil, errors.New("1 to " + strconv.Itoa(maxX5C) + " certificates")
	}
	certs := make([]*x509.Certificate, len(encoded))
	for i, s := range encoded {
		der, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") {
			return nil, errors.New("base64 of DER in certificate " + strconv.Itoa(i+1))
		}
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, errors.New("an X.509 certificate in certificate " + strconv.Itoa(i+1))
		}
	}
	return certs, nil
}
