package deuinfo_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/deuinfo"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var (
	moment = time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	number = esc.MustParse("d88b02c1-894e-1038-a711-001999465982")
	uid    = deuinfo.MustParseUID("042e5a7a6e4d80")
)

const (
	pic    = "999465982"
	domain = "univ-ville.example"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// The chain that ESUP-SGC publishes as test material: root, intermediate, authority
// of the institution, certificate of its cards.
func realChain(tb testing.TB) trust.Bundle {
	tb.Helper()
	return must(trust.File("testdata/chain.pem"))(tb)
}

func TestRealChain(t *testing.T) {
	t.Parallel()
	chain := realChain(t)
	testutil.Equal(t, "root of the package", deuinfo.CNOUSRoot().Raw, chain[0].Raw)
	sums := []string{
		"329fc0ddb1a4495679c1003235970a0a5659ba7eba1d4e937bb37144f818c38e",
		"064174924129be1e9475343f6b16bce118dee72ef757632cfff2f86a05c23bb2",
		"8101782f8e26c5130356ebb8fd38b938bb07bea9133f4b9a12fae7dd8081818f",
		"b80515ae4f3dfb503bc1f901c1671386664e3b1cb30caff142c5491e4ee70f57",
	}
	for i, cert := range chain {
		sum := sha256.Sum256(cert.Raw)
		if hex.EncodeToString(sum[:]) != sums[i] {
			t.Errorf("certificate %d is not the published one", i)
		}
	}
	at := func(s string) time.Time { return must(time.Parse(time.RFC3339, s))(t) }
	cases := []struct {
		at   time.Time
		want []trust.Reason
	}{
		0: {at("2020-03-01T00:00:00Z"), []trust.Reason{trust.CertificateNotYetValid}},
		1: {at("2020-04-06T10:10:11Z"), []trust.Reason{trust.CertificateNotYetValid}}, // a second before the card's certificate
		2: {at("2020-04-06T10:10:12Z"), nil},
		3: {at("2021-06-15T12:00:00Z"), nil},
		4: {at("2026-10-01T08:00:00Z"), nil},
		5: {at("2030-03-14T14:12:18Z"), nil}, // last second of the intermediate
		6: {at("2030-03-14T14:12:19Z"), []trust.Reason{trust.CertificateExpired}},
		7: {at("2031-01-01T00:00:00Z"), []trust.Reason{trust.CertificateExpired}},
		8: {at("2041-01-01T00:00:00Z"), []trust.Reason{trust.CertificateExpired}},
	}
	policy := trust.Policy{
		Roots: []*x509.Certificate{deuinfo.CNOUSRoot()}, Time: trust.Now(), Revocation: trust.NoRevocationCheck(),
	}
	v := must(trust.NewVerifier(policy, trust.Profile{Curve: elliptic.P256(), AllowCA: true}))(t)
	for i, c := range cases {
		found, faults, err := v.Verify(t.Context(), chain[3], chain, c.at)
		if err != nil {
			t.Fatal(err)
		}
		got := (&trust.RefusedError{Faults: faults}).Reasons()
		if !slices.Equal(got, c.want) {
			t.Errorf("%d at %s: %v, want %v", i, c.at, faults, c.want)
		}
		if c.want == nil && len(found) != 4 {
			t.Errorf("%d: a chain of %d certificates, want 4", i, len(found))
		}
	}

	// Without the authority of the institution there is no way up; with another root,
	// there is one to an unknown one.
	if _, faults, _ := v.Verify(t.Context(), chain[3], chain[:2], moment); len(faults) == 0 || faults[0].Reason != trust.UnknownRoot {
		t.Errorf("without the institution's authority: %v", faults)
	}
	other := must(esctest.NewAuthority(moment))(t)
	policy.Roots = []*x509.Certificate{other.Root}
	v = must(trust.NewVerifier(policy, trust.Profile{Curve: elliptic.P256(), AllowCA: true}))(t)
	if _, faults, _ := v.Verify(t.Context(), chain[3], chain, moment); len(faults) == 0 || faults[0].Reason != trust.UnknownRoot {
		t.Errorf("under another root: %v", faults)
	}
}

// The published vector, made with the key of RFC 6979, A.2.5.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	curve := elliptic.P256()
	scalar, _ := new(big.Int).SetString("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", 16)
	rfc := must(ecdsa.ParseRawPrivateKey(curve, scalar.Bytes()))(t)
	authority := must(esctest.NewAuthority(moment))(t)
	credential := must(authority.CertifyCard(domain, rfc))(t)
	signature := must(hex.DecodeString("3046022100beff0cbf22ce359db89586eb04e4d35f95df09daa35fa3c557b92873ffd8c5e2022100ae82f1803365b30583bd8e32d1a97d3970f20336e7c13f73cee14536ba273662"))(t)
	v := must(deuinfo.NewVerifier(policy(authority, credential)))(t)
	card := deuinfo.Card{Number: number, UID: uid, Signature: signature, Certificate: credential.Certificate.Raw}
	got := must(v.Verify(t.Context(), card))(t)
	if got.Number != number || got.UID != uid || got.PIC != pic || len(got.Chain) != 4 {
		t.Errorf("verified %+v", got)
	}

	// The messages that must not pass for number and UID.
	n := number.Bytes()
	reversed := uid
	slices.Reverse(reversed[:])
	for name, message := range map[string][]byte{
		"UID and number": append(uid[:], n[:]...), "number alone": n[:],
		"text":                    []byte(hex.EncodeToString(append(n[:], uid[:]...))),
		"number and reversed UID": append(n[:], reversed[:]...),
	} {
		digest := sha256.Sum256(message)
		card.Signature = must(ecdsa.SignASN1(nil, rfc, digest[:]))(t)
		if _, err := v.Verify(t.Context(), card); !errors.Is(err, deuinfo.Signature) {
			t.Errorf("a signature over %s: %v, want a refusal", name, err)
		}
	}
}

