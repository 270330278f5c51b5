package transport

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// maxErrorBody is how much of an answer an Error keeps.
const maxErrorBody = 64 << 10

// Error is a call that brought no usable answer. errors.Is knows it by the
// taxonomy of package passerelle, or by the error of the caller's context when
// that ended; passerelle.OutcomeOf tells what became of the request.
type Error struct {
	Operation  string        // as the Request named it
	Method     string        // HTTP method
	Host       string        // scheme://host[:port] of the service; path and query are left out, they may be personal
	Status     int           // of the last answer; 0 when none came
	Attempts   int           // how many times the request was tried
	RetryAfter time.Duration // the delay that the service asked for in its last answer, 0 when none
	Header     http.Header   // of the last answer, nil when none came. It may be personal.
	Body       []byte        // of the last answer, or what came of it, at most 64 KiB. It may be personal.
	Err        error         // what went wrong below, nil when the answer says it all. Its text may be personal.

	kind    error
	outcome passerelle.Outcome
}

// Error returns the operation, the service, the status and the cause. It holds
// no personal data: causes are described in fixed words.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Operation != "" {
		b.WriteString(e.Operation)
		b.WriteString(": ")
	}
	b.WriteString(e.Method)
	b.WriteByte(' ')
	b.WriteString(e.Host)
	b.WriteString(": ")
	if e.Status != 0 {
		b.WriteString(strconv.Itoa(e.Status))
		if text := http.StatusText(e.Status); text != "" {
			b.WriteByte(' ')
			b.WriteString(text)
		}
		if e.Err != nil {
			b.WriteString(": ")
		}
	}
	if e.Err != nil {
		b.WriteString(describe(e.Err))
	}
	if e.Attempts > 1 {
		b.WriteString(" (attempt ")
		b.WriteString(strconv.Itoa(e.Attempts))
		b.WriteByte(')')
	}
	if e.RetryAfter > 0 {
		b.WriteString(", asked to wait ")
		b.WriteString(e.RetryAfter.String())
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the member of the taxonomy that e belongs to.
func (e *Error) Is(target error) bool { return e.kind != nil && target == e.kind }

// Outcome tells what became of the request, all attempts taken together.
func (e *Error) Outcome() passerelle.Outcome { return e.outcome }

// LogValue returns what Error shows, in fields.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()),
		slog.String("operation", e.Operation),
		slog.String("host", e.Host),
		slog.Int("status", e.Status),
		slog.Int("attempts", e.Attempts),
		slog.String("outcome", e.outcome.String()),
	)
}

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	Target string // scheme://host where the service wanted to send the request; empty when its Location cannot be read
	Reason string // why it was not followed
}

// Error names the target's host and the reason.
func (e *RedirectError) Error() string {
	target := e.Target
	if target == "" {
		target = "an unreadable address"
	}
	return "redirect to " + target + " not followed: " + e.Reason
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *RedirectError) Is(target error) bool { return target == passerelle.ErrProtocol }

// fault is an error of this package in fixed words.
type fault string

func (f fault) Error() string { return string(f) }

const (
	errAttemptTimeout fault = "no answer within the time-out of an attempt"
	errTotalTimeout   fault = "no answer within the total time-out"
	errTooLong        fault = "answer longer than the limit"
	errNotTried       fault = "no attempt was made"
	errNoAnswer       fault = "Base returned neither an answer nor an error"
	errClosed         fault = "read of a closed stream"
	errClientCert     fault = "the service refused the client certificate"
)

// stepError is a failure on our side, before anything is sent. The text of Err is
// free of personal data by contract.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// describe puts err in words that cannot hold personal data: the texts of net/url
// and net/http quote URLs and what the server sent.
func describe(err error) string {
	if e, ok := errors.AsType[*stepError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[passerelle.Outcomer](err); ok { // errors of this module
		return e.Error()
	}
	if e, ok := errors.AsType[*RedirectError](err); ok {
		return e.Error()
	}
	if f, ok := errors.AsType[fault](err); ok {
		return string(f)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e.Error() // names of hosts and authorities
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return "name lookup: " + e.Err
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	if isTLSMismatch(err) {
		return "the service does not speak TLS there"
	}
	if alert := tlsAlert(err); alert != "" {
		return alert
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "time-out of the connection"
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "connection closed before the end of the answer"
	case isMalformed(err):
		return "answer is not well-formed HTTP"
	}
	return "transport failed"
}

// unwrapURL takes off the *url.Error that net/http puts around: its text is the
// whole URL.
func unwrapURL(err error) error {
	for {
		e, ok := errors.AsType[*url.Error](err)
		if !ok || e.Err == nil {
			return err
		}
		err = e.Err
	}
}

// isTLSMismatch reports whether the peer answered the handshake with something else.
func isTLSMismatch(err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return record || errors.Is(err, http.ErrSchemeMismatch)
}

// tlsAlert returns the text of an alert sent by the peer, or "".
func tlsAlert(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "remote error" && e.Err != nil && strings.HasPrefix(e.Err.Error(), "tls: ") {
		return "remote error: " + e.Err.Error()
	}
	return ""
}

// malformedTexts are what net/http says of an answer that it cannot read, where it
// has no type for it.
var malformedTexts = []string{
	"malformed HTTP", "malformed MIME", "malformed chunked", "invalid byte in chunk length", "header line too long",
	"bad Content-Length", "invalid empty Content-Length", "transfer encoding", "response headers exceeded",
}

// isMalformed reports whether an answer came that cannot be read.
func isMalformed(err error) bool {
	var (
		header *textproto.ProtocolError
		block  flate.CorruptInputError
	)
	if errors.As(err, &header) || errors.As(err, &block) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return true
	}
	text := err.Error()
	return slices.ContainsFunc(malformedTexts, func(known string) bool { return strings.Contains(text, known) })
}
