package esi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
)

func TestPick(t *testing.T) {
	t.Parallel()
	const (
		notESI = "urn:schac:personalUniqueCode:fi:tut.fi:hetu:010161-995A"
		french = urn + "fr:123456789AB"
		legacy = "FR-999465982-123456789AB"
		draft  = "urn:schac:PersonalUniqueCode:fr:ESI:123456789AB"
	)
	tests := [...]struct {
		values []string
		want   string
		err    error
	}{
		0:  {[]string{french}, french, nil},
		1:  {[]string{notESI, french}, french, nil},
		2:  {[]string{strings.ToUpper(french), french, french}, french, nil},
		3:  {[]string{legacy, french}, french, nil},
		4:  {[]string{draft, legacy}, legacy, nil},
		5:  {[]string{draft}, french, nil},
		6:  {[]string{french, urn + "univ-exemple.example.org:7"}, "", passerelle.ErrAmbiguous},
		7:  {[]string{notESI}, "", passerelle.ErrNotFound},
		8:  {nil, "", passerelle.ErrNotFound},
		9:  {[]string{notESI, urn + "fr:12 34"}, "", passerelle.ErrInvalid},
		10: {[]string{urn + "fr:12 34", french}, french, nil},
		11: {[]string{"FR-999465982-1", "FR-999465982-2"}, "", passerelle.ErrAmbiguous},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r, err := esi.Pick(tt.values)
			if r.ID.String() != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("picked %v, %v; want %q, %v", r.ID, err, tt.want, tt.err)
			}
			saml, err := esi.FromSAML(map[string][]string{esi.SAMLName: tt.values, "urn:oid:2.5.4.3": {"x"}})
			if saml.ID != r.ID || !errors.Is(err, tt.err) {
				t.Errorf("from SAML %v, %v; want %q, %v", saml.ID, err, tt.want, tt.err)
			}
		})
	}
	var ae *esi.AmbiguousError
	_, err := esi.Pick([]string{french, notESI, urn + "uma.es:7"})
	if !errors.As(err, &ae) || len(ae.IDs) != 2 || ae.IDs[0].String() != french || ae.IDs[1].String() != urn+"uma.es:7" {
		t.Errorf("error %#v, want both identifiers in it", err)
	}
	if r, err := esi.Pick([]string{strings.ToUpper(french), french}); err != nil || len(r.Variants) > 0 {
		t.Errorf("%v, %v: want the writing that follows the specification", r.Variants, err)
	}
}

func TestFromSAMLNames(t *testing.T) {
	t.Parallel()
	const french = urn + "fr:123456789AB"
	for _, name := range []string{"urn:oid:1.3.6.1.4.1.25178.1.2.14", "schacPersonalUniqueCode", "schacpersonaluniquecode"} {
		if r, err := esi.FromSAML(map[string][]string{name: {french}}); err != nil || r.ID.String() != french {
			t.Errorf("attribute %s: %v, %v", name, r.ID, err)
		}
	}
	// The name of SAML 1 must not be used in SAML 2.
	if _, err := esi.FromSAML(map[string][]string{"urn:schac:attribute-def:schacPersonalUniqueCode": {french}}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("attribute of SAML 1: %v, want ErrNotFound", err)
	}
}

func TestFromClaims(t *testing.T) {
	t.Parallel()
	const french = urn + "fr:123456789AB"
	tests := [...]struct {
		json string
		want string
		err  error
	}{
		0: {`{"schac_personal_unique_code":["` + french + `"]}`, french, nil},
		1: {`{"schac_personal_unique_code":"` + french + `"}`, french, nil},
		2: {`{"schacPersonalUniqueCode":["urn:schac:personalUniqueCode:ch:x:1","` + french + `"]}`, french, nil},
		3: {`{"schac_personal_unique_code":["` + french + `"],"schacPersonalUniqueCode":"` + french + `"}`, french, nil},
		4: {`{"sub":"x"}`, "", passerelle.ErrNotFound},
		5: {`{"schac_personal_unique_code":null}`, "", passerelle.ErrNotFound},
		6: {`{"schac_personal_unique_code":[]}`, "", passerelle.ErrNotFound},
		7: {`{"schac_personal_unique_code":12}`, "", passerelle.ErrProtocol},
		8: {`{"schac_personal_unique_code":[{"v":1}]}`, "", passerelle.ErrProtocol},
	}
	for i, tt := range tests {
		var claims map[string]any
		if err := json.Unmarshal([]byte(tt.json), &claims); err != nil {
			t.Fatal(err)
		}
		r, err := esi.FromClaims(claims)
		if r.ID.String() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%d: %v, %v; want %q, %v", i, r.ID, err, tt.want, tt.err)
		}
	}
	if r, err := esi.FromClaims(map[string]any{esi.OIDCClaim: []string{french}}); err != nil || r.ID.String() != french {
		t.Errorf("typed claim: %v, %v", r.ID, err)
	}
}

func TestUserID(t *testing.T) {
	t.Parallel()
	hex64 := strings.Repeat("0123456789abcdef", 4)
	tests := [...]struct {
		in, want, rule string
	}{
		0: {hex64 + "@erasmus.eduteams.org", hex64 + "@erasmus.eduteams.org", ""},
		1: {"7F3A9C@MyAcademicID.org", "7f3a9c@myacademicid.org", ""},
		2: {hex64 + "0@myacademicid.org", "", "length"},
		3: {"@myacademicid.org", "", "length"},
		4: {"xyz@myacademicid.org", "", "character"},
		5: {"7f@example.org", "", "domain"},
		6: {"7f", "", "domain"},
		7: {"", "", "domain"},
		8: {"7f@7f@myacademicid.org", "", "domain"},
		9: {"7é@myacademicid.org", "", "character"},
	}
	for i, tt := range tests {
		id, err := esi.ParseUserID(tt.in)
		var pe *passerelle.ParseError
		if id.String() != tt.want || (tt.rule == "") != (err == nil) || tt.rule != "" && (!errors.As(err, &pe) || pe.Rule != tt.rule) {
			t.Errorf("%d: %v, %v; want %q, rule %q", i, id, err, tt.want, tt.rule)
		}
		var again esi.UserID
		if err := again.UnmarshalText([]byte(tt.want)); err != nil || again != id || id.IsZero() != (tt.want == "") {
			t.Errorf("%d: read back as %v, %v", i, again, err)
		}
	}
}

func FuzzUserID(f *testing.F) {
	f.Add("7f3a9c@myacademicid.org")
	f.Add("0123456789ABCDEF@erasmus.eduteams.org")
	f.Add("@")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := esi.ParseUserID(s)
		if err != nil {
			if !id.IsZero() || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("ParseUserID(%q) = %v, %v", s, id, err)
			}
			return
		}
		if again, err := esi.ParseUserID(id.String()); err != nil || again != id || !strings.EqualFold(s, id.String()) {
			t.Fatalf("%q reads as %v, which reads as %v, %v", s, id, again, err)
		}
	})
}
