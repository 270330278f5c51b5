package seal_test

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestDefectiveChains(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name      string
		authority []esctest.Defect
		leaf      []esctest.Defect
		want      []trust.Reason // nil: believed
	}{
		0:  {"none", nil, nil, nil},
		1:  {"expired leaf", nil, []esctest.Defect{esctest.Expired}, []trust.Reason{trust.CertificateExpired}},
		2:  {"leaf not yet valid", nil, []esctest.Defect{esctest.NotYetValid}, []trust.Reason{trust.CertificateNotYetValid}},
		3:  {"expired issuing authority", []esctest.Defect{esctest.ExpiredIssuing}, nil, []trust.Reason{trust.CertificateExpired}},
		4:  {"issuing authority not yet valid", []esctest.Defect{esctest.NotYetValidIssuing}, nil, []trust.Reason{trust.CertificateNotYetValid}},
		5:  {"expired root", []esctest.Defect{esctest.ExpiredRoot}, nil, []trust.Reason{trust.CertificateExpired}},
		6:  {"unknown root", nil, []esctest.Defect{esctest.UnknownRoot}, []trust.Reason{trust.UnknownRoot}},
		7:  {"broken signature", nil, []esctest.Defect{esctest.BrokenSignature}, []trust.Reason{trust.CertificateSignature}},
		8:  {"SHA-1", nil, []esctest.Defect{esctest.SHA1Signature}, []trust.Reason{trust.CertificateAlgorithm}},
		9:  {"P-384", nil, []esctest.Defect{esctest.WrongCurve}, []trust.Reason{trust.CertificateKey}},
		10: {"RSA", nil, []esctest.Defect{esctest.RSAKey}, []trust.Reason{trust.CertificateKey}},
		11: {"Ed25519", nil, []esctest.Defect{esctest.Ed25519Key}, []trust.Reason{trust.CertificateKey}},
		12: {"weak RSA authority", []esctest.Defect{esctest.IssuingWeakRSA}, nil, []trust.Reason{trust.CertificateKey}},
		13: {"no digitalSignature", nil, []esctest.Defect{esctest.NoSignatureUsage}, []trust.Reason{trust.CertificateUsage}},
		14: {"TLS server's certificate", nil, []esctest.Defect{esctest.ServerUsage}, []trust.Reason{trust.CertificateUsage}},
		15: {"no extended usage", nil, []esctest.Defect{esctest.NoUsage}, []trust.Reason{trust.CertificateUsage}},
		16: {"an authority's certificate", nil, []esctest.Defect{esctest.CertificateAuthority}, []trust.Reason{trust.CertificateUsage}},
		17: {"critical extension", nil, []esctest.Defect{esctest.CriticalExtension}, []trust.Reason{trust.CertificateExtension}},
		18: {"issuer is no authority", []esctest.Defect{esctest.IssuingNotCA}, nil, []trust.Reason{trust.CertificateUsage}},
		19: {"issuer may not sign certificates", []esctest.Defect{esctest.IssuingWithoutCertSign}, nil, []trust.Reason{trust.CertificateUsage}},
		20: {"authority of TLS servers", []esctest.Defect{esctest.IssuingForServersOnly}, nil, []trust.Reason{trust.CertificateUsage}},
		21: {"name constraint", []esctest.Defect{esctest.IssuingForOtherNames}, nil, []trust.Reason{trust.CertificateConstraint}},
		22: {"path too long", []esctest.Defect{esctest.PathTooLong}, nil, []trust.Reason{trust.CertificateConstraint}},
		23: {"no name", nil, []esctest.Defect{esctest.NoIssuerName}, []trust.Reason{seal.Issuer}},
		24: {"wildcard name", nil, []esctest.Defect{esctest.WildcardName}, []trust.Reason{seal.Issuer}},
		25: {"another institution's name", nil, []esctest.Defect{esctest.ForeignName}, []trust.Reason{seal.Issuer}},
		26: {"everything at once", nil, []esctest.Defect{esctest.Expired, esctest.NoUsage, esctest.NoIssuerName}, []trust.Reason{trust.CertificateExpired, trust.CertificateUsage, seal.Issuer}},
	}
	for i, c := range cases {
		f := newFixture(t)
		f.authority = must(esctest.NewAuthority(moment, c.authority...))(t)
		f.credential = must(f.authority.Issue(issuer, c.leaf...))(t)
		token := signed(t, f.credential.Key, f.headerJSON(t, map[string]any{"kid": trust.KeyID(f.credential.Certificate)}), f.claimsJSON(t, nil))
		_, err := must(seal.NewVerifier(f.policy()))(t).Verify(t.Context(), token)
		if c.want == nil {
			if err != nil {
				t.Errorf("%d %s: %v", i, c.name, err)
			}
			continue
		}
		refused, ok := errors.AsType[*trust.RefusedError](err)
		if !ok {
			t.Errorf("%d %s: %v, want a refusal", i, c.name, err)
			continue
		}
		if got := refused.Reasons(); !slices.Equal(got, c.want) {
			t.Errorf("%d %s: %v, want %v", i, c.name, err, c.want)
		}
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := must(f.signer.Sign(f.claims))(t)
	fresh := must(f.authority.RevocationLists())(t)
	stale := must(f.authority.RevocationListsAt(moment.AddDate(0, -1, 0)))(t)
	future := must(f.authority.RevocationListsAt(moment.AddDate(0, 1, 0)))(t)
	twin := must(must(esctest.NewAuthority(moment))(t).RevocationLists())(t) // same names, other keys
	f.authority.Revoke(f.credential.Certificate)
	revoked := must(f.authority.RevocationLists())(t)
	staleRevoked := must(f.authority.RevocationListsAt(moment.AddDate(0, -1, 0)))(t)
	f.authority.Revoke(f.authority.Issuing)
	both := must(f.authority.RevocationLists())(t)
	status := func(s trust.Status, err error) trust.Revocation {
		return trust.RevocationFunc(func(context.Context, *x509.Certificate, *x509.Certificate, time.Time) (trust.Status, error) {
			return s, err
		})
	}
	down := errors.New("responder down")
	cases := []struct {
		name       string
		revocation trust.Revocation
		want       error // nil: believed
	}{
		0:  {"fresh lists", trust.RevocationLists(fresh...), nil},
		1:  {"revoked", trust.RevocationLists(revoked...), trust.Revoked},
		2:  {"revoked according to one of two lists", trust.RevocationLists(append(fresh, revoked...)...), trust.Revoked},
		3:  {"revoked in a stale list", trust.RevocationLists(append(staleRevoked, fresh...)...), trust.Revoked},
		4:  {"issuing authority revoked", trust.RevocationLists(both[0], fresh[1]), trust.Revoked},
		5:  {"stale lists", trust.RevocationLists(stale...), trust.RevocationUnknown},
		6:  {"lists of the future", trust.RevocationLists(future...), trust.RevocationUnknown},
		7:  {"lists of another authority", trust.RevocationLists(twin...), trust.RevocationUnknown},
		8:  {"no list of the root", trust.RevocationLists(fresh[1]), trust.RevocationUnknown},
		9:  {"no list at all", trust.RevocationLists(), trust.RevocationUnknown},
		10: {"function: good", status(trust.StatusGood, nil), nil},
		11: {"function: revoked", status(trust.StatusRevoked, nil), trust.Revoked},
		12: {"function: unknown", status(trust.StatusUnknown, nil), trust.RevocationUnknown},
		13: {"function: down", status(trust.StatusUnknown, down), passerelle.ErrUnavailable},
		14: {"not checked", trust.NoRevocationCheck(), nil},
	}
	for i, c := range cases {
		policy := f.policy()
		policy.Revocation = c.revocation
		_, err := must(seal.NewVerifier(policy))(t).Verify(t.Context(), token)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%d %s: %v, want %v", i, c.name, err, c.want)
		}
		if _, refused := errors.AsType[*trust.RefusedError](err); refused && errors.Is(c.want, passerelle.ErrUnavailable) {
			t.Errorf("%d %s: a check that could not be made refused the seal: %v", i, c.name, err)
		}
	}
}

