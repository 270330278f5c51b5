package ewpclient

import (
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"io/fs"
	"net/http"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/transport"
)

// exchange is one call: what its attempts share, and what came of the last.
type exchange struct {
	*Client
	call     Call
	target   Target
	quirks   Quirks
	limiter  transport.Limiter
	ours     bool // the last attempt ended before it left
	reported bool
	closed   bool

	ref      httpsig.Ref // of the request of the last attempt
	spool    *httpsig.Spool
	status   int
	header   http.Header
	verified *httpsig.Verified // nil where the answer is not signed
	fault    error             // why an answer of status 2xx is not accepted
}

// exchangeKey is the key under which a context carries an exchange through
// transport to the layers below it.
type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// receiver is the layer below transport: it receives and verifies each answer, so
// that one that breaks off is sent for again by the same rules as one that never
// came. What is in the answer stays in the exchange; transport sees status and
// headers.
type receiver struct{ base http.RoundTripper }

// RoundTrip sends one attempt and receives its answer.
func (l receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.base.RoundTrip(r)
	x := exchangeOf(r.Context())
	if err != nil || response == nil || x == nil {
		return response, err
	}
	if response.Body == nil {
		response.Body = http.NoBody
	}
	err = x.receive(r.Context(), response)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = http.NoBody, 0
	return response, nil
}

// receive reads and verifies an answer. Its error is that of a body that breaks
// off, in an answer of status 2xx; what an error says is taken as far as it comes.
func (x *exchange) receive(ctx context.Context, response *http.Response) error {
	x.free()
	limit := x.cfg.Transport.MaxBody
	x.spool = httpsig.NewSpool(httpsig.SpoolConfig{Memory: x.cfg.Memory, Max: limit, Dir: x.cfg.Dir})
	x.status, x.header, x.verified, x.fault = response.StatusCode, response.Header, nil, nil
	success := response.StatusCode/100 == 2
	if response.ContentLength > limit {
		x.fault = errTooLarge
		return nil
	}
	body := x.spool.Receive(response.Body)
	verified, err := x.verifier.Verify(ctx, httpsig.KeyFunc(x.serverKey), x.ref, response.Header, body)
	switch {
	case err == nil:
		encoding := response.Header["Content-Encoding"]
		verified.Strip(response.Header)
		if x.quirks.Has(UnsignedEncoding) && len(encoding) > 0 {
			response.Header["Content-Encoding"] = encoding
		}
		x.verified = verified
		return nil
	case success && errors.Is(err, httpsig.TooLarge):
		x.fault = errTooLarge
		return nil
	case success && errors.Is(err, httpsig.Broken):
		return x.broken(errors.Unwrap(err))
	case success && (!errors.Is(err, httpsig.Missing) || x.mustBeSigned()):
		x.fault = err
		return nil
	}
	if _, err := body.SHA256(); err != nil && success {
		return x.broken(err)
	}
	return nil
}

// broken sorts out why a body did not come to its end: only what happened on the
// way is an error of the attempt.
func (x *exchange) broken(err error) error {
	switch {
	case errors.Is(err, httpsig.ErrTooLarge):
		x.fault = errTooLarge
	case isLocal(err):
		x.fault = &keepError{err}
	default:
		return err
	}
	return nil
}

// isLocal reports whether an error is about our own files, or about an answer that
// was closed, and no fault of the partner.
func isLocal(err error) bool {
	_, path := errors.AsType[*fs.PathError](err)
	return path || errors.Is(err, fs.ErrClosed)
}

// keepError is an answer that could not be written to disk.
type keepError struct{ err error }

// Error returns what the file system says, which names a temporary file.
func (e *keepError) Error() string { return "the answer could not be kept: " + e.err.Error() }

// Unwrap returns the error of the file system.
func (e *keepError) Unwrap() error { return e.err }

// Is reports whether target is passerelle.ErrUnavailable.
func (e *keepError) Is(target error) bool { return target == passerelle.ErrUnavailable }

// serverKey knows the server keys of the host element that the address is from.
func (x *exchange) serverKey(_ context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
	if !x.target.Entry.Host().HasServerKey(id) {
		return nil, passerelle.ErrNotFound
	}
	key, ok := x.target.index.Key(id)
	if !ok {
		return nil, passerelle.ErrNotFound
	}
	return key.RSA(), nil
}

// mustBeSigned reports whether an answer without signature is refused.
func (x *exchange) mustBeSigned() bool {
	switch x.cfg.Signatures {
	case SignedAlways:
		return true
	case SignedIfAny:
		return false
	}
	return x.target.Entry.Security().Has(ewp.ServerHTTPSig) && !x.quirks.Has(UnsignedAnswers)
}

// free closes the body of the last answer.
func (x *exchange) free() {
	if x.spool != nil {
		x.spool.Close()
	}
}

// raw returns the first bytes of the body of an error, as received but for its
// codings.
func (x *exchange) raw(limit int64) []byte {
	if x.spool == nil {
		return nil
	}
	r, err := x.open()
	if err != nil {
		r = x.spool.Reader()
	}
	body, _ := io.ReadAll(io.LimitReader(r, limit))
	return body
}
