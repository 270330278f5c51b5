package trust

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// MaxRevocationList bounds the bytes of a revocation list.
const MaxRevocationList = 16 << 20

// Status is what is known about the revocation of one certificate. The zero value
// is StatusUnknown: it refuses, since unknown is not "no".
type Status uint8

// The answers of a revocation check.
const (
	StatusUnknown Status = iota // nothing fresh says
	StatusGood                  // not revoked
	StatusRevoked               // revoked
)

// RevocationCheck tells the status of cert, issued by issuer, at a moment. An
// error means that the check itself could not be made; it ends the verification
// and is returned wrapped, since it says nothing about the card.
type RevocationCheck func(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (Status, error)

// Revocation is how a policy checks revocation. The zero value is no choice and
// is refused by policies.
type Revocation struct {
	how   revocationMode
	lists []*x509.RevocationList
	ask   RevocationCheck
}

type revocationMode uint8

const (
	unchosen revocationMode = iota
	byLists
	byFunc
	unchecked
)

// RevocationLists checks every certificate below the root against the complete
// lists of its issuer. A certificate whose issuer has no list, or none that is
// signed by it and fresh at the moment of the policy, is refused with
// [RevocationUnknown].
func RevocationLists(lists ...*x509.RevocationList) Revocation {
	return Revocation{how: byLists, lists: lists}
}

// RevocationFunc asks f about every certificate below the root: the door for OCSP
// or for lists that are fetched.
func RevocationFunc(f RevocationCheck) Revocation {
	if f == nil {
		return Revocation{}
	}
	return Revocation{how: byFunc, ask: f}
}

// NoRevocationCheck believes certificates that may have been revoked.
func NoRevocationCheck() Revocation { return Revocation{how: unchecked} }

// ParseRevocationList reads a list in DER or PEM ("X509 CRL") form. Its error is
// a *passerelle.ParseError.
func ParseRevocationList(data []byte) (*x509.RevocationList, error) {
	fail := func(rule, want string) (*x509.RevocationList, error) {
		return nil, &passerelle.ParseError{Type: "revocation list", Rule: rule, Want: want}
	}
	if len(data) > MaxRevocationList {
		return fail("length", "at most "+strconv.Itoa(MaxRevocationList)+" bytes")
	}
	der, err := pemOrDER(data, "X509 CRL")
	if err != nil {
		return fail("form", err.Error())
	}
	if len(der) != 1 {
		return fail("form", "one list")
	}
	list, err := x509.ParseRevocationList(der[0])
	if err != nil {
		return fail("form", "an X.509 revocation list")
	}
	return list, nil
}

// check adds the faults of r. A list with a critical extension covers a part of
// what its issuer signs (delta, partitioned or indirect lists): it cannot prove
// that a certificate is good, and is refused rather than half understood.
func (r Revocation) check(faults *passerelle.FieldErrors) {
	if r.how == unchosen {
		faults.Add("Revocation", "required", "trust.RevocationLists, trust.RevocationFunc or trust.NoRevocationCheck")
	}
	for i, list := range r.lists {
		field := "Revocation[" + strconv.Itoa(i) + "]"
		if list == nil || len(list.Raw) == 0 {
			faults.Add(field, "required", "a parsed revocation list")
			continue
		}
		for _, ext := range list.Extensions {
			if ext.Critical {
				faults.Add(field, "extension", "a complete list without critical extension "+ext.Id.String())
			}
		}
		for _, entry := range list.RevokedCertificateEntries {
			for _, ext := range entry.Extensions {
				if ext.Critical {
					faults.Add(field, "extension", "entries without critical extension "+ext.Id.String())
				}
			}
		}
	}
}

// asker returns the check to make, nil for none.
func (r Revocation) asker() RevocationCheck {
	switch r.how {
	case byLists:
		return newRevocationIndex(r.lists).status
	case byFunc:
		return r.ask
	default:
		return nil
	}
}

// revocationIndex is RevocationLists made quick: revoked serial numbers by list,
// and the outcome of the signature check of a list by an issuer, once each.
type revocationIndex struct {
	lists   []*x509.RevocationList
	serials []map[string]bool
	signed  sync.Map // signedBy → bool
}

type signedBy struct {
	list   int
	issuer [sha256.Size]byte
}

func newRevocationIndex(lists []*x509.RevocationList) *revocationIndex {
	x := &revocationIndex{lists: lists, serials: make([]map[string]bool, len(lists))}
	for i, list := range lists {
		x.serials[i] = make(map[string]bool, len(list.RevokedCertificateEntries))
		for _, entry := range list.RevokedCertificateEntries {
			x.serials[i][string(entry.SerialNumber.Bytes())] = true
		}
	}
	return x
}

// status looks in every fresh list of issuer; one that names cert revokes it
// whatever the others say.
func (x *revocationIndex) status(_ context.Context, cert, issuer *x509.Certificate, at time.Time) (Status, error) {
	status := StatusUnknown
	for i, list := range x.lists {
		if string(list.RawIssuer) != string(cert.RawIssuer) || !x.isSignedBy(i, issuer) {
			continue
		}
		// A revocation stays true after the list that carried it went stale.
		if x.serials[i][string(cert.SerialNumber.Bytes())] {
			return StatusRevoked, nil
		}
		if !at.Before(list.ThisUpdate) && !list.NextUpdate.IsZero() && !at.After(list.NextUpdate) {
			status = StatusGood
		}
	}
	return status, nil
}

func (x *revocationIndex) isSignedBy(i int, issuer *x509.Certificate) bool {
	key := signedBy{i, sha256.Sum256(issuer.Raw)}
	if ok, known := x.signed.Load(key); known {
		return ok.(bool)
	}
	ok := allowedAlgorithms[x.lists[i].SignatureAlgorithm] && x.lists[i].CheckSignatureFrom(issuer) == nil
	x.signed.Store(key, ok)
	return ok
}

// revocationFaults checks every certificate of chain below the root.
func (v *Verifier) revocationFaults(ctx context.Context, chain []*x509.Certificate, now time.Time) ([]Fault, error) {
	if v.revocation == nil {
		return nil, nil
	}
	var faults []Fault
	for i, cert := range chain[:len(chain)-1] {
		status, err := v.revocation(ctx, cert, chain[i+1], now)
		if err != nil {
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				return nil, err
			}
			return nil, fmt.Errorf("revocation of %s: %w", describe(i, cert), errors.Join(passerelle.ErrUnavailable, err))
		}
		switch status {
		case StatusGood:
		case StatusRevoked:
			faults = append(faults, Fault{Revoked, describe(i, cert)})
		default:
			faults = append(faults, Fault{RevocationUnknown, describe(i, cert) + ": no fresh list of its issuer"})
		}
	}
	return faults, nil
}
