package esi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
)

// The attribute that carries an identifier (SCHAC), under its names.
const (
	LDAPAttribute    = "schacPersonalUniqueCode"
	LDAPObjectClass  = "schacLinkageIdentifiers" // auxiliary, 1.3.6.1.4.1.25178.1.1.4
	OID              = "1.3.6.1.4.1.25178.1.2.14"
	SAMLName         = "urn:oid:" + OID
	SAMLFriendlyName = LDAPAttribute
	SAMLNameFormat   = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	OIDCClaim        = "schac_personal_unique_code"
	OIDCClaimSwitch  = LDAPAttribute // Switch edu-ID uses the LDAP name
)

// The attribute of the home organisation (SCHAC), which an identifier of the
// institution form names as its scope.
const (
	HomeOrganizationLDAPAttribute   = "schacHomeOrganization"
	HomeOrganizationLDAPObjectClass = "schacContactLocation"
	HomeOrganizationOID             = "1.3.6.1.4.1.25178.1.2.9"
	HomeOrganizationSAMLName        = "urn:oid:" + HomeOrganizationOID
	HomeOrganizationOIDCClaim       = "schac_home_organization"
)

// The LDAP attribute of the INE (SUPANN 2021), of which French identifiers are made.
const (
	SupannCodeINE    = "supannCodeINE"
	SupannCodeINEOID = "1.3.6.1.4.1.7135.1.2.1.9"
)

// The entity category that asks for identifiers, in the metadata of a SAML
// federation: a service has it as a value of EntityCategoryAttribute, an identity provider
// that honours it as a value of EntityCategorySupportAttribute.
const (
	EntityCategory                 = "https://myacademicid.org/entity-categories/esi"
	EntityCategoryAttribute        = "http://macedir.org/entity-category"
	EntityCategorySupportAttribute = "http://macedir.org/entity-category-support"
)

// Pick finds the identifier among the values of a multi-valued attribute, in which
// other personal codes may stand. Repetitions, in any case, count once; a
// live form wins over the legacy one, and that one over drafts.
//
// Its error is passerelle.ErrNotFound when no value is an identifier, an
// [*AmbiguousError] for several of one rank, and a *passerelle.ParseError when the
// only candidates are malformed.
func Pick(values []string) (Reading, error) {
	const ranks = 3 // live, legacy, draft
	var found [ranks][]Reading
	var malformed error
	for _, value := range values {
		r, err := Read(value)
		if err != nil {
			if _, ok := cutFoldPrefix(strings.TrimSpace(value), Prefix); ok && malformed == nil {
				malformed = err
			}
			continue
		}
		rank := 0
		switch {
		case r.Draft():
			rank = 2
		case r.ID.Form() == LegacyForm:
			rank = 1
		}
		found[rank] = appendDistinct(found[rank], r)
	}
	for _, readings := range found {
		switch len(readings) {
		case 0:
			continue
		case 1:
			return readings[0], nil
		}
		e := new(AmbiguousError)
		for _, r := range readings {
			e.IDs = append(e.IDs, r.ID)
		}
		return Reading{}, e
	}
	if malformed != nil {
		return Reading{}, malformed
	}
	return Reading{}, fmt.Errorf("ESI: none among the values of %s: %w", LDAPAttribute, passerelle.ErrNotFound)
}

// appendDistinct adds r unless list holds its identifier; of two writings, the one
// with fewer deviations stays.
func appendDistinct(list []Reading, r Reading) []Reading {
	for i, known := range list {
		if known.ID.Equal(r.ID) {
			if len(r.Variants) < len(known.Variants) {
				list[i] = r
			}
			return list
		}
	}
	return append(list, r)
}

// FromSAML picks the identifier out of the attributes of a SAML assertion, keyed
// by name or, where software translates them, by friendly name in any case. Its errors
// are those of [Pick].
func FromSAML(attributes map[string][]string) (Reading, error) {
	var values []string
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if name == SAMLName || strings.EqualFold(name, SAMLFriendlyName) {
			values = append(values, attributes[name]...)
		}
	}
	return Pick(values)
}

// FromClaims picks the identifier out of the claims of an ID token or of a userinfo
// answer, decoded from JSON: a text or an array of texts under [OIDCClaim] or
// [OIDCClaimSwitch]. Its errors are those of [Pick], or passerelle.ErrProtocol when a claim
// has another type.
func FromClaims(claims map[string]any) (Reading, error) {
	var values []string
	for _, name := range [...]string{OIDCClaim, OIDCClaimSwitch} {
		switch v := claims[name].(type) {
		case nil:
		case string:
			values = append(values, v)
		case []string:
			values = append(values, v...)
		case []any:
			for _, item := range v {
				s, ok := item.(string)
				if !ok {
					return Reading{}, fmt.Errorf("ESI: claim %s holds a %T: %w", name, item, passerelle.ErrProtocol)
				}
				values = append(values, s)
			}
		default:
			return Reading{}, fmt.Errorf("ESI: claim %s is a %T: %w", name, v, passerelle.ErrProtocol)
		}
	}
	return Pick(values)
}

// AmbiguousError says that several different identifiers were released for one
// person, which federations warn about; nothing was chosen.
// errors.Is(err, passerelle.ErrAmbiguous) is true of it.
type AmbiguousError struct {
	IDs []ID // in the order in which they came; personal data
}

// Error returns the number of identifiers.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("ESI: %d different identifiers for one person", len(e.IDs))
}

// Is reports whether target is passerelle.ErrAmbiguous.
func (e *AmbiguousError) Is(target error) bool { return target == passerelle.ErrAmbiguous }

// Outcome returns NotSent: the failure is local.
func (e *AmbiguousError) Outcome() passerelle.Outcome { return passerelle.NotSent }