func policy(authority *esctest.Authority, credential *esctest.Credential) deuinfo.Policy {
	return deuinfo.Policy{
		Policy: trust.Policy{
			Roots: []*x509.Certificate{authority.Root}, Time: trust.At(moment), Revocation: trust.NoRevocationCheck(),
		},
		Chains:  credential.Bundle(),
		Issuers: deuinfo.IssuerNames(map[string][]string{pic: {domain}}),
	}
}

// number was made in May 2020, before any certificate of the test authority;
// recent was made while they are valid.
var recent = esc.MustParse("e25d1400-a9ef-103f-8000-001999465982")

func TestVerify(t *testing.T) {
	t.Parallel()
	type edit = func(*deuinfo.Card, *deuinfo.Policy, *esctest.Authority)
	cases := []struct {
		name    string
		defects []esctest.Defect
		edit    edit
		want    []trust.Reason
	}{
		0: {"as issued", nil, nil, nil},
		1: {"another number", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) {
			c.Number = esc.MustParse("50228de1-8944-1038-a3d5-001999465982")
		}, []trust.Reason{deuinfo.Signature}},
		2: {"copied to another chip", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) { c.UID[6] ^= 1 }, []trust.Reason{deuinfo.Signature}},
		3: {"bit of the signature", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) { c.Signature[len(c.Signature)-1] ^= 1 }, []trust.Reason{deuinfo.Signature}},
		4: {"no signature", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) { c.Signature = nil }, []trust.Reason{deuinfo.Signature}},
		5: {"signature with more behind", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) { c.Signature = append(c.Signature, 0) }, []trust.Reason{deuinfo.Signature}},
		6: {"no certificate", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) { c.Certificate = []byte{0x30, 0} }, []trust.Reason{deuinfo.Malformed}},
		7: {"certificate of an authority above", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, a *esctest.Authority) { c.Certificate = a.Issuing.Raw }, []trust.Reason{deuinfo.Issuer, deuinfo.Signature}},
		8: {"number of another institution", nil, func(c *deuinfo.Card, _ *deuinfo.Policy, _ *esctest.Authority) {
			c.Number = esc.MustParse("aec54890-72b1-1039-8e5f-001999893752")
		}, []trust.Reason{deuinfo.Issuer, deuinfo.Signature}},
		9: {"number of another institution, any issuer", nil, func(c *deuinfo.Card, p *deuinfo.Policy, _ *esctest.Authority) {
			c.Number = esc.MustParse("aec54890-72b1-1039-8e5f-001999893752")
			p.Issuers = deuinfo.AnyIssuer()
		}, []trust.Reason{deuinfo.Signature}},
		10: {"chain unknown", nil, func(_ *deuinfo.Card, p *deuinfo.Policy, _ *esctest.Authority) { p.Chains = trust.Bundle{} }, []trust.Reason{trust.ChainMissing, trust.UnknownRoot}},
		11: {"expired", []esctest.Defect{esctest.Expired}, nil, []trust.Reason{trust.CertificateExpired}},
		12: {"wrong curve", []esctest.Defect{esctest.WrongCurve}, nil, []trust.Reason{trust.CertificateKey}},
		13: {"unknown root", []esctest.Defect{esctest.UnknownRoot}, nil, []trust.Reason{trust.UnknownRoot, deuinfo.Issuer}},
		14: {"certificate of a TLS server", []esctest.Defect{esctest.ServerUsage}, nil, []trust.Reason{trust.CertificateUsage}},
		15: {"ten years later", nil, func(_ *deuinfo.Card, p *deuinfo.Policy, _ *esctest.Authority) {
			p.Time = trust.At(moment.AddDate(7, 0, 0))
		}, []trust.Reason{trust.CertificateExpired}},
		16: {"ten years later, chain at issue", nil, func(c *deuinfo.Card, p *deuinfo.Policy, _ *esctest.Authority) {
			p.Time, p.ChainAtIssue = trust.At(moment.AddDate(7, 0, 0)), true
		}, nil},
		17: {"issued by one institution in the name of another", []esctest.Defect{esctest.ForeignName}, func(_ *deuinfo.Card, p *deuinfo.Policy, _ *esctest.Authority) {
			p.Issuers = deuinfo.IssuerNames(map[string][]string{pic: {esctest.ForeignIssuer}})
		}, []trust.Reason{deuinfo.Issuer}},
	}
	for i, c := range cases {
		authority := must(esctest.NewAuthority(moment))(t)
		credential := must(authority.IssueCard(domain, c.defects...))(t)
		card := deuinfo.Card{Number: recent, UID: uid, Signature: []byte{0}, Certificate: credential.Certificate.Raw}
		if signed, err := esctest.NewCard(credential, recent, uid); err == nil {
			card = signed
		}
		p := policy(authority, credential)
		if c.edit != nil {
			c.edit(&card, &p, authority)
		}
		_, err := must(deuinfo.NewVerifier(p))(t).Verify(t.Context(), card)
		var got []trust.Reason
		if refused, ok := errors.AsType[*trust.RefusedError](err); ok {
			got = refused.Reasons()
		} else if err != nil {
			t.Errorf("%d %s: %v", i, c.name, err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d %s: %v, want %v", i, c.name, err, c.want)
		}
	}
}

// A source that does not answer says nothing about the card.
func TestSourceDown(t *testing.T) {
	t.Parallel()
	authority := must(esctest.NewAuthority(moment))(t)
	credential := must(authority.IssueCard(domain))(t)
	card := must(esctest.NewCard(credential, number, uid))(t)
	p := policy(authority, credential)
	var asked trust.Query
	p.Chains = trust.Func(func(_ context.Context, q trust.Query) ([]*x509.Certificate, error) {
		asked = q
		return nil, passerelle.ErrUnavailable
	})
	_, err := must(deuinfo.NewVerifier(p))(t).Verify(t.Context(), card)
	if _, refused := errors.AsType[*trust.RefusedError](err); refused || !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("%v, want unavailable and no refusal", err)
	}
	testutil.Equal(t, "query", asked, trust.Query{PIC: pic})

	_, err = deuinfo.NewVerifier(deuinfo.Policy{})
	list, _ := errors.AsType[passerelle.FieldErrors](err)
	var fields []string
	for _, e := range list {
		fields = append(fields, e.Field)
	}
	testutil.Equal(t, "faults of the zero policy", fields, []string{"Roots", "Time", "Revocation", "Chains", "Issuers"})
}
