package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// result is what one attempt came to: an answer, an open stream or a failure.
type result struct {
	answer   *Response
	redirect *RedirectError // set when answer is a redirect that was not followed
	live     *Stream
	failure  *Error
	hopeless bool // another attempt would fail in the same way
}

// RoundTrip makes one attempt: it is what go-retryablehttp and net/http call, with
// a request that has neither body nor headers yet.
func (k *call) RoundTrip(hr *http.Request) (*http.Response, error) {
	if k.hops == 0 {
		k.attempts++
	}
	k.waiting = false
	k.last = k.attempt(hr)
	switch {
	case k.last.failure != nil:
		return nil, k.last.failure
	case k.last.live != nil:
		return &http.Response{StatusCode: k.last.live.Status, Header: k.last.live.Header, Body: http.NoBody, Request: hr}, nil
	}
	// The body is in the answer; these layers need the status and the Location.
	return &http.Response{StatusCode: k.last.answer.Status, Header: k.last.answer.Header, Body: http.NoBody, Request: hr}, nil
}

// attempt sends the request, and once more with a fresh token when the first one
// is refused.
func (k *call) attempt(hr *http.Request) result {
	if k.req.Token == nil {
		return k.send(hr, "")
	}
	token, err := k.req.Token.Token(hr.Context())
	if err != nil {
		return k.stopped(hr.Context(), "token", err, passerelle.ErrUnavailable)
	}
	first := k.send(hr, token)
	if first.answer == nil || first.answer.Status != http.StatusUnauthorized {
		return first
	}
	k.req.Token.Drop(token)
	fresh, err := k.req.Token.Token(hr.Context())
	if err != nil || fresh == token {
		return first
	}
	return k.send(hr, fresh)
}

// send waits for the limiter, sends the request and reads the answer.
func (k *call) send(hr *http.Request, token string) result {
	ctx := hr.Context()
	if k.cfg.Limiter != nil {
		if err := k.cfg.Limiter.Wait(ctx); err != nil {
			return k.stopped(ctx, "limiter", err, passerelle.ErrRateLimited)
		}
	}
	if ctx.Err() != nil {
		return k.stopped(ctx, "", ctx.Err(), nil)
	}

	start := time.Now()
	actx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(k.cfg.AttemptTimeout, func() { cancel(errAttemptTimeout) })
	var w watch
	out := k.dress(hr.Clone(w.trace(actx)), token)
	res := func() result {
		if k.req.Prepare != nil {
			if err := k.req.Prepare(out); err != nil {
				return k.stopped(ctx, "prepare", err, passerelle.ErrUnavailable)
			}
		}
		if err := headerFaults(out.Header).Err(); err != nil {
			return k.stopped(ctx, "prepare", err, passerelle.ErrInvalid)
		}
		if k.req.Class == Create {
			hideReplayKeys(out.Header)
		}
		resp, err := k.cfg.Base.RoundTrip(out)
		if err == nil && resp == nil {
			err = errNoAnswer
		}
		if err != nil {
			return k.broken(actx, err, w.outcome(err), nil, nil)
		}
		if resp.Body == nil { // a Base made for a test
			resp.Body = http.NoBody
		}
		if k.stream && success(resp.StatusCode) && resp.ContentLength <= k.maxBody() {
			return result{live: newStream(k, actx, resp, cancel, timer)}
		}
		defer resp.Body.Close()
		body, err := k.readBody(resp)
		if err != nil {
			return k.broken(actx, err, passerelle.Unknown, resp, body)
		}
		return result{answer: &Response{Status: resp.StatusCode, Header: resp.Header, Body: body, from: k.from}}
	}()
	if res.live == nil {
		timer.Stop()
		cancel(nil)
	}
	k.logAttempt(ctx, res, time.Since(start))
	return res
}

// dress gives the request of one attempt its headers and body.
func (k *call) dress(out *http.Request, token string) *http.Request {
	out.Header.Set("User-Agent", k.cfg.UserAgent)
	if token != "" {
		out.Header.Set("Authorization", "Bearer "+token)
	}
	maps.Copy(out.Header, k.req.Header.Clone())
	if body := k.req.Body; len(body) > 0 {
		// GetBody lets net/http send again on a new connection when it knows that it
		// wrote nothing on an idle one.
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody()
		out.ContentLength = int64(len(body))
	}
	return out
}

