package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/passerelle-sup/passerelle"
)

// watch follows the connection of one attempt, to know whether anything can have
// been sent. net/http asks for a connection (GetConn) and writes only on the one
// that it got (GotConn); a connection is got once its TLS handshake is done.
type watch struct {
	asked, got, reused atomic.Bool
}

// trace returns ctx with w watching. A trace that the caller put in ctx goes on.
func (w *watch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			w.got.Store(true)
			w.reused.Store(info.Reused)
		},
	})
}

// outcome tells what became of a request whose RoundTrip ended in err.
func (w *watch) outcome(err error) passerelle.Outcome {
	switch {
	case w.got.Load():
		if !w.reused.Load() && isClientCertAlert(err) {
			return passerelle.NotSent // TLS 1.3 tells after the handshake, still before any request is read
		}
		return passerelle.Unknown
	case w.asked.Load(), isDial(err), isCertificate(err), isTLSMismatch(err):
		return passerelle.NotSent
	}
	return passerelle.Unknown // a Base that does not trace: it may have sent
}

// isDial reports whether no connection could be made.
func isDial(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && (e.Op == "dial" || e.Op == "proxyconnect")
}

// isCertificate reports whether the certificate of the service was not accepted.
func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// clientCertAlerts are the alerts of RFC 8446, 6.2, by which a server refuses the
// certificate of its client.
var clientCertAlerts = []string{
	"bad certificate", "unsupported certificate", "revoked certificate", "expired certificate",
	"unknown certificate", "unknown certificate authority", "access denied", "certificate required",
}

// isClientCertAlert reports whether the service refused our certificate in the handshake.
func isClientCertAlert(err error) bool {
	alert, ok := strings.CutPrefix(tlsAlert(err), "remote error: tls: ")
	return ok && slices.Contains(clientCertAlerts, alert)
}

// fate puts together what became of the attempts of a call that failed: one that
// may have been acted upon is not undone by the next.
type fate struct {
	unknown, answered bool
}

// add takes the outcome of the next attempt.
func (f *fate) add(o passerelle.Outcome) {
	switch o {
	case passerelle.Unknown:
		f.unknown = true
	case passerelle.Answered:
		f.answered = true
	}
}

func (f *fate) outcome() passerelle.Outcome {
	switch {
	case f.unknown:
		return passerelle.Unknown
	case f.answered:
		return passerelle.Answered
	}
	return passerelle.NotSent
}