func TestTimePolicies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	signer := must(seal.NewSigner(seal.SignerConfig{
		Key: f.credential.Key, Certificate: f.credential.Certificate, OutliveCertificate: true,
	}))(t)
	f.claims.Expires = moment.AddDate(9, 0, 0)
	token := must(signer.Sign(f.claims))(t)
	end := f.claims.Expires
	cases := []struct {
		name    string
		at      time.Time
		skew    time.Duration
		atIssue bool
		want    []trust.Reason
	}{
		0: {"in its time", moment, 0, false, nil},
		1: {"before it was made", f.claims.IssuedAt.Add(-time.Second), 0, false, []trust.Reason{seal.NotYetValid}},
		2: {"before it was made, within the skew", f.claims.IssuedAt.Add(-time.Second), time.Minute, false, nil},
		3: {"before it was made, beyond the skew", f.claims.IssuedAt.Add(-2 * time.Minute), time.Minute, false, []trust.Reason{seal.NotYetValid}},
		4: {"after the certificate", moment.AddDate(6, 0, 0), 0, false, []trust.Reason{trust.CertificateExpired}},
		5: {"after the certificate, chain at issue", moment.AddDate(6, 0, 0), 0, true, nil},
		6: {"last second", end.Add(-time.Second), 0, true, nil},
		7: {"end", end, 0, true, []trust.Reason{seal.Expired}},
		8: {"end, within the skew", end.Add(time.Second), time.Minute, true, nil},
		9: {"end, at the edge of the skew", end.Add(time.Minute), time.Minute, true, []trust.Reason{seal.Expired}},
	}
	for i, c := range cases {
		policy := f.policy()
		policy.Time, policy.Skew, policy.ChainAtIssue = trust.At(c.at), c.skew, c.atIssue
		_, err := must(seal.NewVerifier(policy))(t).Verify(t.Context(), token)
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

// A certificate renewed on the same key vouches for what the key sealed before.
func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := must(f.signer.Sign(f.claims))(t)
	expired := must(f.authority.Renew(f.credential, esctest.Expired))(t)
	renewed := must(f.authority.Renew(f.credential))(t)
	policy := f.policy()
	policy.Chains = trust.Bundle{expired.Certificate, f.authority.Issuing}
	if _, err := must(seal.NewVerifier(policy))(t).Verify(t.Context(), token); !errors.Is(err, trust.CertificateExpired) {
		t.Errorf("with the expired certificate: %v, want certificate-expired", err)
	}
	policy.Chains = trust.Bundle{expired.Certificate, f.authority.Issuing, renewed.Certificate}
	got := must(must(seal.NewVerifier(policy))(t).Verify(t.Context(), token))(t)
	if !got.Chain[0].Equal(renewed.Certificate) {
		t.Error("the chain is not that of the renewed certificate")
	}
}

func TestPolicyFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	fields := func(err error) []string {
		list, _ := errors.AsType[passerelle.FieldErrors](err)
		var out []string
		for _, e := range list {
			out = append(out, e.Field+" "+e.Rule)
		}
		return out
	}
	_, err := seal.NewVerifier(seal.Policy{})
	testutil.Equal(t, "faults of the zero policy", fields(err), []string{"Roots required", "Time required", "Revocation required", "Issuers required"})

	policy := f.policy()
	policy.Roots = []*x509.Certificate{f.credential.Certificate, nil}
	policy.Skew = time.Hour
	policy.Time = trust.At(time.Time{})
	policy.Revocation = trust.RevocationFunc(nil)
	policy.Issuers = seal.IssuerPICs(map[string][]string{"Univ-Ville.example": nil})
	_, err = seal.NewVerifier(policy)
	testutil.Equal(t, "faults of a bad policy", fields(err), []string{"Roots[0] usage", "Roots[1] required", "Time required", "Revocation required", "Issuers form", "Skew range"})

	_, err = seal.NewSigner(seal.SignerConfig{})
	testutil.Equal(t, "faults of the zero signer", fields(err), []string{"Key required", "Certificate required"})
	other := must(f.authority.Issue("univ-other.example", esctest.WrongCurve, esctest.NoUsage))(t)
	_, err = seal.NewSigner(seal.SignerConfig{Key: other.Key, Certificate: f.credential.Certificate, Issuer: "univ-third.example"})
	testutil.Equal(t, "faults of a bad signer", fields(err), []string{"Key key", "Certificate key", "Issuer issuer"})
	_, err = seal.NewSigner(seal.SignerConfig{Key: f.credential.Key, Certificate: other.Certificate})
	testutil.Equal(t, "faults of a bad certificate", fields(err), []string{"Certificate key", "Certificate usage"})

	_, err = f.signer.Sign(seal.Claims{Issuer: "univ-other.example", Expires: moment.AddDate(30, 0, 0), IssuedAt: moment.AddDate(-2, 0, 0)})
	testutil.Equal(t, "faults of bad claims", fields(err), []string{"ESCN required", "Issuer issuer", "IssuedAt range", "Expires range"})
}
