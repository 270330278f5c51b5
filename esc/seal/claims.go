package seal

import (
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esi"
)

// Claims is what a seal says about a card. Times are to the second.
type Claims struct {
	ESCN      esc.Number // the card's number; required
	Issuer    string     // schacHomeOrganization of the issuer, in lower case; the signer's when empty
	IssuedAt  time.Time  // when the seal was made; the time of signing when zero
	NotBefore time.Time  // beginning of the validity; zero: none stated
	Expires   time.Time  // first second at which the card is no longer valid; required
	ESI       esi.ID     // the holder, optional; personal
}

// LogValue masks the number and the identifier.
func (c Claims) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Any("escn", c.ESCN), slog.String("issuer", c.Issuer), slog.Time("expires", c.Expires), slog.Any("esi", c.ESI),
	)
}

// EndOf returns the first moment after the day d in loc: the Expires of a card
// whose last valid day is d.
func EndOf(d passerelle.Date, loc *time.Location) time.Time { return d.AddDays(1).Time(loc) }

// latest is the last second that a claim may state, the end of the year 9999.
const latest = 253402300799

// check lists what makes the claims unfit, signed or to be signed.
func (c Claims) check() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if c.ESCN.IsZero() {
		faults.Add("ESCN", "required", "the number of the card")
	}
	if !domainName(c.Issuer) {
		faults.Add("Issuer", "form", "a domain name in lower case")
	}
	for _, t := range []struct {
		field string
		at    time.Time
		must  bool
	}{{"IssuedAt", c.IssuedAt, true}, {"Expires", c.Expires, true}, {"NotBefore", c.NotBefore, false}} {
		switch {
		case t.at.IsZero() && t.must:
			faults.Add(t.field, "required", "a time")
		case !t.at.IsZero() && (t.at.Unix() < 1 || t.at.Unix() > latest):
			faults.Add(t.field, "range", "a time from 1970 to 9999")
		}
	}
	if !c.Expires.IsZero() && !c.Expires.After(c.IssuedAt) {
		faults.Add("Expires", "range", "a time after IssuedAt")
	}
	if !c.Expires.IsZero() && !c.Expires.After(c.NotBefore) {
		faults.Add("Expires", "range", "a time after NotBefore")
	}
	return faults
}

// payload is the claims as they are signed.
type payload struct {
	ESCN esc.Number `json:"escn"`
	ESI  string     `json:"esi,omitempty"`
	jwt.RegisteredClaims
}

func (c Claims) payload() payload {
	p := payload{ESCN: c.ESCN, ESI: c.ESI.String()}
	p.Issuer = c.Issuer
	p.IssuedAt, p.ExpiresAt = jwt.NewNumericDate(c.IssuedAt), jwt.NewNumericDate(c.Expires)
	if !c.NotBefore.IsZero() {
		p.NotBefore = jwt.NewNumericDate(c.NotBefore)
	}
	return p
}

// domainName reports whether s is a domain name of at least two labels, in lower
// case and without a final dot.
func domainName(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	labels, size := 1, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if size == 0 || s[i-1] == '-' {
				return false
			}
			labels, size = labels+1, 0
			continue
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-' && size > 0:
		default:
			return false
		}
		if size++; size > 63 {
			return false
		}
	}
	return labels > 1 && size > 0 && s[len(s)-1] != '-'
}