// hideReplayKeys spells the idempotency headers in small letters, which is the
// same to the service. Spelled in the canonical way they make net/http send a
// POST again on its own after it was written (net/http.Request.isReplayable).
func hideReplayKeys(h http.Header) {
	for canonical, small := range map[string]string{"Idempotency-Key": "idempotency-key", "X-Idempotency-Key": "x-idempotency-key"} {
		if v, ok := h[canonical]; ok {
			delete(h, canonical)
			h[small] = v
		}
	}
}

func (k *call) maxBody() int64 {
	if k.req.MaxBody > 0 {
		return k.req.MaxBody
	}
	return k.cfg.MaxBody
}

// readBody reads a whole body within the limit. On an error it returns
// what it read.
func (k *call) readBody(resp *http.Response) ([]byte, error) {
	if k.from.method == http.MethodHead {
		return nil, nil
	}
	limit := k.maxBody()
	if resp.ContentLength > limit {
		return nil, errTooLong
	}
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 {
		buf.Grow(int(min(n, 1<<20)) + bytes.MinRead) // the header alone must not cost much memory
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err == nil && n > limit {
		err = errTooLong
	}
	return buf.Bytes(), err
}

// stopped is the result of an attempt that ended on our side.
func (k *call) stopped(ctx context.Context, step string, err error, kind error) result {
	switch {
	case ctx.Err() != nil:
		err = ended(ctx)
		kind = kindOfEnd(err)
	default:
		if classified(err) {
			kind = nil // err answers errors.Is by itself
		}
		err = &stepError{step: step, err: unwrapURL(err)}
	}
	return result{failure: k.newError(err, kind, passerelle.NotSent), hopeless: true}
}

// broken is the result of an attempt that failed on the way. resp and body are
// what came of an answer.
func (k *call) broken(actx context.Context, err error, outcome passerelle.Outcome, resp *http.Response, body []byte) result {
	res := result{}
	kind := passerelle.ErrUnavailable
	err = unwrapURL(err)
	switch cause := context.Cause(actx); {
	case errors.Is(err, errTooLong):
		kind, res.hopeless = passerelle.ErrProtocol, true
	case cause == errAttemptTimeout:
		err = cause
	case cause != nil:
		err = ended(actx)
		kind, res.hopeless = kindOfEnd(err), true
	case isClientCertAlert(err):
		err = errors.Join(errClientCert, err)
		kind, res.hopeless = passerelle.ErrUnauthorized, true
	case isMalformed(err):
		kind = passerelle.ErrProtocol
	case isCertificate(err), isTLSMismatch(err):
		res.hopeless = true
	}
	res.failure = k.newError(err, kind, outcome)
	if resp != nil {
		res.failure.Status = resp.StatusCode
		res.failure.Header = resp.Header
		res.failure.Body = body[:min(len(body), maxErrorBody)]
	}
	return res
}

func (k *call) newError(err, kind error, outcome passerelle.Outcome) *Error {
	return &Error{Operation: k.from.operation, Method: k.from.method, Host: k.from.host, Attempts: k.attempts, Err: err, kind: kind, outcome: outcome}
}

// kindOfEnd is the taxonomy of what ended returns: the error of a context speaks
// for itself.
func kindOfEnd(err error) error {
	if err == errTotalTimeout {
		return passerelle.ErrUnavailable
	}
	return nil
}

// classified reports whether err belongs to the taxonomy or to a context.
func classified(err error) bool {
	for _, kind := range []error{
		passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrAmbiguous, passerelle.ErrGone,
		passerelle.ErrUnauthorized, passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable,
		passerelle.ErrProtocol, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func (k *call) logAttempt(ctx context.Context, res result, took time.Duration) {
	if !k.cfg.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := append(k.logAttrs(res), slog.Duration("duration", took))
	if res.answer != nil {
		attrs = append(attrs, slog.Int("bytes", len(res.answer.Body)))
	}
	k.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "http attempt", attrs...)
}

// logAttrs is what log lines say of an attempt.
func (k *call) logAttrs(res result) []slog.Attr {
	attrs := append(make([]slog.Attr, 0, 8),
		slog.String("operation", k.from.operation),
		slog.String("method", k.from.method),
		slog.String("host", k.from.host),
		slog.Int("attempt", k.attempts))
	switch {
	case res.answer != nil:
		attrs = append(attrs, slog.Int("status", res.answer.Status))
	case res.live != nil:
		attrs = append(attrs, slog.Int("status", res.live.Status))
	case res.failure != nil:
		if res.failure.Status != 0 {
			attrs = append(attrs, slog.Int("status", res.failure.Status))
		}
		attrs = append(attrs, slog.String("error", describe(res.failure.Err)))
	}
	return attrs
}
