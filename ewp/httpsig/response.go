package httpsig

import (
	"context"
	"net/http"
)

// ResponseVerifier verifies responses, as a client. It is safe for concurrent use.
type ResponseVerifier struct{ policy Policy }

// NewResponseVerifier checks the policy. Its error is a passerelle.FieldErrors.
func NewResponseVerifier(policy Policy) (*ResponseVerifier, error) {
	if faults := policy.faults(); len(faults) > 0 {
		return nil, faults
	}
	return &ResponseVerifier{policy.withDefaults()}, nil
}

// Verify verifies the answer to the request that ref tells of, from its header and
// its body as received, before any content coding is undone. keys has the server
// keys of the host element from which the address was taken, and no others. The
// error is an *Error; it has Reason Missing for an answer that is not signed in
// this way, which is how errors (4xx, 5xx) may come. This does not replace the
// check of the TLS certificate.
func (v *ResponseVerifier) Verify(ctx context.Context, keys KeyFinder, ref Ref, header http.Header, body Body) (*Verified, error) {
	m := &message{method: ref.Method, target: ref.Target, header: canonical(header), response: true}
	value, ok, fault := m.single("Signature")
	if fault != nil {
		return nil, fault
	}
	if !ok {
		return nil, m.fault(Missing, "Signature", "a signature as ewp-specs-sec-srvauth-httpsig describes")
	}
	c := &check{Policy: v.policy, m: m, now: v.policy.Clock()}
	if c.p, fault = parseParams(value); fault != nil {
		fault.Header, fault.Response = "Signature", true
		return nil, fault
	}
	required := []string{nameDigest}
	for _, echo := range []struct {
		name, want string
		reason     Reason
	}{
		{nameRequestID, ref.ID, RequestID},
		{nameRequestSignature, ref.Signature, RequestSignature},
	} {
		name := headerName(echo.name)
		got, _, fault := m.single(name)
		if fault != nil {
			return nil, fault
		}
		if !equal([]byte(got), []byte(echo.want)) {
			return nil, m.fault(echo.reason, name, "that of the request, and none where the request had none")
		}
		if got != "" {
			required = append(required, echo.name)
		}
	}
	if fault := c.require(required...); fault != nil {
		return nil, fault
	}
	date, fault := c.dates()
	if fault != nil {
		return nil, fault
	}
	key, fault := c.key(ctx, keys)
	if fault != nil {
		return nil, fault
	}
	if fault := c.signature(key); fault != nil {
		return nil, fault
	}
	if fault := c.digest(body); fault != nil {
		return nil, fault
	}
	return c.verified("Signature", ref.ID, date), nil
}
