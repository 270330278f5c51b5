package seal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	issuer = "univ-ville.example"
	pic    = "999465982"
)

var (
	moment = time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	number = esc.MustParse("d88b02c1-894e-1038-a711-001999465982")
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

// fixture is an authority, a credential of it, and a seal made with that.
type fixture struct {
	authority  *esctest.Authority
	credential *esctest.Credential
	signer     *seal.Signer
	claims     seal.Claims
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	f := &fixture{claims: seal.Claims{
		ESCN: number, Issuer: issuer, IssuedAt: moment.Add(-30 * 24 * time.Hour),
		Expires: moment.Add(365 * 24 * time.Hour), ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB"),
	}}
	f.authority = must(esctest.NewAuthority(moment))(tb)
	f.credential = must(f.authority.Issue(issuer))(tb)
	f.signer = must(seal.NewSigner(seal.SignerConfig{
		Key: f.credential.Key, Certificate: f.credential.Certificate, Chain: f.credential.Chain,
	}))(tb)
	return f
}

func (f *fixture) policy() seal.Policy {
	return seal.Policy{
		Policy: trust.Policy{
			Roots: []*x509.Certificate{f.authority.Root}, Time: trust.At(moment), Revocation: trust.NoRevocationCheck(),
		},
		Chains:  f.credential.Bundle(),
		Issuers: seal.IssuerPICs(map[string][]string{issuer: {pic}}),
	}
}

// signed makes a JWS of any header and claims with any key.
func signed(tb testing.TB, key any, header, claims string) string {
	tb.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	var signature []byte
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
		if err != nil {
			tb.Fatal(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		signature = make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
	case []byte:
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	case nil:
	default: // a key with which no seal can be signed
		signature = make([]byte, 64)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// claimsJSON returns the claims of the fixture with some replaced; nil removes.
func (f *fixture) claimsJSON(tb testing.TB, changes map[string]any) string {
	return edit(tb, map[string]any{
		"escn": number.String(), "iss": issuer, "iat": f.claims.IssuedAt.Unix(), "exp": f.claims.Expires.Unix(),
		"esi": f.claims.ESI.String(),
	}, changes)
}

func (f *fixture) headerJSON(tb testing.TB, changes map[string]any) string {
	return edit(tb, map[string]any{"alg": "ES256", "kid": f.signer.KeyID(), "typ": seal.MediaType}, changes)
}

func edit(tb testing.TB, object, changes map[string]any) string {
	tb.Helper()
	for k, v := range changes {
		if v == nil {
			delete(object, k)
		} else {
			object[k] = v
		}
	}
	return string(must(json.Marshal(object))(tb))
}

func TestSignVerify(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	v := must(seal.NewVerifier(f.policy()))(t)
	for name, sign := range map[string]func(seal.Claims) (string, error){"kid": f.signer.Sign, "x5c": f.signer.SignWithChain} {
		token := must(sign(f.claims))(t)
		got := must(v.Verify(t.Context(), token))(t)
		if got.Claims != f.claims {
			t.Errorf("%s: claims %+v, want %+v", name, got.Claims, f.claims)
		}
		if len(got.Chain) != 3 || !got.Chain[0].Equal(f.credential.Certificate) || !got.Chain[2].Equal(f.authority.Root) {
			t.Errorf("%s: chain of %d certificates, want signing, issuing, root", name, len(got.Chain))
		}
		if got.KeyID != f.signer.KeyID() || !got.At.Equal(moment) {
			t.Errorf("%s: kid %s at %s", name, got.KeyID, got.At)
		}
	}

	// A seal without chain needs a source; one with its chain does not.
	policy := f.policy()
	policy.Chains = nil
	v = must(seal.NewVerifier(policy))(t)
	if _, err := v.Verify(t.Context(), must(f.signer.Sign(f.claims))(t)); !errors.Is(err, trust.ChainMissing) {
		t.Errorf("without a source: %v, want chain-missing", err)
	}
	if _, err := v.Verify(t.Context(), must(f.signer.SignWithChain(f.claims))(t)); err != nil {
		t.Errorf("with its chain: %v", err)
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := must(f.signer.Sign(f.claims))(t)
	parts := strings.Split(token, ".")
	header := must(base64.RawURLEncoding.DecodeString(parts[0]))(t)
	testutil.Equal(t, "header", string(header), `{"alg":"ES256","kid":"`+f.signer.KeyID()+`","typ":"passerelle-card+jwt"}`)
	claims := must(base64.RawURLEncoding.DecodeString(parts[1]))(t)
	testutil.Equal(t, "claims", string(claims), `{"escn":"d88b02c1-894e-1038-a711-001999465982","esi":"urn:schac:personalUniqueCode:int:esi:fr:123456789AB",`+
		`"iss":"univ-ville.example","exp":1822377600,"iat":1788249600}`)
	if size := len(must(base64.RawURLEncoding.DecodeString(parts[2]))(t)); size != 64 {
		t.Errorf("signature of %d bytes, want r and s of 32", size)
	}
}

// flip changes one bit of the part of a token at a byte.
func flip(tb testing.TB, token string, part, at int) string {
	tb.Helper()
	parts := strings.Split(token, ".")
	data := must(base64.RawURLEncoding.DecodeString(parts[part]))(tb)
	data[at] ^= 1
	parts[part] = base64.RawURLEncoding.EncodeToString(data)
	return strings.Join(parts, ".")
}

func TestTampered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	good := must(f.signer.Sign(f.claims))(t)
	withChain := must(f.signer.SignWithChain(f.claims))(t)
	other := must(f.authority.Issue("univ-other.example"))(t)
	key := f.credential.Key.(*ecdsa.PrivateKey)
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t)
	spki := must(x509.MarshalPKIXPublicKey(key.Public()))(t)
	parts := strings.Split(good, ".")
	header := func(changes map[string]any) string { return f.headerJSON(t, changes) }
	claims := func(changes map[string]any) string { return f.claimsJSON(t, changes) }
	made := func(h, c string) string { return signed(t, key, h, c) }
	der := func(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }
	highS := func() string { // valid again under another writing of s, but one byte longer
		sig := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
		return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append([]byte{0}, sig...))
	}
	asn1Form := func() string {
		digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(must(ecdsa.SignASN1(rand.Reader, key, digest[:]))(t))
	}
	zeros := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	order := elliptic.P256().Params().N
	plusOrder := func() string {
		sig := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
		r := new(big.Int).Add(new(big.Int).SetBytes(sig[:32]), order)
		out := append(r.FillBytes(make([]byte, 33)), sig[32:]...)
		return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(out)
	}
	// a final character that decodes to the same bytes by leaving padding bits set
	loose := func() string {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		last := strings.IndexByte(alphabet, good[len(good)-1])
		return good[:len(good)-1] + string(alphabet[last|1])
	}

	cases := []struct {
		name  string
		token string
		want  []trust.Reason
	}{
		0:  {"empty", "", []trust.Reason{seal.Malformed}},
		1:  {"two parts", parts[0] + "." + parts[1], []trust.Reason{seal.Malformed}},
		2:  {"no signature", parts[0] + "." + parts[1] + ".", []trust.Reason{seal.Malformed}},
		3:  {"four parts", good + ".AAAA", []trust.Reason{seal.Malformed}},
		4:  {"truncated in the signature", good[:len(good)-2], []trust.Reason{seal.Signature}},
		5:  {"truncated in the claims", parts[0] + "." + parts[1][:len(parts[1])-8] + "." + parts[2], []trust.Reason{seal.Malformed}},
		6:  {"padding", good + "==", []trust.Reason{seal.Malformed}},
		7:  {"line end", parts[0] + "\n." + parts[1] + "." + parts[2], []trust.Reason{seal.Malformed}},
		8:  {"loose base64", loose(), []trust.Reason{seal.Malformed}},
		9:  {"standard base64", parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 43), []trust.Reason{seal.Malformed}},
		10: {"JSON serialisation", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, []trust.Reason{seal.Malformed}},
		11: {"oversized", strings.Repeat("A", seal.MaxSize) + "." + parts[1] + "." + parts[2], []trust.Reason{seal.Malformed}},

		12: {"alg none", signed(t, nil, header(map[string]any{"alg": "none"}), claims(nil)) + "AAAA", []trust.Reason{seal.Algorithm}},
		13: {"alg None", made(header(map[string]any{"alg": "None"}), claims(nil)), []trust.Reason{seal.Algorithm}},
		14: {"HS256 with the public key", signed(t, spki, header(map[string]any{"alg": "HS256"}), claims(nil)), []trust.Reason{seal.Algorithm}},
		15: {"ES256 label on an HMAC", signed(t, spki, header(nil), claims(nil)), []trust.Reason{seal.Signature}},
		16: {"ES384", signed(t, p384, header(map[string]any{"alg": "ES384"}), claims(nil)), []trust.Reason{seal.Algorithm}},
		17: {"alg missing", made(header(map[string]any{"alg": nil}), claims(nil)), []trust.Reason{seal.Algorithm}},
		18: {"alg a number", made(header(map[string]any{"alg": 256}), claims(nil)), []trust.Reason{seal.Algorithm}},
		19: {"Alg in another case", made(header(map[string]any{"alg": nil, "Alg": "ES256"}), claims(nil)), []trust.Reason{seal.Header, seal.Algorithm}},
		20: {"typ JWT", made(header(map[string]any{"typ": "JWT"}), claims(nil)), []trust.Reason{seal.Type}},
		21: {"typ missing", made(header(map[string]any{"typ": nil}), claims(nil)), []trust.Reason{seal.Type}},
		22: {"crit unknown", made(header(map[string]any{"crit": []string{"exp2"}, "exp2": 1}), claims(nil)), []trust.Reason{seal.Critical, seal.Header}},
		23: {"crit b64", made(header(map[string]any{"crit": []string{"b64"}, "b64": false}), claims(nil)), []trust.Reason{seal.Header, seal.Critical}},
		24: {"crit empty", made(header(map[string]any{"crit": []string{}}), claims(nil)), []trust.Reason{seal.Critical}},
		25: {"duplicate alg", made(`{"alg":"none","alg":"ES256","kid":"`+f.signer.KeyID()+`","typ":"`+seal.MediaType+`"}`, claims(nil)), []trust.Reason{seal.Duplicate}},
		26: {"duplicate crit", made(`{"alg":"ES256","crit":["a"],"crit":[],"kid":"`+f.signer.KeyID()+`","typ":"`+seal.MediaType+`"}`, claims(nil)), []trust.Reason{seal.Critical, seal.Duplicate}},
		27: {"duplicate by escape", made(`{"alg":"ES256","a\u006cg":"ES256","kid":"`+f.signer.KeyID()+`","typ":"`+seal.MediaType+`"}`, claims(nil)), []trust.Reason{seal.Duplicate}},
		28: {"jwk", made(header(map[string]any{"jwk": map[string]string{"kty": "EC"}}), claims(nil)), []trust.Reason{seal.Header}},
		29: {"jku", made(header(map[string]any{"jku": "https://attacker.example/keys"}), claims(nil)), []trust.Reason{seal.Header}},
		30: {"x5u", made(header(map[string]any{"x5u": "https://attacker.example/chain"}), claims(nil)), []trust.Reason{seal.Header}},
		31: {"kid missing", made(header(map[string]any{"kid": nil}), claims(nil)), []trust.Reason{seal.Header}},
		32: {"kid a path", made(header(map[string]any{"kid": "../../../../etc/passwd"}), claims(nil)), []trust.Reason{seal.Header}},
		33: {"kid unknown", made(header(map[string]any{"kid": strings.Repeat("A", 22)}), claims(nil)), []trust.Reason{trust.ChainMissing}},
		34: {"header not an object", made(`["ES256"]`, claims(nil)), []trust.Reason{seal.Malformed}},
		35: {"header followed by more", made(header(nil)+"{}", claims(nil)), []trust.Reason{seal.Malformed}},
		36: {"header not UTF-8", made("{\"alg\":\"ES256\",\"\xff\":1}", claims(nil)), []trust.Reason{seal.Malformed}},

		37: {"bit of the header", flip(t, good, 0, 20), nil}, // any reason: see below
		38: {"bit of the number", flip(t, good, 1, 10), []trust.Reason{seal.Signature}},
		39: {"bit of the signature", flip(t, good, 2, 5), []trust.Reason{seal.Signature}},
		40: {"claims of another seal", parts[0] + "." + strings.Split(made(header(nil), claims(map[string]any{"exp": moment.Add(9e4 * time.Hour).Unix()})), ".")[1] + "." + parts[2], []trust.Reason{seal.Signature}},
		41: {"signature of zeros", parts[0] + "." + parts[1] + "." + zeros, []trust.Reason{seal.Signature}},
		42: {"signature with a leading zero", highS(), []trust.Reason{seal.Signature}},
		43: {"signature in ASN.1", asn1Form(), []trust.Reason{seal.Signature}},
		44: {"r beyond the order", plusOrder(), []trust.Reason{seal.Signature}},
		45: {"signed by another issuer's key", signed(t, other.Key, header(nil), claims(nil)), []trust.Reason{seal.Signature}},
		46: {"signed on P-384", signed(t, p384, header(nil), claims(nil)), []trust.Reason{seal.Signature}},

		47: {"expired", made(header(nil), claims(map[string]any{"exp": moment.Unix()})), []trust.Reason{seal.Expired}},
		48: {"not yet valid", made(header(nil), claims(map[string]any{"nbf": moment.Add(time.Second).Unix()})), []trust.Reason{seal.NotYetValid}},
		49: {"from the future", made(header(nil), claims(map[string]any{"iat": moment.Add(time.Second).Unix()})), []trust.Reason{seal.NotYetValid}},
		50: {"exp missing", made(header(nil), claims(map[string]any{"exp": nil})), []trust.Reason{seal.BadClaims}},
		51: {"exp a text", made(header(nil), claims(map[string]any{"exp": "2027-10-01"})), []trust.Reason{seal.BadClaims}},
		52: {"exp a fraction", made(header(nil), strings.Replace(claims(nil), `"exp":1822377600`, `"exp":1822377600.5`, 1)), []trust.Reason{seal.BadClaims}},
		53: {"exp beyond all time", made(header(nil), strings.Replace(claims(nil), `"exp":1822377600`, `"exp":1e30`, 1)), []trust.Reason{seal.BadClaims}},
		54: {"exp before iat", made(header(nil), claims(map[string]any{"exp": f.claims.IssuedAt.Unix() - 1})), []trust.Reason{seal.BadClaims, seal.Expired}},
		55: {"iat missing", made(header(nil), claims(map[string]any{"iat": nil})), []trust.Reason{seal.BadClaims}},
		56: {"number missing", made(header(nil), claims(map[string]any{"escn": nil})), []trust.Reason{seal.BadClaims}},
		57: {"number in upper case", made(header(nil), claims(map[string]any{"escn": strings.ToUpper(number.String())})), []trust.Reason{seal.BadClaims}},
		58: {"number is no number", made(header(nil), claims(map[string]any{"escn": "17"})), []trust.Reason{seal.BadClaims}},
		59: {"esi is none", made(header(nil), claims(map[string]any{"esi": "fr:123"})), []trust.Reason{seal.BadClaims}},
		60: {"duplicate claim", made(header(nil), strings.Replace(claims(nil), `"iss":`, `"escn":"`+number.String()+`","iss":`, 1)), []trust.Reason{seal.Duplicate}},
		61: {"claims not an object", made(header(nil), `"claims"`), []trust.Reason{seal.Malformed}},
		62: {"another issuer's name", made(header(nil), claims(map[string]any{"iss": "univ-other.example"})), []trust.Reason{seal.Issuer}},
		63: {"issuer in upper case", made(header(nil), claims(map[string]any{"iss": "UNIV-VILLE.EXAMPLE"})), []trust.Reason{seal.BadClaims, seal.Issuer}},
		64: {"another institution's number", made(header(nil), claims(map[string]any{"escn": "aec54890-72b1-1039-8e5f-001999893752"})), []trust.Reason{seal.PIC}},
		65: {"number without PIC", made(header(nil), claims(map[string]any{"escn": "0c615bc5-605a-11ef-83b5-60a44c40ce5c"})), []trust.Reason{seal.PIC}},

		66: {"chain of another key", made(header(map[string]any{"x5c": []string{der(other.Certificate), der(f.authority.Issuing)}}), claims(nil)), []trust.Reason{seal.KeyMismatch}},
		67: {"chain upside down", made(header(map[string]any{"x5c": []string{der(f.authority.Root), der(f.authority.Issuing), der(f.credential.Certificate)}}), claims(nil)), []trust.Reason{seal.KeyMismatch}},
		68: {"chain without its middle", made(header(map[string]any{"x5c": []string{der(f.credential.Certificate)}}), claims(nil)), []trust.Reason{trust.UnknownRoot}},
		69: {"chain empty", made(header(map[string]any{"x5c": []string{}}), claims(nil)), []trust.Reason{seal.Header}},
		70: {"chain of something else", made(header(map[string]any{"x5c": []string{"AAAA"}}), claims(nil)), []trust.Reason{seal.Header}},
		71: {"chain too long", made(header(map[string]any{"x5c": slices.Repeat([]string{der(f.credential.Certificate)}, 9)}), claims(nil)), []trust.Reason{seal.Header}},
		72: {"chain cut off", strings.Join(append([]string{strings.Split(withChain, ".")[0][:400]}, strings.Split(withChain, ".")[1:]...), "."), []trust.Reason{seal.Malformed}},
	}
	v := must(seal.NewVerifier(f.policy()))(t)
	for i, c := range cases {
		_, err := v.Verify(t.Context(), c.token)
		refused, ok := errors.AsType[*trust.RefusedError](err)
		if !ok {
			t.Errorf("%d %s: %v, want a refusal", i, c.name, err)
			continue
		}
		if c.want != nil && !slices.Equal(refused.Reasons(), c.want) {
			t.Errorf("%d %s: %v, want %v", i, c.name, err, c.want)
		}
		if !errors.Is(err, passerelle.ErrInvalid) || len(refused.Faults) == 0 {
			t.Errorf("%d %s: %v is not ErrInvalid with a reason", i, c.name, err)
		}
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the seal that was not tampered with: %v", err)
	}

	// Every bit of a seal counts.
	for part, text := range strings.Split(good, ".") {
		size := base64.RawURLEncoding.DecodedLen(len(text))
		for at := range size {
			if _, err := v.Verify(t.Context(), flip(t, good, part, at)); err == nil {
				t.Errorf("part %d: the seal is believed with byte %d changed", part, at)
			}
		}
	}
}
